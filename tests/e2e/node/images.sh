#!/usr/bin/env bash
# images.sh BIN DIR: the images of these tests: DIR/tokenwarden-image.tar, as it is shipped, and DIR/shop.tar, an
# application of busybox that says which token it sees.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../../.." && pwd)
"$top/cmake/package/image.sh" "$1" "$2" >/dev/null

root=$2/shop.root
mkdir -p "$root/bin"
busybox=$("$top/tests/servers/build.sh" --bin busybox)
cp "$busybox" "$root/bin/busybox"
for applet in sh cat cut printf sha256sum sleep; do ln -s busybox "$root/bin/$applet"; done
cp "$here/app.sh" "$root/app"
"$top/tests/servers/node/image.sh" shop:1 "$2/shop.tar" "$root" '["/app"]' 1000
rm -rf "$root"
