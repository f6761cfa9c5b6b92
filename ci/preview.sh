#!/usr/bin/env bash
# ci/preview.sh STACK [REPORT.md]: what `pulumi up` would do, as a report. Exit code: pulumi's.
set -uo pipefail
# shellcheck source=ci/common.sh
. "$(dirname "$0")/common.sh"

code=0
preview --suppress-outputs --refresh || code=$?
report plan "$code"
code=$?
cat "$report"
exit "$code"
