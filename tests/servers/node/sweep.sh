#!/usr/bin/env bash
# sweep.sh [PID]: removes what run.sh leaves when it is killed, its directory and its empty cgroups, of every run that has
# ended; with PID, only the cgroups of that run. All else (processes, mounts, interfaces) the kernel has removed.
set -euo pipefail
readonly name=tokenwarden-node

drop_cgroups() {
  find /sys/fs/cgroup -depth -type d \( -path "*/$name-$1" -o -path "*/$name-$1/*" \) -exec rmdir {} \; 2>/dev/null || true
}

if [[ $# -gt 0 ]]; then
  drop_cgroups "$1"
  exit
fi
for left in "${TMPDIR:-/tmp}/$name".*.*; do
  pid=${left#"${TMPDIR:-/tmp}/$name".}
  pid=${pid%%.*}
  [[ -d $left && ! -d /proc/$pid ]] || continue
  drop_cgroups "$pid"
  rm -rf --one-file-system "$left"
done
