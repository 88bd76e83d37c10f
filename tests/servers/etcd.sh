#!/usr/bin/env bash
# etcd.sh ETCD DIRECTORY PORT: becomes an etcd of one member on loopback, with data that is not worth an fsync.
set -euo pipefail
url=http://127.0.0.1:$3
none=http://127.0.0.1:0
exec "$1" --name=e --data-dir="$2" --unsafe-no-fsync --listen-client-urls="$url" --advertise-client-urls="$url" \
  --listen-peer-urls="$none" --initial-advertise-peer-urls="$none" --initial-cluster="e=$none" --log-level=warn
