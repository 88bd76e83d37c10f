# Sourced: starts servers in the background and waits for them. Needs `here` (tests/servers) and `state` (a directory of
# the caller's, for their logs and process ids).
# shellcheck shell=bash disable=SC2154

tool() { "$here/build.sh" --bin "$1"; }

# When a process was started, in ticks since boot: with its id, it is that process and no later one.
birth_of() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

# start NAME COMMAND...: in a session of its own.
start() {
  local name=$1
  shift
  setsid "$@" >"$state/$name.log" 2>&1 </dev/null &
  echo "$! $(birth_of $!)" >"$state/$name.pid"
}

runs() {
  local pid birth
  read -r pid birth <"$state/$1.pid"
  [[ -n $birth && $(birth_of "$pid") == "$birth" && $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) != Z* ]]
}

# await NAME COMMAND...: until it succeeds, five minutes at most (the machine may be busy) and only while NAME runs.
await() {
  local name=$1 end=$((SECONDS + 300))
  shift
  until "$@" >/dev/null 2>&1; do
    if ! runs "$name" || ((SECONDS > end)); then
      echo "$name did not come up; the end of its log:" >&2
      tail -n 20 "$state/$name.log" >&2
      return 1
    fi
    sleep 0.1
  done
}

# stop_all: SIGKILL to each server that was started here and still is the one that was started.
stop_all() {
  local file name
  for file in "$state"/*.pid; do
    [[ -f $file ]] || continue
    name=$(basename "$file" .pid)
    ! runs "$name" || kill -KILL -- "-$(cut -d' ' -f1 "$file")" 2>/dev/null || true
  done
}
