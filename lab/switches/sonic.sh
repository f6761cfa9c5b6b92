#!/bin/bash
# First process of a switch: a host as SONiC's, and FRR in what stands for its container `bgp`. That shares processes and
# network with the host, and of its files /etc/sonic/frr only.
set -eu
# shellcheck source=lab/scripts/supervise.sh
. "${0%/*}/../scripts/supervise.sh"
# shellcheck source=lab/switches/frr-daemons.sh
. "${0%/*}/frr-daemons.sh"

hostname "$HOST"
mount -t sysfs sysfs /sys
for folder in /etc/sonic /run/sonic; do mount --bind "$RUN$folder" "$folder"; done
mount -t tmpfs -o mode=1777 tmpfs /var/tmp
shell_of_root_is_plain
release_on_path

mkdir -p /run/frr
# shellcheck disable=SC2016 # the dollars are the inner shell's
unshare --mount --propagation private sh -euc '
    mount --bind /etc/sonic/frr /etc/frr
    mount --bind /run/sonic/frr /run/frr
    for folder in /tmp /var/tmp; do mount -t tmpfs -o mode=1777 tmpfs "$folder"; done
    mount -t tmpfs tmpfs /etc/sonic
    echo $$ >/run/sonic/bgp.pid
    exec sleep infinity' &
until [ -s /run/sonic/bgp.pid ]; do sleep 0.02; done
# The host has vtysh as a script, and of FRR nothing else.
for folder in /etc/frr /run/frr; do mount -t tmpfs -o mode=700 tmpfs "$folder"; done
mount -t overlay overlay -o "lowerdir=$(cd "${0%/*}" && pwd)/sonic-host:/usr/local/bin" /usr/local/bin

inside() { exec nsenter --mount --target "$(cat /run/sonic/bgp.pid)" -- "$@"; }
frr_daemons /run/sonic/frr

note "$RUN/init.pid"
touch "$RUN/ready"
wait
