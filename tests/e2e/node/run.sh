#!/usr/bin/env bash
# run.sh BIN COMMAND...: runs COMMAND in a fresh node that has the images of these tests, made of the programs in BIN. The
# kubelet looks at mounted Secrets as often as it does by default.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$1
shift
images=$(mktemp -d "${TMPDIR:-/tmp}/tokenwarden-images.XXXXXX")
trap 'rm -rf "$images"' EXIT
trap '[[ -z ${node:-} ]] || { kill -TERM "$node"; wait "$node"; } 2>/dev/null || true; exit 143' TERM INT HUP

"$here/images.sh" "$bin" "$images"
SYNC=1m IMAGES="$images/tokenwarden-image.tar $images/shop.tar" \
  setpriv --pdeathsig KILL "$here/../../servers/node/run.sh" "$@" &
node=$!
status=0
wait "$node" || status=$?
exit "$status"
