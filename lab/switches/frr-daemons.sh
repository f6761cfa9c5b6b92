# shellcheck shell=bash
# Sourced after scripts/supervise.sh, by switches that run FRR: starts its daemons and loads what is saved. `inside
# COMMAND...` becomes the command where the daemons run. FRR_RELEASE is a folder with another release than the machine's.
shell_of_root_is_plain() {
    # sshd runs root's shell, and that runs what this machine's root has in these files: not on a switch. A `pyenv init`
    # there costs a quarter of a second of each login, and leaves files behind.
    for file in ~root/.bashrc ~root/.zshenv; do
        [ ! -e "$file" ] || mount --bind /dev/null "$file"
    done
}

# Another release's vtysh is found before the machine's, and its YANG modules in the place of the machine's.
release_on_path() {
    [ -n "${FRR_RELEASE:-}" ] || return 0
    mount -t overlay overlay -o "lowerdir=$FRR_RELEASE/bin:/usr/local/bin" /usr/local/bin
    mount --bind "$FRR_RELEASE/yang" /usr/share/yang
}

# A daemon starts without configuration: load the saved one, as watchfrr does.
came_back() {
    until (inside vtysh -d "$1" -c 'show version') >/dev/null 2>&1; do sleep 0.2; done
    (inside vtysh -b)
}

# frr_daemons FOLDER: FOLDER is that of their sockets, as this script sees it.
frr_daemons() {
    local sockets=$1 daemons=${FRR_RELEASE:-/usr/lib/frr} daemon
    # Since 9 one daemon keeps the configuration of others.
    if [ -e "$daemons/mgmtd" ]; then
        run mgmtd inside "$daemons/mgmtd" -A 127.0.0.1 -P 0 --log stdout
        until [ -S "$sockets/mgmtd.vty" ]; do sleep 0.02; done
    fi
    run zebra inside "$daemons/zebra" -A 127.0.0.1 -P 0 --log stdout
    until [ -S "$sockets/zserv.api" ]; do sleep 0.02; done
    run staticd inside "$daemons/staticd" -A 127.0.0.1 -P 0 --log stdout
    # shellcheck disable=SC2086 # words
    run bgpd inside "$daemons/bgpd" ${FRR_OPTIONS:-} -A 127.0.0.1 --bgp_port 179 -P 0 --log stdout
    for daemon in zebra bgpd staticd; do
        until [ -S "$sockets/$daemon.vty" ]; do sleep 0.02; done
    done
    (inside vtysh -b) >>"$LOGS/vtysh.log" 2>&1
}
