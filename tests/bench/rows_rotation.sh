#!/usr/bin/env bash
# Rows: what a rotation costs beside the flushes of its commits, and a thousand of them against a bare client.
#
#   tests/bench/rows_rotation.sh DIRECTORY_WITH_THE_PROGRAMS DIRECTORY_WITH_THE_BENCHES
set -euo pipefail
bin=$1
. "$(dirname "$0")/stage.sh"
start_simulator
BENCH_TOKEN=$(mint)
export BENCH_TOKEN BENCH_ENDPOINT=$graph BENCH_APP_SECRET=$app_secret
"$2/rotation_bench" "$room" "${ROUNDS:-20}" $((1000 / ${ROUNDS:-20}))
# Each side renewed and looked at what it got: nobody asked more than the other.
exchanges=$(control journal | grep -c '"grant_type": "fb_exchange_token"')
looks=$(control journal | grep -c 'debug_token"')
((looks <= exchanges + 4)) || die "$looks inspections for $exchanges renewals"
