{{/*
What both charts know about the agent: how its configuration is completed, what it refers to, and what it may therefore
do. tokenwarden-sidecar carries a copy of this file (written by `make docs`).

A "scope" is a dict: values (of the agent), name and namespace (of what is rendered), shards (to be filled in; 0: no
Leases), mounts (volumes: path, readOnly), prefix (of the names of values in messages).
*/}}

{{- define "tokenwarden.agent.userId" -}}65532{{- end }}
{{/* A volume. Its own directory may be open to everybody; the agent makes one in it. */}}
{{- define "tokenwarden.agent.stateDirectory" -}}/var/lib/tokenwarden{{- end }}
{{- define "tokenwarden.agent.keyDirectory" -}}/run/secrets/tokenwarden/state-key{{- end }}
{{- define "tokenwarden.agent.vaultTokenDirectory" -}}/run/secrets/tokenwarden/vault{{- end }}

{{/* scope -> the configuration as the agent gets it: what was given, over what a pod needs. */}}
{{- define "tokenwarden.agent.config" -}}
{{- $given := .values.config | default dict | deepCopy -}}
{{- $state := $given.state | default dict -}}
{{- $onServer := or (hasKey $state "vault") (hasKey $state "kubernetes") -}}
{{- $config := dict "version" 1 "http" (dict "listen" "0.0.0.0:9464") "grpc" (dict "listen" "unix:///run/tokenwarden/agent.sock") -}}
{{- $ownState := dict -}}
{{- if not $onServer -}}
{{- $_ := set $ownState "path" (printf "%s/state/state.db" (include "tokenwarden.agent.stateDirectory" .)) -}}
{{- end -}}
{{- if .values.stateKey.existingSecret -}}
{{- $_ := set $ownState "key" (dict "file" (printf "%s/key" (include "tokenwarden.agent.keyDirectory" .))) -}}
{{- end -}}
{{- if hasKey $state "key" -}}
{{- $_ := unset $ownState "key" -}}
{{- end -}}
{{- $_ := set $config "state" $ownState -}}
{{- if and $onServer (.shards | default 0) -}}
{{- $_ := set $config "coordination" (dict "lease" (dict "name" .name "shards" .shards)) -}}
{{- end -}}
{{- $auth := dig "vault" "auth" "kubernetes" nil $given -}}
{{- if and .values.vaultAudience $auth (not (hasKey $auth "jwt_file")) -}}
{{- $_ := set $auth "jwt_file" (printf "%s/token" (include "tokenwarden.agent.vaultTokenDirectory" .)) -}}
{{- end -}}
{{- mergeOverwrite $config $given | toYaml -}}
{{- end }}

{{/* place, namespace -> NAMESPACE/NAME of a Secret, written in any of its forms. */}}
{{- define "tokenwarden.agent.secretName" -}}
{{- if kindIs "string" .place -}}
{{- $name := regexReplaceAll "#.*$" .place "" -}}
{{- if contains "/" $name -}}{{ $name }}{{- else -}}{{ .namespace }}/{{ $name }}{{- end -}}
{{- else -}}
{{- .place.namespace | default .namespace }}/{{ .place.secret -}}
{{- end -}}
{{- end }}

{{/*
node, use, owner, namespace, found -> nothing; adds to the lists of `found` whatever the configuration refers to:
  secrets   {use, at}: a Secret and what is done with it: read, source, sink or state
  workloads {kind, at}: what is restarted
  env       {name, owner}
  files     {use, path, owner}
*/}}
{{- define "tokenwarden.agent.walk" -}}
{{- $in := . -}}
{{- if kindIs "slice" .node -}}
{{- range .node -}}
{{- $owner := $in.owner -}}
{{- if and (kindIs "map" .) (eq $in.use "credentials") -}}{{- $owner = printf "credential %v" .name -}}{{- end -}}
{{- $use := ternary "read" $in.use (eq $in.use "credentials") -}}
{{- include "tokenwarden.agent.walk" (dict "node" . "use" $use "owner" $owner "namespace" $in.namespace "found" $in.found) -}}
{{- end -}}
{{- else if kindIs "map" .node -}}
{{- $uses := dict "sinks" "sink" "source" "source" "state" "state" "key" "read" "auth" "read" "meta" "read" "credentials" "credentials" -}}
{{- range $key, $value := .node -}}
{{- $isText := kindIs "string" $value -}}
{{- $isMap := kindIs "map" $value -}}
{{- if eq $key "labels" -}}
{{- else if and (eq $key "kubernetes") (or $isText (and $isMap (hasKey $value "secret"))) -}}
{{- $at := include "tokenwarden.agent.secretName" (dict "place" $value "namespace" $in.namespace) -}}
{{- $_ := set $in.found "secrets" (append $in.found.secrets (dict "use" $in.use "at" $at)) -}}
{{- else if and (eq $key "kubernetes_rollout") $isMap -}}
{{- range $kind, $plural := dict "deployment" "deployments" "statefulset" "statefulsets" "daemonset" "daemonsets" -}}
{{- with get $value $kind -}}
{{- $at := printf "%s/%s" ($value.namespace | default $in.namespace) . -}}
{{- $_ := set $in.found "workloads" (append $in.found.workloads (dict "kind" $plural "at" $at)) -}}
{{- end -}}
{{- end -}}
{{- else if and (eq $key "env") $isText -}}
{{- $_ := set $in.found "env" (append $in.found.env (dict "name" $value "owner" $in.owner)) -}}
{{- else if and (has $key (list "file" "ca_file" "token_file" "jwt_file" "cert_file" "key_file" "wrapped_file")) $isText -}}
{{- $use := ternary "sink" $in.use (eq $key "wrapped_file") -}}
{{- $_ := set $in.found "files" (append $in.found.files (dict "use" $use "path" $value "owner" $in.owner)) -}}
{{- else if and (has $key (list "file" "dotenv")) $isMap -}}
{{- $_ := set $in.found "files" (append $in.found.files (dict "use" $in.use "path" $value.path "owner" $in.owner)) -}}
{{- else -}}
{{- include "tokenwarden.agent.walk" (dict "node" $value "use" (get $uses $key | default $in.use) "owner" $in.owner "namespace" $in.namespace "found" $in.found) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* rules, namespace, group, resource, verbs, name -> nothing; grants it. An empty name: every object. */}}
{{- define "tokenwarden.agent.grant" -}}
{{- $inNamespace := get .rules .namespace | default dict -}}
{{- $key := printf "%s|%s|%s" .group .resource .verbs -}}
{{- $names := get $inNamespace $key | default list -}}
{{- if .name -}}{{- $names = append $names .name | uniq | sortAlpha -}}{{- end -}}
{{- $_ := set $inNamespace $key $names -}}
{{- $_ := set .rules .namespace $inNamespace -}}
{{- end }}

{{/* scope, config, found, leases -> the least that the API server must allow, as a list of {namespace, rules}. */}}
{{- define "tokenwarden.agent.roles" -}}
{{- $in := . -}}
{{- $rules := dict -}}
{{- $verbs := dict "read" "get" "source" "get,watch" "sink" "get,watch,create,patch" "state" "get,create,patch" -}}
{{- $uses := dict -}}
{{- range $use := list "read" "source" "state" "sink" -}}{{/* a later use needs what an earlier one needs */}}
{{- range $in.found.secrets -}}
{{- if eq .use $use -}}{{- $_ := set $uses .at $use -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- range $secret, $use := $uses -}}
{{- $at := splitList "/" $secret -}}
{{- include "tokenwarden.agent.grant" (dict "rules" $rules "namespace" (first $at) "group" "" "resource" "secrets" "verbs" (get $verbs $use) "name" (last $at)) -}}
{{- if eq $use "sink" -}}
{{- include "tokenwarden.agent.grant" (dict "rules" $rules "namespace" (first $at) "group" "events.k8s.io" "resource" "events" "verbs" "create" "name" "") -}}
{{- end -}}
{{- end -}}
{{- range .found.workloads -}}
{{- $at := splitList "/" .at -}}
{{- include "tokenwarden.agent.grant" (dict "rules" $rules "namespace" (first $at) "group" "apps" "resource" .kind "verbs" "get,patch" "name" (last $at)) -}}
{{- end -}}
{{- range .leases -}}
{{- include "tokenwarden.agent.grant" (dict "rules" $rules "namespace" .namespace "group" "coordination.k8s.io" "resource" "leases" "verbs" "get,update" "name" .name) -}}
{{- end -}}
{{- if $rules -}}
{{- include "tokenwarden.agent.grant" (dict "rules" $rules "namespace" .namespace "group" "events.k8s.io" "resource" "events" "verbs" "create" "name" "") -}}
{{- end -}}
{{- $roles := list -}}
{{- range $namespace, $byKey := $rules -}}
{{- $list := list -}}
{{- range $key, $names := $byKey -}}
{{- $parts := splitList "|" $key -}}
{{- $rule := dict "apiGroups" (list (index $parts 0)) "resources" (list (index $parts 1)) "verbs" (splitList "," (index $parts 2)) -}}
{{- if $names -}}{{- $_ := set $rule "resourceNames" $names -}}{{- end -}}
{{- $list = append $list $rule -}}
{{- end -}}
{{- $roles = append $roles (dict "namespace" $namespace "rules" $list) -}}
{{- end -}}
{{- $roles | toJson -}}
{{- end }}

{{/*
scope -> JSON of everything that the templates need:
  config, checksum   the completed configuration
  onServer           the state is in Vault or in a Secret, so that replicas can share it
  keySecret          name of the Secret with the state key, to be mounted; empty: the configuration names the key
  port               of metrics and probes
  leases, roles      {namespace, name} and {namespace, rules}
  usesApi            the pod needs a token for the API server
  outside            ports beside 53 and 443 that are connected to
*/}}
{{- define "tokenwarden.agent.facts" -}}
{{- include "tokenwarden.agent.checkGiven" . -}}
{{- $text := include "tokenwarden.agent.config" . -}}
{{- $config := $text | fromYaml -}}
{{- $namespace := dig "kubernetes" "namespace" .namespace $config -}}
{{- $found := dict "secrets" list "workloads" list "env" list "files" list -}}
{{- include "tokenwarden.agent.walk" (dict "node" $config "use" "read" "owner" "the configuration" "namespace" $namespace "found" $found) -}}
{{- $leases := list -}}
{{- with dig "coordination" "lease" nil $config -}}
{{- $lease := . -}}
{{- range $shard := until (int (.shards | default 1)) -}}
{{- $leases = append $leases (dict "namespace" ($lease.namespace | default $namespace) "name" (printf "%s-%d" $lease.name $shard)) -}}
{{- end -}}
{{- end -}}
{{- $roles := include "tokenwarden.agent.roles" (dict "namespace" .namespace "found" $found "leases" $leases) | fromJsonArray -}}
{{- $onServer := or (hasKey $config.state "vault") (hasKey $config.state "kubernetes") -}}
{{- $usesVault := regexMatch "(?m)^ *(- )?vault:" $text -}}
{{- $auth := dig "vault" "auth" dict $config -}}
{{- $showsToken := or (not $auth) (and (hasKey $auth "kubernetes") (not (hasKey $auth.kubernetes "jwt_file"))) -}}
{{- $outside := list -}}
{{- if $usesVault -}}
{{- $outside = append $outside (regexFind ":[0-9]+" (dig "vault" "address" ":8200" $config) | trimPrefix ":" | default "443" | int) -}}
{{- end -}}
{{- $facts := dict "config" $config "checksum" (sha256sum $text) "onServer" $onServer "leases" $leases "roles" $roles "outside" $outside -}}
{{- $_ := set $facts "keySecret" (ternary "" .values.stateKey.existingSecret (hasKey (dig "state" dict (.values.config | default dict)) "key")) -}}
{{- $_ := set $facts "port" (regexFind "[0-9]+$" $config.http.listen | int) -}}
{{- $_ := set $facts "usesApi" (or (not (empty $roles)) (and $usesVault $showsToken)) -}}
{{- $_ := set $facts "renews" false -}}
{{- range $config.credentials -}}
{{- if dig "renew" "enabled" true . -}}{{- $_ := set $facts "renews" true -}}{{- end -}}
{{- end -}}
{{- include "tokenwarden.agent.checkComplete" (dict "values" .values "mounts" .mounts "prefix" .prefix "facts" $facts "found" $found) -}}
{{- $facts | toJson -}}
{{- end }}
