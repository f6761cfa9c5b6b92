#!/bin/bash
# First process of a switch: a Cumulus, with FRR and an `nv` that writes FRR's configuration.
set -eu
# shellcheck source=lab/scripts/supervise.sh
. "${0%/*}/../scripts/supervise.sh"
# shellcheck source=lab/switches/frr-daemons.sh
. "${0%/*}/frr-daemons.sh"

hostname "$HOST"
mount -t sysfs sysfs /sys
for folder in /etc/nvue.d /etc/frr /run/frr /run/nvue; do mount --bind "$RUN$folder" "$folder"; done
mount -t tmpfs -o mode=1777 tmpfs /var/tmp
# Where frr-reload.py writes what it does.
mount -t tmpfs -o mode=700 tmpfs /var/log/frr
mount --bind /run/nvue/os-release /etc/os-release
shell_of_root_is_plain
release_on_path
mkdir /run/nvue/bin
printf '#!/bin/sh\nexec %s "$@"\n' "$NV" >/run/nvue/bin/nv
chmod 755 /run/nvue/bin/nv
mount -t overlay overlay -o lowerdir=/run/nvue/bin:/usr/local/bin /usr/local/bin

nv boot
chown -R frr:frr /etc/frr
inside() { exec "$@"; }
# As NVIDIA builds it.
FRR_OPTIONS="-F datacenter" frr_daemons /run/frr

note "$RUN/init.pid"
touch "$RUN/ready"
wait
