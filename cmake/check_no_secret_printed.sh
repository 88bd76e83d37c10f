#!/usr/bin/env bash
# check_no_secret_printed.sh LOG…: no line that the suite printed looks like a token or an app token. The tests make
# their tokens at run time and search each program's output for them by value; this searches everything else.
set -euo pipefail
# An access token; an app token, also percent-encoded.
patterns='EA[A-Z][A-Za-z0-9]{40,}|[0-9]{15,16}(\||%7C)[A-Za-z0-9_-]{20,}'

# A search that cannot find is no search.
planted=$(printf 'EA%s%s' A "$(printf 'x%.0s' {1..60})")
grep -qE "$patterns" <<<"$planted" || { echo "the search does not find a planted token" >&2; exit 2; }

for log in "$@"; do
  [[ -s $log ]] || { echo "$log is missing or empty: there is nothing to search" >&2; exit 2; }
  if found=$(grep -nE "$patterns" "$log" | cut -d: -f1 | head -n 5 | paste -sd ' ') && [[ -n $found ]]; then
    echo "$log prints what looks like a token, in lines: $found" >&2
    exit 1
  fi
done
