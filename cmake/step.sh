#!/usr/bin/env bash
# step.sh "what" command...: says what is being done, does it, says how long it took.
set -euo pipefail
what=$1
shift
printf '==> %s\n' "$what"
started=$(date +%s%N)
status=0
"$@" || status=$?
took=$((($(date +%s%N) - started) / 100000000))
if [[ $status != 0 ]]; then
  printf '==> %s FAILED (exit %d) after %d.%d s: %s\n' "$what" "$status" $((took / 10)) $((took % 10)) "$*" >&2
  exit "$status"
fi
printf '    %s: %d.%d s\n' "$what" $((took / 10)) $((took % 10))
