#!/usr/bin/env bash
# Draws docs/status.svg: what `tokenwarden status` shows of an agent that keeps four simulated tokens, one of them dead
# and one with a sink that cannot be written. Run it when the status page changes, and look at the picture.
#
#   tests/demo/picture.sh [DIRECTORY WITH THE PROGRAMS]
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
bin=$(cd "${1:-$top/build/release/bin}" && pwd)
. "$top/tests/bench/stage.sh"
start_simulator

day=86400
now=$(date +%s)
token() { control tokens -d "{\"kind\":\"$1\",\"expires_in\":$2,\"issued_at\":$((now - $3 * day - 3600))}" | field token; }
{
  printf 'FACEBOOK_APP_SECRET=%s\n' "$app_secret"
  printf 'WHATSAPP=%s\nBILLING=%s\nADS=%s\nREPORTS=%s\n' "$(token system_user $((2 * day)) 58)" \
    "$(token system_user $((41 * day)) 19)" "$(token system_user $((55 * day)) 5)" "$(token system_user $((30 * day)) 30)"
} >"$room/.env"
credential() {
  printf '  - name: %s\n    tenant: %s\n    meta: {kind: system_user, require: {scopes: [whatsapp_business_messaging, whatsapp_business_management]}}\n' "$1" "$2"
  printf '    source: {dotenv: {path: .env, key: %s}}\n    inspect: {every: 1s}\n    renew: {before: 14d}\n' "$3"
  printf '    sinks: [{dotenv: {path: .env, key: %s}}%s]\n' "$3" "${4:-}"
}
mkdir -m 700 "$room/state"
"$bin/tokenwarden" keygen "$room/state.key" >/dev/null
{
  cat <<END
version: 1
state: {path: $room/state/state.db, key: {file: $room/state.key}, allow_ephemeral_state: a picture}
http: {listen: "127.0.0.1:0"}
grpc: {listen: "unix://$room/agent.sock"}
log: {format: text}
defaults: {meta: {app_id: "$app_id", app_secret: {dotenv: {path: .env, key: FACEBOOK_APP_SECRET}}}}
credentials:
END
  credential whatsapp acme WHATSAPP
  credential billing acme BILLING ", {file: {path: mount/token}}"
  credential ads globex ADS
  credential reports globex REPORTS
} >"$room/tokenwarden.yaml"
cd "$room"
"$bin/tokenwarden-agent" --config tokenwarden.yaml >agent.log 2>&1 &
pids+=($!)
await 30 "the renewal" grep -q 'renewed: .*credential=whatsapp' agent.log
control tokens/kill -d "{\"token\":\"$(sed -n 's/^REPORTS=//p' .env)\",\"state\":\"password_changed\"}" >/dev/null
command="tokenwarden status"
show() { "$bin/tokenwarden" status --address "unix://$room/agent.sock"; }
dead() { show | grep -A3 '^reports' | grep -q 'do now'; }
await 30 "the death" dead
show | awk '{ while (length($0) > 130) { cut = 130; while (substr($0, cut, 1) != " ") --cut; print substr($0, 1, cut - 1); $0 = "      " substr($0, cut + 1) } print }' >status.txt
sed -i "s|$room/||g" status.txt

awk -v command="$command" '
  function text(line) { gsub(/&/, "\\&amp;", line); gsub(/</, "\\&lt;", line); gsub(/>/, "\\&gt;", line); return line }
  function colour(line) {
    if (line ~ /do now:|not in place|cannot|fail/) return "#e3b341"
    if (line ~ /revoked|expired/) return "#f85149"
    if (line ~ /^[^ ].*valid/) return "#7ee787"
    return "#c9d1d9"
  }
  { lines[++count] = $0; if (length($0) > width) width = length($0) }
  END {
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"monospace\" font-size=\"13\">\n", width * 8 + 40, (count + 2) * 19 + 20
    print "<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#0d1117\"/>"
    printf "<text xml:space=\"preserve\" x=\"20\" y=\"30\" fill=\"#8b949e\">$ %s</text>\n", command
    for (i = 1; i <= count; ++i)
      printf "<text xml:space=\"preserve\" x=\"20\" y=\"%d\" fill=\"%s\">%s</text>\n", 30 + i * 19, colour(lines[i]), text(lines[i])
    print "</svg>"
  }' status.txt >"$top/docs/status.svg"
chmod 0644 "$top/docs/status.svg"
