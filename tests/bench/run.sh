#!/usr/bin/env bash
# The table of `make bench`: prints it and writes build/bench.json, a list of
# {name, value, unit, against, ratio, limit, runs}. A limit bounds the ratio where there is a peer, else the value.
# Every suite beside this file (rows_*.sh) adds rows. Ends with 0 whatever the figures are: rows that exceed their
# limit are marked OVER, and a quiet machine is the reader's business. Ends with 1 when something could not be measured.
#
#   [RUNS=200] [ROUNDS=20] [FLEET=10000] tests/bench/run.sh [SUITE...]     after make build; SUITE such as: check inspect
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$here/../.." && pwd)/build
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT

cmake --build "$build/release" -j "${JOBS:-$(nproc)}" --target benches >"$rows" || { cat "$rows" >&2; exit 1; }
: >"$rows"
suites=("$@")
if [[ $# == 0 ]]; then
  for suite in "$here"/rows_*.sh; do
    suite=${suite##*/rows_}
    suites+=("${suite%.sh}")
  done
fi
failed=()
for suite in "${suites[@]}"; do
  echo "==> measure: $suite"
  "$here/rows_$suite.sh" "$build/release/bin" "$build/release/bench" >>"$rows" || failed+=("$suite")
done

awk -F '\t' '
  function over() { return $6 != "" && ($5 == "" ? $2 : $5) + 0 > $6 + 0 }
  BEGIN { printf "%-30s %12s %-8s %8s %7s %6s  %s\n", "name", "value", "unit", "ratio", "limit", "runs", "against" }
  { printf "%-30s %12s %-8s %8s %7s %6s  %s%s\n", $1, $2, $3, $5, $6, $7, $4, over() ? "  OVER" : "" }' "$rows"
awk -F '\t' '
  function text(value) { return value == "" ? "null" : "\"" value "\"" }
  function number(value) { return value == "" ? "null" : value }
  BEGIN { print "[" }
  { printf "%s  {\"name\": %s, \"value\": %s, \"unit\": %s, \"against\": %s, \"ratio\": %s, \"limit\": %s, \"runs\": %s}",
      NR == 1 ? "" : ",\n", text($1), number($2), text($3), text($4), number($5), number($6), number($7) }
  END { print "\n]" }' "$rows" >"$build/bench.json"

[[ ${#failed[@]} == 0 ]] || { echo "bench: could not measure: ${failed[*]}; the reasons are above" >&2; exit 1; }
