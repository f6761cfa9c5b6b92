#!/bin/bash
# First process of a switch: FRR with folders of its own.
set -eu
# shellcheck source=lab/scripts/supervise.sh
. "${0%/*}/../scripts/supervise.sh"
# shellcheck source=lab/switches/frr-daemons.sh
. "${0%/*}/frr-daemons.sh"

hostname "$HOST"
mount -t sysfs sysfs /sys
mount --bind "$RUN/etc/frr" /etc/frr
mount --bind "$RUN/run/frr" /run/frr
mount -t tmpfs -o mode=1777 tmpfs /var/tmp
shell_of_root_is_plain
release_on_path

inside() { exec "$@"; }
frr_daemons /run/frr

note "$RUN/init.pid"
touch "$RUN/ready"
wait
