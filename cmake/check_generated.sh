#!/usr/bin/env bash
# The generated documents of cmake/generated.txt are what their programs write today; with --fix, writes them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT
status=0
while read -r file command; do
  [[ -n $file && $file != '#'* ]] || continue
  bash -c "$command" >"$fresh" </dev/null
  if [[ ${1:-} == --fix ]]; then
    cp "$fresh" "$file"
  elif ! diff -u "$file" "$fresh" >&2; then
    echo "$file is not what '$command' writes; run 'make docs' and commit it" >&2
    status=1
  fi
done <cmake/generated.txt
exit "$status"
