#!/usr/bin/env bash
# Include boundaries: the rules of cmake/room_rules.txt, over every source (or over the tree given as argument).
set -euo pipefail
rules=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/room_rules.txt
cd "${1:-$(dirname "${BASH_SOURCE[0]}")/..}"
mapfile -d '' sources < <(find agent cli tests cmake -type f \( -name '*.cc' -o -name '*.h' \) -print0 2>/dev/null)
[[ ${#sources[@]} -gt 0 ]] || {
  echo "no sources found below $PWD" >&2
  exit 2
}
# shellcheck disable=SC2016
awk '
  function below(path, place) { return path == place || index(path, place "/") == 1 }
  function say(text) { printf "%s:%d: %s\n", FILENAME, FNR, text > "/dev/stderr"; bad = 1 }
  function allowed(list, header,   parts, n, i) {
    n = split(list, parts, " ")
    for (i = 1; i <= n; ++i) {
      if (parts[i] == "SELF") parts[i] = gensub_self()
      if (index(header, parts[i]) == 1) return 1
    }
    return 0
  }
  # agent/adapters/curl/x.cc -> agent/adapters/curl/
  function gensub_self(   p) { split(FILENAME, p, "/"); return p[1] "/" p[2] "/" p[3] "/" }
  function rest(line) { sub(/^[^:]*: */, "", line); return line }

  FILENAME == rules_file {
    if ($1 == "room") rooms[$2] = rest($0)
    if ($1 == "only") only[$2] = rest($0)
    if ($1 == "pure") pure[$2] = rest($0)
    next
  }
  FNR == 1 {
    sub(/^\.\//, "", FILENAME)
    room = ""; forbidden = ""
    for (path in rooms) if (below(FILENAME, path) && length(path) > length(room)) room = path
    for (path in pure) if (below(FILENAME, path)) forbidden = pure[path]
    if (room == "") say("belongs to no room of cmake/room_rules.txt")
  }
  /^[ \t]*#[ \t]*include[ \t]*"/ {
    header = $0; sub(/^[^"]*"/, "", header); sub(/".*/, "", header)
    if (header ~ /(^|\/)\.\.?\//) say("\"" header "\": includes are written from the top of the tree, without dots")
    else if (!allowed(rooms[room], header)) say("\"" header "\" is not for " room " (allowed: " rooms[room] ")")
  }
  /^[ \t]*#[ \t]*include[ \t]*</ {
    header = $0; sub(/^[^<]*</, "", header); sub(/>.*/, "", header)
    if (header ~ /^(agent|cli|tests)\//) say("<" header ">: our own headers are included with quotes")
    for (prefix in only) if (index(header, prefix) == 1) {
      fine = 0; n = split(only[prefix], places, " ")
      for (i = 1; i <= n; ++i) if (below(FILENAME, places[i])) fine = 1
      if (!fine) say("<" header "> is only for " only[prefix])
    }
  }
  forbidden != "" {
    code = $0; gsub(/"[^"]*"/, "\"\"", code); sub(/\/\/.*/, "", code)
    if (code ~ forbidden && $0 !~ /include[ \t]*"/) say("a pure room asks for time, chance or the outside world: " code)
  }
  END { exit bad }
' rules_file="$rules" "$rules" "${sources[@]}"
