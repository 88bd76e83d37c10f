#!/usr/bin/env bash
# Rows: one run of `tokenwarden check`, without network against /bin/true, online against curl.
#
#   tests/bench/rows_check.sh DIRECTORY_WITH_THE_PROGRAMS DIRECTORY_WITH_THE_BENCHES
set -euo pipefail
bin=$1
benches=$2
runs=${RUNS:-200}
. "$(dirname "$0")/stage.sh"
compare() { "$benches/spawn_bench" "$@"; }

# What people really leave in a .env, and what a terminal really hands over.
echo 'WHATSAPP_ACCESS_TOKEN=your_access_token_here' >"$room/placeholder.env"
printf '"EAAB' >"$room/quoted"
compare check_offline /bin/true 3 "$runs" 1 /dev/null \
  "$bin/tokenwarden" check --env-file "$room/placeholder.env" -- /bin/true
compare check_offline_stdin /bin/true 3 "$runs" 1 "$room/quoted" \
  "$bin/tokenwarden" check --token-stdin -- /bin/true

start_simulator
cat >"$room/.env" <<END
FACEBOOK_APP_ID=$app_id
FACEBOOK_APP_SECRET=$app_secret
WHATSAPP_PHONE_NUMBER_ID=400000000000001
WHATSAPP_ACCESS_TOKEN=$(mint)
END
# The requests of one check become one curl that sends the same ones over one connection.
"$bin/tokenwarden" check --env-file "$room/.env" >"$room/answer" || die "the check failed: $(cat "$room/answer")"
control journal >"$room/journal"
awk -F '"' -v base="$graph" '
  /"path":/ { path = $4; query = "" }
  /"query": \{$/ { inside = 1; next }
  inside && /\}/ { inside = 0 }
  inside { query = query (query == "" ? "?" : "&") $2 "=" $4 }
  /"authorization":/ { bearer = $4 }
  /"status":/ {
    if (requests++) print "next"
    printf "url = \"%s%s%s\"\nheader = \"Authorization: %s\"\n", base, path, query, bearer
    print "silent\nfail\ncompressed\noutput = /dev/null"
  }' "$room/journal" >"$room/requests"
requests=$(grep -c '^url' "$room/requests")
curl -K "$room/requests" || die "curl could not repeat the requests"
control journal >"$room/journal.both"
[[ $(grep -c '"path":' "$room/journal.both") == $((2 * requests)) ]] || die "curl sent other requests than the check"
compare check_online "curl, the same $requests requests" 1.2 "$runs" 0 /dev/null \
  "$bin/tokenwarden" check --env-file "$room/.env" -- "$(command -v curl)" -K "$room/requests"
