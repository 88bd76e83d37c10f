#!/usr/bin/env bash
# build.sh: builds the real servers and tools that tests run against, from pinned Go modules and Debian packages.
#
#   build.sh [GROUP...]       builds what is not there yet; without arguments what `make test` needs; `all` is everything
#   build.sh --bin TOOL       prints the path of a tool, whether or not it is built yet
#   build.sh --prefix GROUP   prints the directory of a group's tools, the same way
#   build.sh --list           prints each tool with its group
#
# Everything is kept outside the tree, one directory per group, named by the hash of what it is made from, so that a
# second run takes a second and a changed version leads to a new build. To build again, remove the directory.
# What Go compiles on the way goes when the build is done; the modules stay in Go's own cache (GOMODCACHE).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly cache=${TOKENWARDEN_SERVERS_DIR:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/tokenwarden/servers}
readonly toolchain=go1.26.6

# tool, group, package; `deb:` is a Debian package that is unpacked, not installed.
readonly tools="
toxiproxy-server              net        github.com/Shopify/toxiproxy/v2/cmd/server
toxiproxy-cli                 net        github.com/Shopify/toxiproxy/v2/cmd/cli
etcd                          etcd       go.etcd.io/etcd/server/v3
kube-apiserver                kube       k8s.io/kubernetes/cmd/kube-apiserver
kubectl                       kube       k8s.io/kubernetes/cmd/kubectl
vault                         vault      github.com/hashicorp/vault
vault-plugin-auth-kubernetes  vault      github.com/hashicorp/vault-plugin-auth-kubernetes/cmd/vault-plugin-auth-kubernetes
helm                          charts     helm.sh/helm/v4/cmd/helm
kubeconform                   charts     github.com/yannh/kubeconform/cmd/kubeconform
kustomize                     kustomize  sigs.k8s.io/kustomize/kustomize/v5
helm-unittest                 unittest   github.com/helm-unittest/helm-unittest/cmd/helm-unittest
prometheus                    prom       deb:prometheus:usr/bin/prometheus
promtool                      prom       deb:prometheus:usr/bin/promtool
alertmanager                  prom       deb:prometheus-alertmanager:usr/bin/prometheus-alertmanager
amtool                        prom       deb:prometheus-alertmanager:usr/bin/amtool
containerd                    node       deb:containerd:usr/bin/containerd
containerd-shim-runc-v2       node       deb:containerd:usr/bin/containerd-shim-runc-v2
ctr                           node       deb:containerd:usr/bin/ctr
runc                          node       deb:runc:usr/sbin/runc
bridge                        node       deb:containernetworking-plugins:usr/lib/cni/bridge
host-local                    node       deb:containernetworking-plugins:usr/lib/cni/host-local
loopback                      node       deb:containernetworking-plugins:usr/lib/cni/loopback
busybox                       node       deb:busybox-static:bin/busybox
kube-controller-manager       node       k8s.io/kubernetes/cmd/kube-controller-manager
kube-scheduler                node       k8s.io/kubernetes/cmd/kube-scheduler
kubelet                       node       k8s.io/kubernetes/cmd/kubelet
"
# The small ones first: most suites can start early. A whole node is for `make e2e` only.
readonly groups="net etcd prom kube vault charts kustomize unittest"
readonly all_groups="$groups node"
readonly go_cache=$cache/go-build

kube_version=$(sed -n 's/^require k8s.io\/kubernetes v//p; s/^\tk8s.io\/kubernetes v\([^ ]*\).*/\1/p' "$here/kube/go.mod" | head -n 1)
readonly kube_version

say() { printf 'servers: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

rows_of() { awk -v group="$1" '$2 == group' <<<"$tools"; }
# The directory with a group's go.mod.
module_of() { if [[ $1 == node ]]; then echo "$here/kube"; else echo "$here/$1"; fi; }

# Everything that decides what comes out; raise `recipe` when build_go or build_deb change that.
hash_of() {
  {
    echo "recipe 1 $toolchain $(uname -m) $(ldflags_of "$1")"
    rows_of "$1"
    cat "$(module_of "$1")/go.mod" "$(module_of "$1")/go.sum" 2>/dev/null || true
    [[ $1 != prom ]] || cat "$here/alertmanager.sh"
  } | sha256sum | cut -c1-16
}

prefix_of() { echo "$cache/$1-$(hash_of "$1")"; }

# Version strings that kubectl, Helm and nodes show and compare.
ldflags_of() {
  case $1 in
    kube | node)
      local base=k8s.io/component-base/version
      echo "-s -w -X $base.gitVersion=v$kube_version -X $base.gitMajor=${kube_version%%.*} -X $base.gitMinor=$(cut -d. -f2 <<<"$kube_version") -X $base.gitTreeState=clean" ;;
    *) echo "-s -w" ;;
  esac
}

build_go() {
  local group=$1 out=$2 go
  go=$("$here/find-go.sh" "$cache")
  export GOTOOLCHAIN=$toolchain+auto GOFLAGS="-mod=readonly -buildvcs=false" CGO_ENABLED=0 GOWORK=off GOCACHE=$go_cache
  cd "$(module_of "$group")"
  local try tool package
  for try in again again last; do
    "$go" mod download >&2 && break
    [[ $try == again ]] || die "the modules of $group could not be fetched; is the Go module proxy reachable (go env GOPROXY)?"
  done
  while read -r tool _ package; do
    local -a tags=()
    [[ $tool == vault ]] && tags=(-tags minimal)
    "$go" build -trimpath "${tags[@]}" -ldflags "$(ldflags_of "$group")" -o "$out/$tool" "$package" >&2
  done < <(rows_of "$group" | grep -v deb:)
}

build_deb() {
  local group=$1 out=$2 work tool package spec path
  work=$(mktemp -d)
  while read -r tool _ package; do
    IFS=: read -r _ spec path <<<"$package"
    if ! [[ -d $work/$spec ]]; then
      (cd "$work" && apt-get -q -o APT::Sandbox::User= download "$spec" >&2 && dpkg -x "$spec"_*.deb "$spec")
    fi
    cp "$work/$spec/$path" "$out/$tool"
  done < <(rows_of "$group" | grep deb:)
  if [[ $group == prom ]]; then
    # Debian's Alertmanager finds its templates in one place only: it gets a /usr/share of its own.
    cp -r "$work/prometheus-alertmanager/usr/share/prometheus/alertmanager" "$out/alertmanager.share"
    mv "$out/alertmanager" "$out/alertmanager.program"
    cp "$here/alertmanager.sh" "$out/alertmanager"
  fi
  rm -rf "$work"
}

# Into cpu_now: the seconds of processor time of everything that this shell (and no subshell) has waited for.
look_at_cpu() {
  times >"$cache/times.$$"
  cpu_now=$(awk 'NR == 2 { for (i = 1; i <= 2; ++i) { split($i, t, /[ms]/); sum += t[1] * 60 + t[2] } printf "%d", sum }' "$cache/times.$$")
  rm -f "$cache/times.$$"
}

build_group() {
  local group=$1 prefix started=$SECONDS cpu
  prefix=$(prefix_of "$group")
  [[ -d $prefix ]] && return
  mkdir -p "$cache"
  exec 9>"$cache/$group.lock"
  flock -n 9 || { say "another build of $group is running; waiting for it"; flock 9; }
  [[ -d $prefix ]] && return
  say "building $group: $(rows_of "$group" | awk '{ printf "%s%s", (NR > 1 ? ", " : ""), $1 }')"
  local part=$prefix.part
  rm -rf "$part"
  mkdir -p "$part"
  look_at_cpu
  cpu=$cpu_now
  [[ $(rows_of "$group") != *deb:* ]] || build_deb "$group" "$part"
  if rows_of "$group" | grep -qv deb:; then
    exec 8>"$go_cache.lock"
    flock -s 8
    (build_go "$group" "$part")
  fi
  mv "$part" "$prefix"
  exec 9>&-
  look_at_cpu
  say "$group done after $((SECONDS - started)) s ($((cpu_now - cpu)) s of processor time, $(du -sm "$prefix" | cut -f1) MB)"
}

# Unless another build uses it.
drop_go_cache() {
  [[ -d $go_cache ]] || return 0
  exec 8>"$go_cache.lock"
  ! flock -n 8 || rm -rf "$go_cache"
}

case ${1:-} in
  --bin)
    group=$(awk -v tool="${2:?build.sh --bin: which tool?}" '$1 == tool { print $2 }' <<<"$tools")
    [[ -n $group ]] || die "no tool named $2; see build.sh --list"
    echo "$(prefix_of "$group")/$2"
    ;;
  --prefix)
    [[ " $all_groups " == *" ${2:?build.sh --prefix: which group?} "* ]] || die "no group named $2; known are: $all_groups"
    prefix_of "$2"
    ;;
  --list) awk 'NF { print $1, $2 }' <<<"$tools" ;;
  --*) die "unknown option $1" ;;
  *)
    # shellcheck disable=SC2086
    [[ $* != all ]] || set -- $all_groups
    # shellcheck disable=SC2086
    for group in ${*:-$groups}; do
      [[ " $all_groups " == *" $group "* ]] || die "no group named $group; known are: all $all_groups"
      build_group "$group"
    done
    drop_go_cache
    ;;
esac
