#!/usr/bin/env bash
# Rows: what it costs to have a renewed token in a `.env`, a Vault and a Secret of an API server, all read back.
#
#   tests/bench/rows_sync.sh DIRECTORY_WITH_THE_PROGRAMS DIRECTORY_WITH_THE_BENCHES
set -euo pipefail
bin=$1
here=$(cd "$(dirname "$0")" && pwd)
. "$here/stage.sh"
servers=$here/../servers
export TOKENWARDEN_PLAY_DIR=$room/servers
trap '"$servers/play.sh" down >/dev/null; cleanup' EXIT
start_simulator
BENCH_TOKEN=$(mint)
export BENCH_TOKEN BENCH_ENDPOINT=$graph BENCH_APP_SECRET=$app_secret
"$servers/play.sh" up >"$room/up.txt" 2>"$room/up.log" || { cat "$room/up.log" >&2; die "the servers did not start"; }
eval "$(grep -o 'export VAULT_ADDR=.*' "$room/up.txt")"
kubectl=$(sed -n 's/^  \(.*kubectl\) get namespaces$/\1/p' "$room/up.txt")
vault=$(sed -n 's/^  \(.*vault\) kv put.*$/\1/p' "$room/up.txt")
"$vault" kv put secret/bare token=none >/dev/null
"$vault" kv put secret/bench token=none >/dev/null
"$vault" kv metadata put -max-versions=5 secret/bare >/dev/null
for secret in bare bench; do "$kubectl" create secret generic "$secret" -n default >/dev/null; done
printf '%s' "$VAULT_TOKEN" >"$room/vault-token"
BENCH_VAULT_TOKEN_FILE=$room/vault-token
BENCH_CLUSTER=$("$kubectl" config view --raw -o 'jsonpath={.clusters[0].cluster.server}')
BENCH_CA_FILE=$TOKENWARDEN_PLAY_DIR/pki/ca.crt
BENCH_CLUSTER_TOKEN=$("$kubectl" config view --raw -o 'jsonpath={.users[0].user.token}')
export BENCH_VAULT_TOKEN_FILE BENCH_CLUSTER BENCH_CA_FILE BENCH_CLUSTER_TOKEN
unset VAULT_TOKEN
"$2/sync_bench" "$room" "${ROUNDS:-20}" $((1000 / ${ROUNDS:-20}))
