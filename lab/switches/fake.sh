#!/bin/bash
# First process of a switch: a fake of a platform, and the FRR that plays its sessions, with folders of its own.
set -eu
# shellcheck source=lab/scripts/supervise.sh
. "${0%/*}/../scripts/supervise.sh"

hostname "$HOST"
mount -t sysfs sysfs /sys
for folder in /etc/frr /run/frr /etc/fake; do
    mount --bind "$RUN$folder" "$folder"
done
mount -t tmpfs -o mode=1777 tmpfs /var/tmp

# FRR saves nothing: what a fake runs it gives it, again when it comes back.
came_back() {
    [ "$1" = fake ] || kill "$(cat "$RUN/fake.inside")"
}

fake() {
    echo "$BASHPID" >"$RUN/fake.inside"
    exec "$PYTHON" -P -m lab.fakes "$FAKE" "$RUN"
}

run zebra /usr/lib/frr/zebra -A 127.0.0.1 -P 0 --log stdout
until [ -S /run/frr/zserv.api ]; do sleep 0.02; done
run staticd /usr/lib/frr/staticd -A 127.0.0.1 -P 0 --log stdout
run bgpd /usr/lib/frr/bgpd -A 127.0.0.1 --bgp_port 179 -P 0 --log stdout
for daemon in zebra bgpd staticd; do
    until [ -S "/run/frr/$daemon.vty" ]; do sleep 0.02; done
done
run fake fake
until [ -e "$RUN/fake.ready" ]; do sleep 0.05; done

note "$RUN/init.pid"
touch "$RUN/ready"
wait
