#!/usr/bin/env bash
# ci/drift.sh STACK [REPORT.md]: is everything still as the last `pulumi up` left it, and does every session stand?
# Exit code: 0 yes, with an empty report; 7 no; 1 when cluster or switches could not be read. It changes nothing.
set -uo pipefail
# shellcheck source=ci/common.sh
. "$(dirname "$0")/common.sh"

code=0
LEAFRACK_UNREACHABLE=fail LEAFRACK_FINDINGS=warn preview --suppress-outputs --refresh --expect-no-changes || code=$?
verify --json >"$work/verify.json" 2>"$work/verify.err"
report drift "$code"
code=$?
if [ "$code" -eq 0 ]; then
    echo "stack $stack: nothing differs, every session and route is as expected" >&2
else
    cat "$report"
fi
exit "$code"
