#!/usr/bin/env bash
# Every shell script in the tree parses.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
status=0
while IFS= read -r -d '' script; do
  bash -n "$script" || status=1
done < <(find . -path ./build -prune -o -path ./.git -prune -o -type f \( -name '*.sh' -o -path './.ci/*' \) -print0)
exit "$status"
