#!/usr/bin/env bash
# image.sh NAME:TAG OUT.tar ROOT ENTRYPOINT [USER]: an image of one layer, the directory ROOT, for `ctr images import`
# (the format of `docker save`). ENTRYPOINT is a JSON list.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
pack() { tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$1" -cf "$2" "${@:3}"; }

pack "$3" "$work/layer.tar" .
digest=$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
architecture=$(dpkg --print-architecture)
cat >"$work/config.json" <<JSON
{"architecture": "$architecture", "os": "linux", "created": "1970-01-01T00:00:00Z",
 "config": {"Entrypoint": $4, "User": "${5:-}", "Env": ["PATH=/bin"]},
 "rootfs": {"type": "layers", "diff_ids": ["sha256:$digest"]}}
JSON
printf '[{"Config": "config.json", "RepoTags": ["%s"], "Layers": ["layer.tar"]}]' "$1" >"$work/manifest.json"
pack "$work" "$2" manifest.json config.json layer.tar
