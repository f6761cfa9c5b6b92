#!/bin/bash
# First process of a Calico node: what runit runs in a calico-node container, less Felix. The network namespace is
# the node's; what talks to the API server does so from the machine's, where its loopback listener is.
set -eu
. "${0%/*}/supervise.sh"

hostname "$HOST"
mount -t sysfs sysfs /sys
mount --bind "$RUN/confd" /etc/calico/confd
mount --bind "$RUN/calico" /run/calico
# Felix makes it. Without it confd looks for it every half minute and opens an inotify instance each time: of these a user
# has 128.
mkdir -p /run/calico/endpoint-status
export PATH="$RUN/bin:$PATH" NODENAME="$HOST" CALICO_NODENAME="$HOST" DATASTORE_TYPE=kubernetes
export CALICO_NETWORKING_BACKEND=bird

CONFIG=/etc/calico/confd/config
bird_daemon() {
    until [ -s "$CONFIG/$1.cfg" ] && "$1" -p -c "$CONFIG/$1.cfg" >/dev/null 2>&1; do sleep 0.2; done
    cd "$CONFIG"
    # As calico-node's service runs it.
    exec "$1" -R -s "/var/run/calico/$1.ctl" -d -c "$CONFIG/$1.cfg"
}
felix() {
    # 'calicoctl node status' looks for a process of this name; policy is not what the lab is for.
    exec -a calico-felix sleep infinity
}

run confd nsenter --net=/run/hostnet calico-confd -confdir /etc/calico/confd
run bird bird_daemon bird
run bird6 bird_daemon bird6
run calico-status nsenter --net=/run/hostnet calico-status
run calico-felix felix

note "$RUN/init.pid"
touch "$RUN/ready"
wait
