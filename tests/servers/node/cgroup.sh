#!/usr/bin/env bash
# cgroup.sh NAME: makes the cgroup that the kubelet puts its pods under, in every hierarchy that the machine has.
set -euo pipefail
readonly top=/sys/fs/cgroup
if [[ $(stat -fc %T $top) == cgroup2fs ]]; then
  for controller in cpuset cpu io memory hugetlb pids; do
    ! grep -qw "$controller" $top/cgroup.controllers || echo "+$controller" >$top/cgroup.subtree_control
  done
  mkdir "$top/$1"
  exit
fi
hierarchies=("$top"/*/)
[[ -d ${hierarchies[0]} ]] || { echo "node: no cgroups are mounted in $top" >&2; exit 1; }
for hierarchy in "${hierarchies[@]}"; do mkdir "$hierarchy$1"; done
