#!/bin/bash
# First process of a switch: FRR with folders of its own.
set -eu
# shellcheck source=lab/scripts/supervise.sh
. "${0%/*}/../scripts/supervise.sh"

hostname "$HOST"
mount -t sysfs sysfs /sys
mount --bind "$RUN/etc/frr" /etc/frr
mount --bind "$RUN/run/frr" /run/frr
mount -t tmpfs -o mode=1777 tmpfs /var/tmp
# sshd runs root's shell, and that runs what this machine's root has in these files: not on a switch. A `pyenv init` there
# costs a quarter of a second of each login, and leaves files behind.
for file in ~root/.bashrc ~root/.zshenv; do
    [ ! -e "$file" ] || mount --bind /dev/null "$file"
done

# A daemon starts without configuration: load the saved one, as watchfrr does.
came_back() {
    until vtysh -d "$1" -c 'show version' >/dev/null 2>&1; do sleep 0.2; done
    vtysh -b
}

run zebra /usr/lib/frr/zebra -A 127.0.0.1 -P 0 --log stdout
until [ -S /run/frr/zserv.api ]; do sleep 0.02; done
run staticd /usr/lib/frr/staticd -A 127.0.0.1 -P 0 --log stdout
run bgpd /usr/lib/frr/bgpd -A 127.0.0.1 --bgp_port 179 -P 0 --log stdout
for daemon in zebra bgpd staticd; do
    until [ -S "/run/frr/$daemon.vty" ]; do sleep 0.02; done
done
vtysh -b >>"$LOGS/vtysh.log" 2>&1

note "$RUN/init.pid"
touch "$RUN/ready"
wait
