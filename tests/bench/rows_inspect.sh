#!/usr/bin/env bash
# Rows: ten thousand inspections against a bare libcurl-multi loop.
#
#   tests/bench/rows_inspect.sh DIRECTORY_WITH_THE_PROGRAMS DIRECTORY_WITH_THE_BENCHES
set -euo pipefail
bin=$1
. "$(dirname "$0")/stage.sh"
start_simulator
BENCH_TOKEN=$(mint)
export BENCH_TOKEN BENCH_ENDPOINT=$graph BENCH_APP_SECRET=$app_secret
"$2/inspect_bench" 1.3 "${ROUNDS:-20}" $((10000 / ${ROUNDS:-20}))
