#!/usr/bin/env bash
# Every source is as clang-format writes it; with --fix, writes it so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mode=(--dry-run -Werror)
[[ ${1:-} != --fix ]] || mode=(-i)
find agent cli tests \( -name '*.cc' -o -name '*.h' \) -print0 |
  xargs -0 -r -n 20 -P "$(nproc)" clang-format-14 --style=file "${mode[@]}"
