#!/usr/bin/env bash
# The main job, end to end, against the simulated Graph API: a token with two days left is seen, renewed, proven,
# published and gated; then its user changes the password and the gate closes. Under a minute; cleans up after itself.
#
#   tests/demo/demo.sh [DIRECTORY WITH THE PROGRAMS]
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
bin=${1:-$top/build/release/bin}
for program in tokenwarden tokenwarden-agent tokenwarden-graph-simulator; do
  [[ -x $bin/$program ]] || { echo "demo: $bin/$program is missing; run make build" >&2; exit 2; }
done

room=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$room"
}
trap cleanup EXIT
umask 077

step() { printf '\n\033[1m── %s\033[0m\n' "$*"; }
[[ -t 1 ]] || step() { printf '\n── %s\n' "$*"; }
fail() { echo "demo: $*" >&2; [[ ! -s $room/agent.log ]] || tail -n 20 "$room/agent.log" >&2; exit 1; }
# Tries COMMAND until it succeeds, for SECONDS at most.
await() {
  local seconds=$1 what=$2 end; shift 2
  end=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || fail "waited ${seconds}s for $what in vain"
    sleep 0.1
  done
}
field() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" | head -n 1; }
control() { curl -sS --fail "$graph/_control/$1" "${@:2}"; }
metric() { curl -sS "http://$metrics/metrics" | grep -E "^$1" || true; }

step "1. A simulated Graph API, and a .env whose token has two days left"
"$bin/tokenwarden-graph-simulator" --port-file "$room/port" >"$room/simulator.log" 2>&1 &
pids+=($!)
await 10 "the simulator" test -s "$room/port"
graph=http://127.0.0.1:$(cat "$room/port")
now=$(date +%s)
token=$(control tokens -d "{\"kind\":\"system_user\",\"expires_in\":172800,\"issued_at\":$((now - 58 * 86400))}" | field token)
app_secret=$(control state | field secret)
cat >"$room/.env" <<END
# The bot's settings. Every byte but the token's value stays as it is.
BOT_NAME="Acme Bot"      # shown to users
FACEBOOK_APP_ID=100000000000001
FACEBOOK_APP_SECRET=$app_secret
WHATSAPP_PHONE_NUMBER_ID=400000000000001
export WHATSAPP_ACCESS_TOKEN='$token'
END
sed "s/=.*SECRET.*//; s/'EAA.*'/'EAA…'/; s/SECRET=.*/SECRET=…/" "$room/.env"

step "2. The gate, without an agent and without a configuration"
export TOKENWARDEN_META_ENDPOINT=$graph
cd "$room"
"$bin/tokenwarden" check --env-file .env

step "3. The agent takes over"
"$bin/tokenwarden" keygen "$room/state.key" >/dev/null
mkdir -m 700 "$room/state"
socket=unix://$room/agent.sock
cat >"$room/tokenwarden.yaml" <<END
version: 1
state: {path: $room/state/state.db, key: {file: $room/state.key}, allow_ephemeral_state: a demonstration}
http: {listen: "127.0.0.1:0"}
grpc: {listen: "$socket"}
log: {format: text}
credentials:
  - name: whatsapp
    meta:
      app_id: "100000000000001"
      app_secret: {dotenv: {path: .env, key: FACEBOOK_APP_SECRET}}
      kind: system_user
      require: {scopes: [whatsapp_business_messaging], phone_number_id: "400000000000001"}
    source: {dotenv: {path: .env, key: WHATSAPP_ACCESS_TOKEN}}
    renew: {before: 1d}
    sinks: [{dotenv: {path: .env, key: WHATSAPP_ACCESS_TOKEN}}]
END
sed "s|$room/||g" "$room/tokenwarden.yaml"
"$bin/tokenwarden-agent" --config "$room/tokenwarden.yaml" >"$room/agent.log" 2>&1 &
agent=$!
pids+=("$agent")
await 10 "the agent to start" grep -q "agent started" "$room/agent.log"
metrics=$(sed -n 's/.*http=\([0-9.:]*\).*/\1/p' "$room/agent.log" | head -n 1)
await 10 "the credential to be proven" curl -sS --fail "http://$metrics/startupz"
echo
metric tokenwarden_token_expiry_timestamp_seconds
metric 'tokenwarden_token_state.*valid'
"$bin/tokenwarden" status --address "$socket"

step "4. The renewal: the operator asks for fourteen days' notice, so it is due"
before=$("$bin/tokenwarden" status --address "$socket" --format json | field fingerprint)
sed -i 's/before: 1d/before: 14d/' "$room/tokenwarden.yaml"
renewed() { metric 'tokenwarden_sink_generation' | grep -q ' 2$'; }
await 15 "the renewal" renewed
grep -E "renewed|published and read back" "$room/agent.log" | sed "s|$room/||g" | tail -n 2
after=$("$bin/tokenwarden" status --address "$socket" --format json | field fingerprint)
echo "the value was $before and is $after"
[[ $before != "$after" ]] || fail "the value did not change"
metric tokenwarden_token_expiry_timestamp_seconds
"$bin/tokenwarden" status --address "$socket"

step "5. The gate passes"
"$bin/tokenwarden" check --env-file .env --min-remaining 30d
echo "exit code $?"

step "6. The user changes the password: Meta kills every token of theirs"
control tokens/kill -d '{"principal":"300000000000001","state":"password_changed"}' >/dev/null
code=0
"$bin/tokenwarden" check --env-file .env || code=$?
echo "exit code $code"
[[ $code == 1 ]] || fail "the gate should have failed with 1"

step "7. The end: the agent stops on SIGTERM"
kill -TERM "$agent"
wait "$agent" || fail "the agent did not stop cleanly"
grep -qF -e "$token" -e "$app_secret" "$room/agent.log" && fail "a secret is in the log"
echo "done in ${SECONDS}s; no secret was printed, everything is cleaned up"
