#!/usr/bin/env bash
# base_images.sh DIR: the two images that every node has: tokenwarden.test/pause:1, which containerd needs, and
# tokenwarden.test/busybox:1 with the usual commands, for pods of tests.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
root=$1/pause.root
mkdir -p "$root"
cc -Os -static -s -o "$root/pause" "$here/node/pause.c"
"$here/node/image.sh" tokenwarden.test/pause:1 "$1/pause.tar" "$root" '["/pause"]' 65535:65535

busybox=$("$here/build.sh" --bin busybox)
root=$1/busybox.root
mkdir -p "$root/bin" "$root/tmp"
cp "$busybox" "$root/bin/busybox"
for applet in $("$busybox" --list); do
  [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
done
"$here/node/image.sh" tokenwarden.test/busybox:1 "$1/busybox.tar" "$root" '["/bin/sh", "-c"]'
rm -rf "$1"/*.root
