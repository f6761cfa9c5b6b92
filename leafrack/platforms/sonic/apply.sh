# shellcheck shell=sh
# How FRR is reached on SONiC: what this says takes the place of what FRR's apply.sh says. Facts of the platform:
# - vtysh on the host is a script, `docker exec -i bgp vtysh "$@"` (sonic-buildimage,
#   dockers/docker-fpm-frr/base_image_files/vtysh). It passes standard input on, and the container sees no file of the
#   host: a file is given on standard input, and whatever is to keep its own gives vtysh another.
# - sockets of the container are the host's: it has no network of its own.
# - it needs root (sonic-utilities, utilities_common/bgp_util.py: `sudo vtysh`).
# - what /etc/frr is in the container is /etc/sonic/frr on the host (files/build_templates/docker_image_ctl.j2), so
#   `write memory` lasts. But the container writes FRR's files anew from CONFIG_DB each time it starts, unless
#   docker_routing_config_mode is split or split-unified (dockers/docker-fpm-frr/docker_init.sh).

as_root() { if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi; }

frr() { as_root vtysh "$@" </dev/null; }

frr_given() {
    file=$1
    shift
    as_root vtysh "$@" -f /dev/stdin <"$file"
}

sockets() { as_root ss -H -t -l -n -i 'sport = :179' 2>/dev/null </dev/null; }

ready() {
    mode=$(sonic-db-cli CONFIG_DB hget 'DEVICE_METADATA|localhost' docker_routing_config_mode 2>&1 </dev/null) ||
        refuse "this switch does not answer as SONiC: $(printf '%s\n' "$mode" | tail -n 1)"
    case $mode in
        split | split-unified) ;;
        *) refuse "docker_routing_config_mode of this switch is ${mode:-not set}: each time its container bgp starts it \
writes BGP's configuration anew, without leafrack's lines; leafrack needs split or split-unified" ;;
    esac
}

# While a switch is read there is no job, and nothing that could be changed.
refuse() {
    echo "$1${work:+: nothing was changed}" >&2
    exit 1
}
