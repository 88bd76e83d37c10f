#!/usr/bin/env bash
# inside.sh COMMAND...: the first process of the namespaces that run.sh makes. Starts everything in them, then runs
# COMMAND. Needs here, state and cgroup; takes IMAGES and SYNC.
set -euo pipefail
# shellcheck source=tests/servers/processes.sh
. "$here/processes.sh"
readonly address=10.88.0.1
readonly service_address=10.96.0.1  # of the Service `kubernetes`: the API server itself listens there
readonly socket=/run/containerd/c.sock

# The machine's own /run and /var/lib stay as they are: container tools have fixed paths there.
mount --make-rprivate /
mount --make-rshared /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/lock /run/var-lib /run/var-lib.work
mount -t overlay -o lowerdir=/var/lib,upperdir=/run/var-lib,workdir=/run/var-lib.work overlay /var/lib

ip link set lo up
ip address add "$service_address/32" dev lo
ip link add cni0 type bridge
ip address add "$address/24" dev cni0
ip link set cni0 up
ip route add default dev cni0
echo 1 >/proc/sys/net/ipv4/ip_forward

"$here/node/cgroup.sh" "$cgroup"
"$here/pki.sh" "$state/pki" "$address"
for user in admin node controllers scheduler; do
  "$here/kubeconfig.sh" https://127.0.0.1 "$state/pki/ca.crt" "test-$user" >"$state/$user.kubeconfig"
done
"$here/node/base_images.sh" "$state" &
images=$!

start etcd "$here/etcd.sh" "$(tool etcd)" "$state/etcd" 2379
start kube-apiserver "$here/apiserver.sh" "$(tool kube-apiserver)" "$state/pki" 2379 443 --bind-address=0.0.0.0 \
  --advertise-address="$address"
"$here/node/settings.sh" "$state" "$cgroup" "$address" "$socket"
start containerd env PATH="$("$here/build.sh" --prefix node):$PATH" "$(tool containerd)" -c "$state/containerd.toml"
ctr=("$(tool ctr)" --address "$socket" --namespace k8s.io)
await containerd "${ctr[@]}" version
wait "$images"
# shellcheck disable=SC2086
for image in "$state"/*.tar ${IMAGES:-}; do
  "${ctr[@]}" images import "$image" >>"$state/images.log" 2>&1 || {
    echo "node: $image could not be imported: $(tail -n 3 "$state/images.log")" >&2
    exit 1
  }
done

export KUBECONFIG=$state/admin.kubeconfig
kubectl=$(tool kubectl)
await kube-apiserver "$kubectl" get --raw=/readyz
as() { echo "--kubeconfig=$state/$1.kubeconfig --authentication-kubeconfig=$state/$1.kubeconfig --authorization-kubeconfig=$state/$1.kubeconfig --authentication-skip-lookup=true"; }
# shellcheck disable=SC2046
start kube-controller-manager "$(tool kube-controller-manager)" $(as controllers) --kube-api-qps=500 --kube-api-burst=1000 \
  --bind-address=127.0.0.1 --leader-elect=false --service-account-private-key-file="$state/pki/sa.key" \
  --root-ca-file="$state/pki/ca.crt" --use-service-account-credentials=true
# shellcheck disable=SC2046
start kube-scheduler "$(tool kube-scheduler)" $(as scheduler) --bind-address=127.0.0.1 --leader-elect=false
start kubelet "$(tool kubelet)" --config="$state/kubelet.yaml" --kubeconfig="$state/node.kubeconfig" \
  --root-dir="$state/kubelet" --cert-dir="$state/kubelet-certificates" --hostname-override=n1 --node-ip="$address"
await kubelet "$kubectl" wait --for=condition=Ready node/n1 --timeout=1s
await kube-controller-manager "$kubectl" --namespace default get serviceaccount default

export TOKENWARDEN_NODE_SERVER=https://127.0.0.1 TOKENWARDEN_NODE_PKI=$state/pki TOKENWARDEN_NODE_ADDRESS=$address
export PATH="$(dirname "$kubectl"):$PATH"
unset here state cgroup
"$@"
