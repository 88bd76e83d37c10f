#!/usr/bin/env bash
# play.sh up|down: Vault in development mode, an API server and toxiproxy on loopback, to try things by hand. `up` says
# how to reach them; `down` ends exactly what `up` started and removes what they kept.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
state=${TOKENWARDEN_PLAY_DIR:-${XDG_RUNTIME_DIR:-/tmp}/tokenwarden-servers-$(id -u)}
# shellcheck source=tests/servers/processes.sh
. "$here/processes.sh"
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

down() {
  stop_all
  rm -rf "$state"
}

up() {
  if [[ -d $state ]]; then
    echo "they are up already ($state); end them first with: make servers-down" >&2
    exit 1
  fi
  "$here/build.sh" vault etcd kube net
  mkdir -m 0700 -p "$state"
  trap '[[ $? == 0 ]] || down' EXIT
  local vault_port api_port etcd_port proxy_port
  vault_port=$(free_port) api_port=$(free_port) etcd_port=$(free_port) proxy_port=$(free_port)
  "$here/pki.sh" "$state/pki"
  start vault env HOME="$state" TMPDIR="$state" "$(tool vault)" server -dev -dev-root-token-id=root -dev-no-store-token \
    -dev-listen-address="127.0.0.1:$vault_port"
  start etcd "$here/etcd.sh" "$(tool etcd)" "$state/etcd" "$etcd_port"
  start kube-apiserver "$here/apiserver.sh" "$(tool kube-apiserver)" "$state/pki" "$etcd_port" "$api_port"
  start toxiproxy "$(tool toxiproxy-server)" -host 127.0.0.1 -port "$proxy_port"
  "$here/kubeconfig.sh" "https://127.0.0.1:$api_port" "$state/pki/ca.crt" test-admin >"$state/kubeconfig"
  await vault env VAULT_ADDR="http://127.0.0.1:$vault_port" "$(tool vault)" status
  await kube-apiserver "$(tool kubectl)" --kubeconfig "$state/kubeconfig" get --raw=/readyz
  await toxiproxy curl -fsS --noproxy '*' "http://127.0.0.1:$proxy_port/version"
  cat <<TEXT
Up. Try:
  export VAULT_ADDR=http://127.0.0.1:$vault_port VAULT_TOKEN=root KUBECONFIG=$state/kubeconfig
  $(tool vault) kv put secret/whatsapp access_token=example
  $(tool kubectl) get namespaces
  $(tool toxiproxy-cli) --host http://127.0.0.1:$proxy_port create --listen 127.0.0.1:0 --upstream 127.0.0.1:$vault_port vault
Logs are in $state. End them with: make servers-down
TEXT
}

case ${1:-} in
  up) up ;;
  down) down ;;
  *)
    echo "usage: play.sh up|down" >&2
    exit 2
    ;;
esac
