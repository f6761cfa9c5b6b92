#!/bin/bash
# First process of a switch: BIRD 2 with folders of its own, in the place of the nodes' BIRD 1.6.
set -eu
# shellcheck source=lab/scripts/supervise.sh
. "${0%/*}/../scripts/supervise.sh"

hostname "$HOST"
mount -t sysfs sysfs /sys
mount --bind "$RUN/etc/bird" /etc/bird
mount --bind "$RUN/run/bird" /run/bird
for program in bird birdc; do
    mount --bind "$BIRD2/$program" "/usr/sbin/$program"
done

# As Debian's service runs it.
run bird env LD_LIBRARY_PATH="$BIRD2" bird -f -u bird -g bird -c /etc/bird/bird.conf -s /run/bird/bird.ctl
until [ -S /run/bird/bird.ctl ] && birdc show status >/dev/null 2>&1; do sleep 0.05; done

note "$RUN/init.pid"
touch "$RUN/ready"
wait
