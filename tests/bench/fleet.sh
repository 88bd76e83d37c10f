#!/usr/bin/env bash
# What an idle agent costs: N credentials, each proven once against the simulated Graph API, then the agent's
# proportional memory (PSS) and the median time of fifty scrapes on one keep-alive connection. Cleans up after itself.
#
#   tests/bench/fleet.sh [N] [DIRECTORY WITH THE PROGRAMS]
#
# Prints `credentials`, `pss_kib`, `pss_anonymous_kib`, `pss_file_kib`, `peak_kib`, `scrape_us`,
# `scrape_bytes`, `start_ms` and `proven_ms`, one `name value` per line.
set -euo pipefail

top=$(cd "$(dirname "$0")/../.." && pwd)
count=${1:-10}
bin=${2:-$top/build/release/bin}
keys_per_file=500  # a .env with more is larger than anybody's
scrapes=50
for program in tokenwarden tokenwarden-agent tokenwarden-graph-simulator; do
  [[ -x $bin/$program ]] || { echo "fleet: $bin/$program is missing; run make build" >&2; exit 2; }
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

fail() { echo "fleet: $*" >&2; [[ ! -s $room/agent.log ]] || tail -n 5 "$room/agent.log" >&2; exit 1; }
# Tries COMMAND until it succeeds, for SECONDS at most.
await() {
  local seconds=$1 what=$2 end pause=0.1 quick=$((SECONDS + 2)); shift 2
  end=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || fail "waited ${seconds}s for $what in vain"
    kill -0 "${pids[-1]}" 2>/dev/null || fail "it ended while waiting for $what"
    ((SECONDS <= quick)) || pause=1  # asking ten thousand costs the agent time that it needs for them
    sleep "$pause"
  done
}
field() { grep -o "\"$1\": *\"[^\"]*\"" | cut -d '"' -f 4; }
milliseconds() { date +%s%3N; }
pss() { awk -v name="$1:" '$1 == name { print $2 }' "/proc/$agent/smaps_rollup"; }

"$bin/tokenwarden-graph-simulator" --port-file "$room/port" >"$room/simulator.log" 2>&1 &
pids+=($!)
await 10 "the simulator" test -s "$room/port"
graph=http://127.0.0.1:$(cat "$room/port")
# One client and one connection for all of them.
curl -sS --fail -d '{"kind":"system_user","expires_in":5000000}' "$graph/_control/tokens?[1-$count]" |
  field token >"$room/tokens"
[[ $(wc -l <"$room/tokens") == "$count" ]] || fail "the simulator did not mint $count tokens"
app_secret=$(curl -sS --fail "$graph/_control/state" | field secret | head -n 1)
printf 'FACEBOOK_APP_SECRET=%s\n' "$app_secret" >"$room/app.env"
awk -v room="$room" -v size="$keys_per_file" \
  '{ print "WHATSAPP_ACCESS_TOKEN_" NR "=" $0 > (room "/fleet-" int((NR - 1) / size) ".env") }' "$room/tokens"

"$bin/tokenwarden" keygen "$room/state.key" >/dev/null
mkdir -m 700 "$room/state"
{
  cat <<END_OF_HEAD
version: 1
state: {path: $room/state/state.db, key: {file: $room/state.key}, allow_ephemeral_state: a measurement}
http: {listen: "127.0.0.1:0"}
grpc: {listen: "unix://$room/agent.sock"}
log: {format: text}
defaults:
  meta:
    app_id: "100000000000001"
    app_secret: {dotenv: {path: app.env, key: FACEBOOK_APP_SECRET}}
credentials:
END_OF_HEAD
  awk -v count="$count" -v size="$keys_per_file" 'BEGIN {
    for (i = 1; i <= count; ++i) {
      key = "WHATSAPP_ACCESS_TOKEN_" i
      printf "  - name: customer-%05d\n    meta: {kind: system_user, require: {scopes: [whatsapp_business_messaging]}}\n    source: {dotenv: {path: fleet-%d.env, key: %s}}\n", i, int((i - 1) / size), key
    }
  }'
} >"$room/tokenwarden.yaml"

export TOKENWARDEN_META_ENDPOINT=$graph
began=$(milliseconds)
"$bin/tokenwarden-agent" --config "$room/tokenwarden.yaml" >"$room/agent.log" 2>&1 &
agent=$!
pids+=("$agent")
await 60 "the agent to start" grep -q "agent started" "$room/agent.log"
started=$(milliseconds)
metrics=$(sed -n 's/.*http=\([0-9.:]*\).*/\1/p' "$room/agent.log" | head -n 1)
await 900 "the credentials to be proven" curl -sS --fail "http://$metrics/startupz"
proven=$(milliseconds)

# The first scrape renders; the others find the body that it left behind.
scrape() { curl -sS --fail -H 'Accept-Encoding: gzip' -o /dev/null -w '%{time_total} %{size_download}\n' "$@"; }
scrape "http://$metrics/metrics" >/dev/null
valid=$(curl -sS --fail --compressed "http://$metrics/metrics" | grep -c 'tokenwarden_token_state{.*state="valid".* 1$' || true)
[[ $valid == "$count" ]] || fail "$valid of $count credentials are valid"
read -r seconds bytes < <(scrape "http://$metrics/metrics?[0-$scrapes]" | tail -n "$scrapes" | sort -n |
  sed -n "$((scrapes / 2))p")

cat <<END_OF_REPORT
credentials $count
pss_kib $(pss Pss)
pss_anonymous_kib $(pss Pss_Anon)
pss_file_kib $(pss Pss_File)
peak_kib $(awk '$1 == "VmHWM:" { print $2 }' "/proc/$agent/status")
scrape_us $(awk -v seconds="$seconds" 'BEGIN { printf "%d", seconds * 1e6 }')
scrape_bytes $bytes
start_ms $((started - began))
proven_ms $((proven - began))
END_OF_REPORT
