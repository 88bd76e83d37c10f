#!/usr/bin/env bash
# check_tidy.sh BUILD: clang-tidy over every source of agent and cli. A source that passed is remembered, outside the
# tree, by a hash of itself and of every header of ours that it includes, so that only what changed is looked at: a look
# takes five to ten seconds of a core, all of them together a quarter of an hour.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$1
cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/tokenwarden/tidy
mkdir -p "$cache"

# Generated headers must be there before a source that includes them can be read.
cmake --build "$build" --target tw_proto >/dev/null

# One line per source: the source, then every header of ours that it reaches, and all of the API where it reaches any.
reach() {
  find agent cli -name '*.cc' -o -name '*.h' | LC_ALL=C sort | xargs awk -v protos="$(find proto -name '*.proto' | LC_ALL=C sort | tr '\n' ' ')" '
    FNR == 1 { files[++count] = FILENAME }
    /^[ \t]*#[ \t]*include[ \t]*"(agent|cli)\// {
      header = $0; sub(/^[^"]*"/, "", header); sub(/".*/, "", header)
      includes[FILENAME] = includes[FILENAME] " " header
    }
    /^[ \t]*#[ \t]*include[ \t]*"(tokenwarden|grpc|google)\// { includes[FILENAME] = includes[FILENAME] " " protos }
    function walk(file,   parts, n, i) {
      if (seen[file] == walk_id) return
      seen[file] = walk_id
      line = line " " file
      n = split(includes[file], parts, " ")
      for (i = 1; i <= n; ++i) walk(parts[i])
    }
    END { for (f = 1; f <= count; ++f) if (files[f] ~ /\.cc$/) { ++walk_id; line = ""; walk(files[f]); print line } }'
}

settings=$({ cat .clang-tidy; clang-tidy-14 --version; grep -- --extra-arg "${BASH_SOURCE[0]}"; } | sha256sum)
todo=()
while read -r source headers; do
  # shellcheck disable=SC2086
  key=$({ echo "$settings"; cat "$source"; for header in $headers; do [[ ! -f $header ]] || cat "$header"; done; } | sha256sum | cut -c1-32)
  [[ -f $cache/$key ]] || todo+=("$key $source")
done < <(reach)
echo "    ${#todo[@]} sources to look at"
[[ ${#todo[@]} -gt 0 ]] || exit 0

export build cache
printf '%s\n' "${todo[@]}" | xargs -P "$(nproc)" -L 1 bash -c '
  if output=$(clang-tidy-14 --quiet -p "$build" --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-error "$1" 2>/dev/null); then
    touch "$cache/$0"
  else
    printf "%s\n" "$output"
    exit 1
  fi'
