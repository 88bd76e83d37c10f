#!/usr/bin/env bash
# Builds the three libraries that Debian has no usable static archive of, from Debian's own source packages:
# an HTTP-only libcurl, the core of prometheus-cpp, and libmicrohttpd without HTTPS.
#
#   cmake/static_deps.sh           builds them once, prints the directory they are in (progress on standard error)
#   cmake/static_deps.sh --prefix  prints the directory only, whether or not it is there yet
#
# They are kept outside the tree, under a name made of this script and the versions, so that a security update of a
# package leads to a new build. To build again by hand, remove the directory.
set -euo pipefail

readonly packages=(libcurl4-openssl-dev prometheus-cpp-dev libmicrohttpd-dev libssl-dev libnghttp2-dev zlib1g-dev)
readonly ca_bundle=/etc/ssl/certs/ca-certificates.crt

say() { printf 'static libraries: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

versions=$(dpkg-query -W -f '${Package} ${source:Package} ${source:Version} ${Architecture}\n' "${packages[@]}" 2>/dev/null) ||
  die "some of ${packages[*]} is not installed; run 'cmake/bootstrap.sh'"
key=$({ cat "${BASH_SOURCE[0]}"; echo "$versions"; } | sha256sum | cut -c1-16)
prefix=${TOKENWARDEN_DEPS_DIR:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/tokenwarden/deps}/$key

if [[ ${1:-} == --prefix ]]; then
  echo "$prefix"
  exit 0
fi
if [[ -f $prefix/complete ]]; then
  echo "$prefix"
  exit 0
fi

mkdir -p "$prefix"
exec 9>"$prefix/lock"
flock -n 9 || { say "another build of them is running; waiting for it"; flock 9; }
if [[ -f $prefix/complete ]]; then
  echo "$prefix"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
started=$SECONDS
log=$work/log
jobs=$(nproc)
readonly flags="-O2 -fPIC -ffunction-sections -fdata-sections -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2"

run() {
  "$@" >>"$log" 2>&1 9>&- </dev/null || {
    tail -n 40 "$log" >&2
    die "failed: $*; the last lines of its output are above"
  }
}

# The machine's own Debian entries (no third-party repository), asking for sources instead of binaries.
source_lists() {
  local codename
  # shellcheck source=/dev/null
  codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
  local out=$work/apt/sources.list.d
  mkdir -p "$out" "$work/apt/lists/partial" "$work/apt/archives/partial"
  local file
  for file in /etc/apt/sources.list.d/*.sources; do
    [[ -f $file ]] || continue
    awk -v RS= -v ORS='\n\n' -v name="$codename" '
      $0 ~ "(^|\n)Suites:[^\n]* " name "(-updates|-security)?( |\n|$)" {
        gsub(/(^|\n)Types:[^\n]*/, "\nTypes: deb-src"); sub(/^\n/, ""); print }' "$file" >"$out/$(basename "$file")"
  done
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
    awk -v name="$codename" '
      $1 == "deb" { for (i = 3; i <= NF; i++) if ($i ~ "^" name "(-updates|-security)?$") { sub(/^deb/, "deb-src"); print; break } }' \
      >"$out/machine.list" || true
  find "$out" -type f -empty -delete
  [[ -n $(ls -A "$out") ]] || die "found no Debian $codename entry in /etc/apt/sources.list or /etc/apt/sources.list.d"
}

apt_source() {
  apt-get -q -o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$work/apt/sources.list.d" \
    -o "Dir::State::Lists=$work/apt/lists" -o "Dir::Cache::Archives=$work/apt/archives" \
    -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User= "$@"
}

# The sources of the installed version; of the candidate when the mirror has moved on.
fetch() {
  local name=$1 version
  version=$(awk -v name="$name" '$2 == name { print $3; exit }' <<<"$versions")
  cd "$work"
  if ! apt_source source "$name=$version" >>"$log" 2>&1 9>&-; then
    say "$name $version is not on the mirror any more; taking the version it has"
    run apt_source source "$name"
  fi
  local found=("$work/$name"-[0-9]*/)
  mv "${found[0]}" "$work/$name"
}

cmake_install() {
  local name=$1
  shift
  run cmake -G Ninja -S "$work/$name" -B "$work/$name-build" -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
    "-DCMAKE_C_FLAGS_RELEASE=$flags" "-DCMAKE_CXX_FLAGS_RELEASE=$flags" "-DCMAKE_INSTALL_PREFIX=$prefix" \
    -DCMAKE_INSTALL_LIBDIR=lib "$@"
  run cmake --build "$work/$name-build" -j "$jobs"
  run cmake --install "$work/$name-build"
}

# CURL_CA_PATH none: a directory of certificates switches libcurl's cache of the parsed bundle off.
build_curl() {
  cmake_install curl -DHTTP_ONLY=ON -DBUILD_CURL_EXE=OFF -DBUILD_TESTING=OFF -DCURL_USE_OPENSSL=ON -DUSE_NGHTTP2=ON \
    -DENABLE_THREADED_RESOLVER=ON -DCURL_CA_BUNDLE="$ca_bundle" -DCURL_CA_PATH=none -DCURL_ZLIB=ON -DCURL_BROTLI=OFF \
    -DCURL_ZSTD=OFF -DUSE_LIBIDN2=OFF -DCURL_USE_LIBSSH2=OFF -DCURL_USE_LIBPSL=OFF -DCURL_USE_GSSAPI=OFF \
    -DCURL_DISABLE_ALTSVC=ON -DCURL_DISABLE_COOKIES=ON -DCURL_DISABLE_NETRC=ON -DCURL_DISABLE_MIME=ON \
    -DENABLE_MANUAL=OFF -DENABLE_UNIX_SOCKETS=ON
}

build_prometheus() {
  cmake_install prometheus-cpp -DENABLE_PULL=OFF -DENABLE_PUSH=OFF -DENABLE_COMPRESSION=OFF -DENABLE_TESTING=OFF
}

build_microhttpd() {
  cd "$work/libmicrohttpd"
  # Patches touch the inputs of the generated build files; the generated ones shipped with them are right.
  find . -name aclocal.m4 -exec touch {} +
  find . \( -name configure -o -name config.h.in -o -name MHD_config.h.in -o -name Makefile.in \) -exec touch {} +
  run ./configure --prefix="$prefix" --libdir="$prefix/lib" --enable-static --disable-shared --disable-https \
    --disable-doc --disable-examples --disable-curl --disable-tools --disable-dauth --disable-nls "CFLAGS=$flags"
  run make -C src/microhttpd -j "$jobs" install
  run make -C src/include -j "$jobs" install
}

say "building curl, prometheus-cpp and libmicrohttpd from Debian's sources, once (about two minutes on two cores)"
source_lists
run apt_source update
for name in curl prometheus-cpp libmicrohttpd; do
  fetch "$name"
done
say "sources fetched after $((SECONDS - started)) s"
build_curl
say "curl done after $((SECONDS - started)) s"
build_prometheus
say "prometheus-cpp done after $((SECONDS - started)) s"
build_microhttpd
touch "$prefix/complete"
say "all done after $((SECONDS - started)) s, kept in $prefix"
echo "$prefix"
