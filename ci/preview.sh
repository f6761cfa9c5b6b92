#!/usr/bin/env bash
# ci/preview.sh STACK [REPORT.md]: what `pulumi up` would do, as a report. Exit code: pulumi's.
set -uo pipefail
# shellcheck source=ci/common.sh
. "$(dirname "$0")/common.sh"

code=0
# What an update would refuse, this does too: nobody is to say yes to it.
LEAFRACK_FINDINGS=fail preview --suppress-outputs --refresh || code=$?
report plan "$code"
code=$?
cat "$report"
exit "$code"
