#!/usr/bin/env bash
# planted_mistakes.sh CHECK: in a small tree, each mistake alone makes the boundary check fail and name the file.
set -euo pipefail
check=$1
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/agent/{core,ports,codec,app,adapters/curl,adapters/meta,adapters/sqlite} "$tree"/{cli/render,tests/simulators/graph}

failures=0
# expect clean|mistake FILE LINE
expect() {
  printf '%s\n' "$3" >"$tree/$2"
  local output outcome=clean
  output=$("$check" "$tree" 2>&1) || outcome=mistake
  if [[ $outcome != "$1" || ($1 == mistake && $output != *"$2"*) ]]; then
    printf 'expected %s for %s: %s\n%s\n' "$1" "$2" "$3" "$output" >&2
    failures=1
  fi
  rm "$tree/$2"
}

expect clean agent/core/a.cc '#include "agent/core/a.h"'
expect clean agent/core/a.cc '// The caller passes time; system_clock::now() is not for this room.'
expect clean agent/core/a.cc 'const char* text = "time(0) and getenv";'
expect clean agent/core/a.cc 'int lifetime(int x);'
expect clean agent/adapters/curl/a.cc '#include <curl/curl.h>'
expect clean agent/adapters/curl/a.cc '#include "agent/adapters/curl/handle.h"'
expect clean agent/adapters/sqlite/a.cc '#include "agent/codec/a.h"'
expect mistake agent/core/a.cc '#include "agent/app/a.h"'
expect mistake agent/core/a.cc '#include "../app/a.h"'
expect mistake agent/core/a.cc '#include "a.h"'
expect mistake agent/core/a.cc '#include <agent/core/a.h>'
expect mistake agent/core/a.cc '#include <thread>'
expect mistake agent/core/a.cc 'auto now = std::chrono::system_clock::now();'
expect mistake agent/core/a.cc 'auto now = std::time(nullptr);'
expect mistake agent/app/a.cc 'const char* home = getenv("HOME");'
expect mistake agent/app/a.cc 'std::random_device device;'
expect mistake agent/app/a.cc 'std::this_thread::sleep_for(delay);'
expect mistake agent/app/a.cc '#include "agent/adapters/curl/a.h"'
expect mistake agent/ports/a.h '#include "agent/app/a.h"'
expect mistake agent/adapters/meta/a.cc '#include "agent/adapters/curl/a.h"'
expect mistake agent/adapters/meta/a.cc '#include "agent/app/a.h"'
expect mistake agent/adapters/meta/a.cc '#include "agent/codec/a.h"'
expect mistake agent/codec/a.cc '#include "agent/ports/a.h"'
expect mistake agent/adapters/meta/a.cc '#include <curl/curl.h>'
expect mistake cli/render/a.cc '#include "agent/adapters/curl/a.h"'
expect mistake tests/simulators/graph/a.cc '#include "agent/core/a.h"'
expect mistake tests/simulators/graph/a.cc '  #  include "../../../agent/core/a.h"'
exit "$failures"
