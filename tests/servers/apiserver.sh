#!/usr/bin/env bash
# apiserver.sh KUBE-APISERVER PKI ETCD-PORT PORT [FLAG...]: becomes an API server on loopback, with the certificates and
# bearer tokens of pki.sh and with RBAC on. A FLAG that is given again wins.
set -euo pipefail
program=$1 pki=$2 etcd_port=$3 port=$4
shift 4
exec "$program" --etcd-servers="http://127.0.0.1:$etcd_port" --bind-address=127.0.0.1 --advertise-address=127.0.0.1 \
  --secure-port="$port" --endpoint-reconciler-type=none --service-cluster-ip-range=10.96.0.0/24 --allow-privileged=true \
  --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" --client-ca-file="$pki/ca.crt" \
  --kubelet-client-certificate="$pki/to-kubelet.crt" --kubelet-client-key="$pki/to-kubelet.key" \
  --kubelet-preferred-address-types=InternalIP --token-auth-file="$pki/tokens.csv" --authorization-mode=Node,RBAC \
  --enable-admission-plugins=NodeRestriction --service-account-issuer=https://kubernetes.default.svc \
  --service-account-key-file="$pki/sa.key" --service-account-signing-key-file="$pki/sa.key" "$@"
