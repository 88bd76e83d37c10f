#!/bin/sh
# Alertmanager as Debian builds it, unpacked and not installed: it looks for its templates in
# /usr/share/prometheus/alertmanager, so it runs in a mount namespace where that is what lies beside this script.
set -eu
here=$(dirname "$(readlink -f "$0")")
as_root=
[ "$(id -u)" = 0 ] || as_root=--map-root-user
# shellcheck disable=SC2016
exec unshare --mount $as_root sh -c '
  mount -t tmpfs none /usr/share
  mkdir -p /usr/share/prometheus
  ln -s "$0/alertmanager.share" /usr/share/prometheus/alertmanager
  exec "$@"' "$here" "$here/alertmanager.program" "$@"
