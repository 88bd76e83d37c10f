#!/usr/bin/env bash
# try_include.sh may|may_not HEADER COMPILER FLAG... DIRS: compiles one line that includes HEADER, with the include
# directories of one room (separated by semicolons), and compares the outcome with what is expected.
set -euo pipefail
expectation=$1 header=$2
shift 2
directories=${*: -1}
command=("${@:1:$#-1}")
IFS=';' read -ra parts <<<"$directories"
for directory in "${parts[@]}"; do
  [[ -z $directory ]] || command+=(-I "$directory")
done

output=$(printf '#include "%s"\n' "$header" | LC_ALL=C "${command[@]}" -fsyntax-only -x c++ - 2>&1) && compiled=may || compiled=may_not
if [[ $compiled == may_not && $output != *"$header"*[Nn]"o such file"* && $output != *"$header"*"not found"* ]]; then
  printf 'the compiler failed for another reason than a missing header:\n%s\n' "$output" >&2
  exit 1
fi
if [[ $compiled != "$expectation" ]]; then
  printf '%s: expected "%s" compile, saw "%s"\n%s\n' "$header" "$expectation" "$compiled" "$output" >&2
  exit 1
fi
