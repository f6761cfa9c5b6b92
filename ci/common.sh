# Read by the scripts beside it: from the root of the clone, with its virtualenv, secrets in files that end with the job.
# shellcheck shell=bash

if [ -z "${1:-}" ]; then
    echo "name the stack: $0 STACK" >&2
    exit 2
fi
stack=$1
work=$(mktemp -d) || exit 1
case ${2:-} in
"") report=$work/report.md ;;
/*) report=$2 ;;
*) report=$PWD/$2 ;;
esac
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
[ -d .venv/bin ] && PATH=$PWD/.venv/bin:$PATH
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
umask 077
# Pulumi's Kubernetes provider leaves a copy of the kubeconfig there at each run.
export TMPDIR=$work

# A kubeconfig that is kept as a secret of the pipeline, text or file. Its path is part of the state (the Kubernetes
# provider's), so it is the same wherever a job runs. printf is the shell's own, so the text is on no command line.
if [ -n "${LEAFRACK_KUBECONFIG:-}" ]; then
    if [ -e .kubeconfig ]; then
        echo "$PWD/.kubeconfig is there already: move it away, or unset LEAFRACK_KUBECONFIG to use it" >&2
        exit 2
    fi
    trap 'rm -rf "$work" .kubeconfig' EXIT
    if [ -f "$LEAFRACK_KUBECONFIG" ]; then
        cat "$LEAFRACK_KUBECONFIG" >.kubeconfig
    else
        printf '%s\n' "$LEAFRACK_KUBECONFIG" >.kubeconfig
    fi
    export KUBECONFIG=.kubeconfig
    unset LEAFRACK_KUBECONFIG
fi

preview() { # into preview.json and preview.err; the exit code is pulumi's
    pulumi preview --stack "$stack" --non-interactive --color never --json "$@" \
        >"$work/preview.json" 2>"$work/preview.err"
}

verify() { # `leafrack status` with the login of the stack: it reads secrets from its environment only
    local name value
    for name in sshPrivateKey:LEAFRACK_SSH_PRIVATE_KEY sshPassword:LEAFRACK_SSH_PASSWORD; do
        value=$(pulumi config get "leafrack:${name%:*}" --stack "$stack" 2>/dev/null) || value=
        [ -n "$value" ] && export "${name#*:}=$value"
    done
    python -m leafrack status --stack "${stack##*/}" "$@"
}

report() { # about, exit code of the preview: writes the report; the exit code is the verdict
    { pulumi config --show-secrets --json --stack "$stack" 2>/dev/null || echo '{}'; } |
        python -m ci.report "$1" "$stack" "$work" "$2" "$report"
}
