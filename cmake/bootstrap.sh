#!/usr/bin/env bash
# Installs the Debian packages that a build needs; does nothing (in a few milliseconds) when they are there.
#
#   cmake/bootstrap.sh [check] [fuzz] [bench] [node]   with the tools of `make check`, `make fuzz`, `make bench`;
#                                                      with what the Kubernetes node of `make e2e` needs
#
# Works as root, or with sudo that does not ask. Written for Debian 12; make itself is the one thing needed before.
set -euo pipefail

packages=(
  g++ cmake ninja-build ccache mold pkg-config dpkg-dev ca-certificates
  protobuf-compiler protobuf-compiler-grpc libprotobuf-dev libgrpc++-dev libgrpc-dev
  libcurl4-openssl-dev libssl-dev libnghttp2-dev zlib1g-dev libmicrohttpd-dev prometheus-cpp-dev
  libsqlite3-dev libyaml-cpp-dev nlohmann-json3-dev libcli11-dev libexpected-dev
  libgtest-dev libgmock-dev libbenchmark-dev curl openssl git python3 python3-venv python3-yaml zstd
)
for group in "$@"; do
  case $group in
    check) packages+=(clang-format-14 clang-tidy-14) ;;
    fuzz) packages+=(clang-14 llvm-14 libclang-rt-14-dev) ;;
    bench) packages+=(curl) ;;
    node) packages+=(iproute2 mount util-linux libseccomp2) ;;
    *)
      echo "bootstrap: unknown group '$group'; known are: check fuzz bench node" >&2
      exit 2
      ;;
  esac
done

say() { printf 'bootstrap: %s\n' "$*"; }
die() {
  say "$*" >&2
  exit 1
}

command -v dpkg-query >/dev/null ||
  die "this is not a Debian system. Install the libraries of vcpkg.json and cmake >= 3.25 yourself, then use cmake --preset release-shared"

installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null | sed -n 's/^installed //p' || true)
missing=()
for package in "${packages[@]}"; do
  grep -qxF -- "$package" <<<"$installed" || missing+=("$package")
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

root=()
if [[ $(id -u) != 0 ]]; then
  if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
    die "${#missing[@]} packages are missing and this user may not install them. As root: apt-get install --no-install-recommends ${missing[*]}"
  fi
  root=(sudo -n)
fi

started=$SECONDS
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 "$@" \
    >>"$log" 2>&1 </dev/null || {
    tail -n 30 "$log" >&2
    die "apt-get $1 failed; its last lines are above. Is the package mirror reachable?"
  }
}

say "installing ${#missing[@]} packages with apt-get (one to three minutes): ${missing[*]}"
apt update
apt install --no-install-recommends "${missing[@]}"
say "packages installed after $((SECONDS - started)) s"
