#!/usr/bin/env bash
# pki.sh DIR ADDRESS...: what a throw-away API server needs to be trusted and to trust: a CA, its own certificate (valid
# for 127.0.0.1 and every ADDRESS), one for the kubelet `n1`, a key that signs service account tokens, and static bearer
# tokens for the usual users. For tests only.
set -euo pipefail
dir=$1
shift
mkdir -p "$dir"
cd "$dir"
umask 077
names=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,DNS:n1
for address in "$@"; do names+=,IP:$address; done

new_key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null ||
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.key" 2>/dev/null; }

# sign NAME SUBJECT USAGE
sign() {
  new_key "$1"
  openssl req -new -key "$1.key" -subj "$2" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out "$1.crt" \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=%s\n' "$names" "$3") 2>/dev/null
  rm "$1.csr"
}

new_key ca
openssl req -x509 -new -key ca.key -days 2 -subj /CN=test-ca -out ca.crt
sign apiserver /CN=kube-apiserver serverAuth
sign kubelet /CN=n1 serverAuth
sign to-kubelet /O=system:masters/CN=apiserver clientAuth
sign client /O=system:masters/CN=admin-by-certificate clientAuth
# RSA, so that tests can sign tokens of their own with plain openssl.
openssl genrsa -out sa.key 2048 2>/dev/null
cat >tokens.csv <<'CSV'
test-admin,admin,1,system:masters
test-node,system:node:n1,2,system:nodes
test-controllers,system:kube-controller-manager,3
test-scheduler,system:kube-scheduler,4
CSV
chmod 644 ./*.crt
