#!/usr/bin/env bash
# fuzz.sh BUILD SECONDS: runs every fuzzer of a build on its corpus, each for so long; stops at the first finding.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$1 seconds=$2
for fuzzer in "$build"/fuzz/*; do
  [[ -x $fuzzer && -f $fuzzer ]] || continue
  name=$(basename "$fuzzer")
  found=$build/fuzz/$name.corpus
  mkdir -p "$found" "$build/fuzz/findings"
  cmake/step.sh "fuzz $name for $seconds s" "$fuzzer" -max_total_time="$seconds" -rss_limit_mb=2048 -timeout=10 \
    -print_final_stats=1 -artifact_prefix="$build/fuzz/findings/$name-" "$found" "tests/fuzz/corpus/$name"
done
