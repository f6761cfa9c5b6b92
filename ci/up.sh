#!/usr/bin/env bash
# ci/up.sh STACK: apply, then see that every session and route is there. Exit code: pulumi's, or that of the verification.
set -uo pipefail
# shellcheck source=ci/common.sh
. "$(dirname "$0")/common.sh"

# Refreshed, or a node that left the cluster before the file ends an update with an error, and drift of objects stays.
pulumi up --refresh --stack "$stack" --non-interactive --color never --suppress-outputs --yes || exit
verify --wait 60
