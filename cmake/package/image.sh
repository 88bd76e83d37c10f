#!/usr/bin/env bash
# image.sh BIN OUT: the image of this commit: its version, and its time, so that everybody who builds it gets the same bytes.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
version=$(sed -n 's/^project(tokenwarden VERSION \([0-9.]*\).*/\1/p' "$top/CMakeLists.txt")
revision=$(git -C "$top" rev-parse HEAD 2>/dev/null || echo unknown)
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct 2>/dev/null || echo 0)}
exec python3 "$top/cmake/package/image.py" --bin "$1" --out "$2" --version "$version" --epoch "$epoch" --revision "$revision"
