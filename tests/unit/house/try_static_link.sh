#!/usr/bin/env bash
# try_static_link.sh LINK_SCRIPT COMPILER: an undefined symbol fails a static link, and the linker's usual words about
# name look-ups are not repeated.
set -euo pipefail
link=$1 compiler=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >undefined.cc <<'END'
extern "C" void nowhere();
int main() { nowhere(); }
END
cat >names.cc <<'END'
#include <netdb.h>
int main() { return getaddrinfo("x", nullptr, nullptr, nullptr); }
END
if said=$("$link" "$compiler" -static-pie undefined.cc -o undefined 2>&1); then
  echo "an undefined symbol was linked"
  exit 1
fi
[[ $said == *nowhere* ]] || { echo "the linker's error was not shown: $said"; exit 1; }
said=$("$link" "$compiler" -static-pie names.cc -o names 2>&1) || { echo "a good program was not linked: $said"; exit 1; }
[[ -z $said ]] || { echo "the usual warning was shown: $said"; exit 1; }
