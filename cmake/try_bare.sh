#!/usr/bin/env bash
# Makes a fresh Debian 12 root with debootstrap, puts a clean clone of HEAD into it and runs the given make targets
# there (default: test demo). Nothing of this machine is shared with it but the kernel: it gets the machine's package
# sources, trusted certificates, proxy settings and name resolution, and installs everything else itself.
#
#   cmake/try_bare.sh [target...]       KEEP=1 keeps the root and says where it is; WITH=ci runs .ci/run instead
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(test demo)
[[ $(id -u) == 0 ]] || { echo "try_bare: needs root, for debootstrap and chroot" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "try_bare: install debootstrap first" >&2; exit 2; }

# The first Debian mirror that this machine's own package sources name.
mirror=$({
  cat /etc/apt/sources.list.d/*.sources |
    awk '$1 == "URIs:" { u = $2 } $1 == "Suites:" && / bookworm( |$)/ { print u }' || true
  cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list |
    awk '$1 == "deb" { for (i = 2; i < NF; i++) if ($i ~ "://" && $(i + 1) == "bookworm") print $i }' || true
} 2>/dev/null | sed -n 1p)
[[ -n $mirror ]] || { echo "try_bare: found no Debian 12 entry in this machine's package sources" >&2; exit 2; }

root=$(mktemp -d "${TMPDIR:-/var/tmp}/bare.XXXXXX")
chmod 0755 "$root"  # as any root directory: other users pass through it
cleanup() {
  local mounted
  for mounted in dev/pts dev/shm dev proc sys; do
    ! mountpoint -q "$root/$mounted" || umount -l "$root/$mounted"
  done
  if [[ ${KEEP:-} ]]; then
    echo "try_bare: kept $root"
  else
    rm -rf --one-file-system "$root"
  fi
}
trap cleanup EXIT
trap 'echo "try_bare: failed at line $LINENO: $BASH_COMMAND" >&2' ERR

make_root() {
  debootstrap --variant=minbase --include=ca-certificates,make,git bookworm "$root" "$mirror" >"$root.log" 2>&1 || {
    tail -n 20 "$root.log" >&2
    return 1
  }
  rm -f "$root.log"
}

# What lets the root reach the same mirror as this machine.
give_settings() {
  rm -f "$root"/etc/apt/sources.list
  cp -a /etc/apt/sources.list "$root/etc/apt/" 2>/dev/null || true
  cp -a /etc/apt/sources.list.d/. "$root/etc/apt/sources.list.d/"
  { grep -rlsiE 'proxy|Verify-Peer|CAInfo' /etc/apt/apt.conf /etc/apt/apt.conf.d || true; } |
    xargs -r cp -t "$root/etc/apt/apt.conf.d/"
  cp -a /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  cp /etc/resolv.conf /etc/hosts "$root/etc/"
}

mount_kernel() {
  mount -t proc proc "$root/proc"
  mount -t sysfs -o ro sysfs "$root/sys"
  mount -t tmpfs -o mode=0755 tmpfs "$root/dev"
  mkdir -p "$root/dev/pts" "$root/dev/shm"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  local node
  for node in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0"; do
    # shellcheck disable=SC2086
    set -- $node
    mknod -m 666 "$root/dev/$1" c "$2" "$3"
  done
  ln -s /proc/self/fd "$root/dev/fd"
}

inside() {
  chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} ${no_proxy:+no_proxy="$no_proxy"} \
    bash -c "cd /root/tokenwarden && $1" </dev/null
}

echo "try_bare: making a bare Debian 12 root (about a minute)"
make_root
give_settings
mount_kernel
git clone -q . "$root/root/tokenwarden"
if [[ ${WITH:-} == ci ]]; then
  time inside .ci/run
else
  for target in "${targets[@]}"; do
    echo "try_bare: make $target in the bare root"
    time inside "make $target"
  done
fi
echo "try_bare: ${targets[*]} passed on a bare Debian 12"
