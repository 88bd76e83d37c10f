#!/usr/bin/env bash
# Rows: what an idle agent takes with 10 and with 10,000 credentials, and how often it wakes up for nothing.
#
#   tests/bench/rows_fleet.sh DIRECTORY_WITH_THE_PROGRAMS
set -euo pipefail
bin=$1
here=$(cd "$(dirname "$0")" && pwd)
seconds=${IDLE_SECONDS:-10}
. "$here/stage.sh"

figure() { awk -v name="$1" -v unit="$2" '$1 == name { printf "%.3f", $2 / unit }' "$room/figures"; }
"$here/fleet.sh" 10 "$bin" >"$room/figures"
row agent_pss_10 "$(figure pss_kib 1024)" MiB 12
"$here/fleet.sh" "${FLEET:-10000}" "$bin" >"$room/figures"
row "agent_pss_${FLEET:-10000}" "$(figure pss_kib 1024)" MiB 24
row "metrics_scrape_${FLEET:-10000}" "$(figure scrape_us 1000)" ms 1

start_simulator
"$bin/tokenwarden" keygen "$room/state.key" >/dev/null
mkdir -m 700 "$room/state"
echo "FACEBOOK_APP_SECRET=$app_secret" >"$room/.env"
cat >"$room/tokenwarden.yaml" <<END
version: 1
state: {path: $room/state/state.db, key: {file: $room/state.key}, allow_ephemeral_state: a measurement}
http: {listen: "127.0.0.1:0"}
grpc: {listen: "unix://$room/agent.sock"}
log: {format: text}
defaults:
  meta: {app_id: "$app_id", app_secret: {dotenv: {path: .env, key: FACEBOOK_APP_SECRET}}}
credentials:
END
for ((i = 0; i < 10; ++i)); do
  echo "TOKEN_$i=$(mint)" >>"$room/.env"
  echo "  - {name: customer-$i, meta: {kind: system_user}, source: {dotenv: {path: .env, key: TOKEN_$i}}}" >>"$room/tokenwarden.yaml"
done
"$bin/tokenwarden-agent" --config "$room/tokenwarden.yaml" >"$room/agent.log" 2>&1 &
agent=$!
pids+=("$agent")
await 10 "the agent to start" grep -q "agent started" "$room/agent.log"
http=$(sed -n 's/.*http=\([0-9.:]*\).*/\1/p' "$room/agent.log" | head -n 1)
await 30 "the credentials to be proven" curl -sS --fail "http://$http/startupz"
sleep 2  # what start-up left to do

# Wake-ups since the start, of every thread, those of gRPC included.
wakeups() { cat /proc/"$agent"/task/*/status | awk '$1 == "voluntary_ctxt_switches:" { all += $2 } END { print all + 0 }'; }
before=$(wakeups)
sleep "$seconds"
row "idle_wakeups_${seconds}s" $(($(wakeups) - before)) count 0
