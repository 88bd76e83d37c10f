#!/usr/bin/env bash
# run.sh COMMAND...: runs COMMAND inside a fresh Kubernetes cluster of one node, with KUBECONFIG set and kubectl on PATH, and
# ends with its status. Control plane, containerd, kubelet and pods live in process, mount and network namespaces
# of their own, so that nothing is left when it ends, however it ends. Needs root; what it runs is built by build.sh.
#
#   IMAGES="a.tar b.tar"   images to import, beside tokenwarden.test/busybox:1 (see image.sh)
#   SYNC=1s                how often the kubelet looks at mounted Secrets again; its own default is 1m
#   KEEP=1                 keeps the logs, and says where
#
# COMMAND finds the API server at https://127.0.0.1 (TOKENWARDEN_NODE_SERVER, its CA and keys in TOKENWARDEN_NODE_PKI);
# what listens on 10.88.0.1 is reached by pods. Pods need `imagePullPolicy: Never`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly name=tokenwarden-node
die() { echo "node: $*" >&2; exit 2; }

[[ $# -gt 0 ]] || die "usage: run.sh COMMAND..."
[[ $(id -u) == 0 ]] || die "a node needs root, for namespaces, cgroups and mounts"
for program in ip unshare setpriv; do
  command -v "$program" >/dev/null || die "$program is not installed; run cmake/bootstrap.sh node"
done
for program in containerd kubelet etcd; do
  [[ -x $("$here/build.sh" --bin "$program") ]] || die "$program is not built; run: tests/servers/build.sh all (make servers)"
done

"$here/node/sweep.sh"
state=$(mktemp -d "${TMPDIR:-/tmp}/$name.$$.XXXXXX")
if [[ ${KEEP:-} ]]; then
  trap '"$here/node/sweep.sh" "$$"; echo "node: the logs are in $state" >&2' EXIT
else
  trap 'rm -rf --one-file-system "$state"; "$here/node/sweep.sh" "$$"' EXIT
fi
trap 'kill -KILL "$node" 2>/dev/null || true; wait "$node" || true; exit 143' TERM INT HUP

# With this script dies unshare, with unshare the first process of the namespace, with that all others and their mounts.
here=$here state=$state cgroup=$name-$$ setpriv --pdeathsig KILL \
  unshare --mount --net --pid --fork --mount-proc --kill-child "$here/node/inside.sh" "$@" &
node=$!
status=0
wait "$node" || status=$?
exit "$status"
