# Sourced by the hosts' first processes. Needs HOST, RUN (folder of the host's runtime files), LOGS.

# note FILE: the caller's process id, as the machine outside of the lab sees it.
note() {
    local pid rest
    read -r pid rest </run/hostproc/self/stat
    echo "$pid" >"$1"
}

# run NAME COMMAND...: COMMAND may be a function that execs the daemon. Keeps a daemon running, as runit (calico-node)
# and watchfrr (switches) do; `came_back NAME`, where there is such a function, follows each restart.
run() {
    local name=$1
    shift
    while :; do
        code=0
        (
            note "$RUN/$name.pid"
            if [ "$(type -t "$1")" = function ]; then "$@"; else exec "$@"; fi
        ) </dev/null >>"$LOGS/$name.log" 2>&1 || code=$?
        echo "$(date -Is) ended with $code" >>"$RUN/$name.exits"
        sleep 1
        if [ "$(type -t came_back)" = function ]; then came_back "$name" >>"$LOGS/$name.log" 2>&1 & fi
    done &
}
