# Sourced by the suites: a room of their own, a simulated Graph API with one living token, rows of the table.
# Needs: $bin, the directory with the programs. Everything ends and goes with the script that sourced it.

room=$(mktemp -d)
pids=()
cleanup() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$room"
}
trap cleanup EXIT
umask 077

die() { echo "${0##*/}: $*" >&2; exit 1; }
# Tries COMMAND until it succeeds, for SECONDS at most.
await() {
  local seconds=$1 what=$2 end; shift 2
  end=$((SECONDS + seconds))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || die "waited ${seconds}s for $what in vain"
    sleep 0.1
  done
}
field() { grep -o "\"$1\": *\"[^\"]*\"" | cut -d '"' -f 4; }
control() { curl -sS --fail "$graph/_control/$1" "${@:2}"; }
mint() { control tokens -d '{"kind":"system_user","expires_in":5000000}' | field token; }

# Sets graph, app_id and app_secret; the product finds the simulator through the environment.
start_simulator() {
  "$bin/tokenwarden-graph-simulator" --port-file "$room/port" >"$room/simulator.log" 2>&1 &
  pids+=($!)
  await 10 "the simulator" test -s "$room/port"
  graph=http://127.0.0.1:$(cat "$room/port")
  export TOKENWARDEN_META_ENDPOINT=$graph
  app_id=100000000000001
  app_secret=$(control state | field secret | head -n 1)
}

# row NAME VALUE UNIT LIMIT: a figure without a peer. Its limit bounds the value.
row() { printf '%s\t%s\t%s\t\t\t%s\t1\n' "$@"; }
