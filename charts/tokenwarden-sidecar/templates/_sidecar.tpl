{{/*
The one include of this chart:

  {{ include "tokenwarden-sidecar.with" (list . "shop.deployment") }}

renders the template "shop.deployment", which must make one workload, adds the agent to its pods, and follows it with the
objects that the agent needs. The values are those of this chart under its name, or under a third element of the list
(the alias of the dependency).
*/}}
{{- define "tokenwarden-sidecar.with" -}}
{{- $root := index . 0 -}}
{{- $template := index . 1 -}}
{{- $key := gt (len .) 2 | ternary (last .) "tokenwarden-sidecar" -}}
{{- if not (hasKey $root.Values $key) -}}
{{- fail (printf "tokenwarden-sidecar: there are no values under %s; name the dependency's alias as the third element of the list" $key) -}}
{{- end -}}
{{- $workload := include $template $root | fromYaml -}}
{{- if or (hasKey $workload "Error") (not (hasKey $workload "kind")) -}}
{{- fail (printf "tokenwarden-sidecar: the template %s does not make one Kubernetes object: %s" $template ($workload.Error | default "it has no kind")) -}}
{{- end -}}
{{- $values := get $root.Values $key -}}
{{- if $values.enabled -}}
{{- include "tokenwarden-sidecar.render" (dict "root" $root "key" $key "values" $values "workload" $workload) -}}
{{- else -}}
{{- $workload | toYaml -}}
{{- end -}}
{{- end }}

{{- define "tokenwarden-sidecar.render" -}}
{{- $name := printf "%s-tokenwarden" (.workload.metadata.name | trunc 50 | trimSuffix "-") -}}
{{- $namespace := .workload.metadata.namespace | default .root.Release.Namespace -}}
{{- $values := include "tokenwarden-sidecar.values" . | fromJson -}}
{{- $mounts := list (dict "path" $values.tokens.mountPath) (dict "path" "/var/lib/tokenwarden") (dict "path" "/run/secrets/tokenwarden" "readOnly" true) (dict "path" "/var/run/secrets" "readOnly" true) -}}
{{- range $values.extraVolumeMounts -}}
{{- $mounts = append $mounts (dict "path" .mountPath "readOnly" (.readOnly | default false)) -}}
{{- end -}}
{{- $facts := include "tokenwarden.agent.facts" (dict "values" $values "name" $name "namespace" $namespace "mounts" $mounts "prefix" (printf "%s." .key)) | fromJson -}}
{{- $in := dict "root" .root "key" .key "values" $values "workload" .workload "facts" $facts "name" $name "namespace" $namespace -}}
{{- $pod := include "tokenwarden-sidecar.podOf" .workload | fromJson -}}
{{- include "tokenwarden-sidecar.check" (merge (dict "pod" $pod) $in) -}}
{{- $filled := include "tokenwarden-sidecar.fill" (merge (dict "pod" $pod) $in) | fromJson -}}
{{- include "tokenwarden-sidecar.replacePod" (dict "workload" .workload "pod" $filled) | fromJson | toYaml -}}
{{- include "tokenwarden-sidecar.objects" (merge (dict "serviceAccount" ($pod.spec.serviceAccountName | default "default") "podLabels" ($pod.metadata.labels | default dict)) $in) -}}
{{- end }}

{{/* The values, where files in the shared directory may be read by the application's group. */}}
{{- define "tokenwarden-sidecar.values" -}}
{{- $values := deepCopy .values -}}
{{- range $credential := dig "config" "credentials" list $values -}}
{{- range $sink := $credential.sinks -}}
{{- if hasKey $sink "file" -}}
{{- $file := ternary (dict "path" $sink.file) $sink.file (kindIs "string" $sink.file) -}}
{{- if and (hasPrefix (printf "%s/" $values.tokens.mountPath) $file.path) (not (hasKey $file "mode")) -}}
{{- $_ := set $file "mode" "0640" -}}
{{- end -}}
{{- $_ := set $sink "file" $file -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $values | toJson -}}
{{- end }}

{{/* workload -> its pod template as JSON; a Pod is its own. */}}
{{- define "tokenwarden-sidecar.podOf" -}}
{{- if eq .kind "Pod" -}}{{ dict "metadata" .metadata "spec" .spec | toJson }}
{{- else if eq .kind "CronJob" -}}{{ .spec.jobTemplate.spec.template | toJson }}
{{- else if has .kind (list "Deployment" "StatefulSet" "DaemonSet" "ReplicaSet" "Job") -}}{{ .spec.template | toJson }}
{{- else -}}
{{- fail (printf "tokenwarden-sidecar: a %s has no pods; give it a Deployment, StatefulSet, DaemonSet, Job, CronJob or Pod" .kind) -}}
{{- end -}}
{{- end }}

{{- define "tokenwarden-sidecar.replacePod" -}}
{{- if eq .workload.kind "Pod" -}}
{{- $_ := set .workload "metadata" .pod.metadata -}}
{{- $_ := set .workload "spec" .pod.spec -}}
{{- else if eq .workload.kind "CronJob" -}}
{{- $_ := set .workload.spec.jobTemplate.spec "template" .pod -}}
{{- else -}}
{{- $_ := set .workload.spec "template" .pod -}}
{{- end -}}
{{- .workload | toJson -}}
{{- end }}

{{/* "yes" for a native sidecar, else nothing. */}}
{{- define "tokenwarden-sidecar.native" -}}
{{- $new := semverCompare ">=1.29.0-0" .root.Capabilities.KubeVersion.Version -}}
{{- if and (eq .values.native "always") (not $new) -}}
{{- fail (printf "%s.native is always, and Kubernetes %s has no native sidecars: they need 1.29; use auto" .key .root.Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- if and $new (ne .values.native "never") -}}yes{{- end -}}
{{- end }}

{{/* Adds the agent to the pod template: containers, volumes, annotation. */}}
{{- define "tokenwarden-sidecar.fill" -}}
{{- $in := . -}}
{{- $pod := .pod -}}
{{- $spec := $pod.spec -}}
{{- $part := dict "values" .values "facts" .facts "appVersion" (get .root.Subcharts .key).Chart.AppVersion "container" "tokenwarden" "portName" "tokenwarden" "prefix" "tokenwarden-" "configMap" .name -}}
{{- $shares := include "tokenwarden-sidecar.sharesFiles" . -}}
{{- $first := list -}}
{{- $beside := list -}}
{{- if and (eq .values.run "sidecar") (include "tokenwarden-sidecar.native" .) -}}
{{- $first = list (include "tokenwarden.agent.container" (merge (dict "restartPolicy" "Always") $part) | fromYaml) -}}
{{- else -}}
{{- $first = list (include "tokenwarden.agent.container" (merge (dict "once" true "container" "tokenwarden-once") $part) | fromYaml) -}}
{{- if eq .values.run "sidecar" -}}
{{- $beside = list (include "tokenwarden.agent.container" $part | fromYaml) -}}
{{- end -}}
{{- end -}}
{{- if $shares -}}
{{- $mount := dict "name" "tokenwarden-tokens" "mountPath" .values.tokens.mountPath -}}
{{- range concat $first $beside -}}
{{- $_ := set . "volumeMounts" (append .volumeMounts $mount) -}}
{{- end -}}
{{- range concat ($spec.initContainers | default list) $spec.containers -}}
{{- if or (not $in.values.tokens.containers) (has .name $in.values.tokens.containers) -}}
{{- $_ := set . "volumeMounts" (append (.volumeMounts | default list) (merge (dict "readOnly" true) $mount)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $_ := set $spec "initContainers" (concat $first ($spec.initContainers | default list)) -}}
{{- $_ := set $spec "containers" (concat $spec.containers $beside) -}}
{{- $volumes := include "tokenwarden.agent.volumes" $part | fromYamlArray -}}
{{- if not .facts.onServer -}}
{{- $state := dict "name" "tokenwarden-state" "emptyDir" dict -}}
{{- with .values.state.existingClaim -}}
{{- $state = dict "name" "tokenwarden-state" "persistentVolumeClaim" (dict "claimName" .) -}}
{{- end -}}
{{- $volumes = append $volumes $state -}}
{{- end -}}
{{- if $shares -}}
{{- $volumes = append $volumes (dict "name" "tokenwarden-tokens" "emptyDir" (dict "medium" "Memory" "sizeLimit" "1Mi")) -}}
{{- end -}}
{{- $_ := set $spec "volumes" (concat ($spec.volumes | default list) $volumes) -}}
{{- $security := $spec.securityContext | default dict -}}
{{- if not (hasKey $security "fsGroup") -}}{{- $_ := set $security "fsGroup" 65532 -}}{{- end -}}
{{- if and .values.state.existingClaim (not (hasKey $security "fsGroupChangePolicy")) -}}
{{- $_ := set $security "fsGroupChangePolicy" "OnRootMismatch" -}}{{/* else every start opens the state to the group */}}
{{- end -}}
{{- $_ := set $spec "securityContext" $security -}}
{{- $metadata := $pod.metadata | default dict -}}
{{- $_ := set $metadata "annotations" (merge (dict "checksum/tokenwarden" .facts.checksum) ($metadata.annotations | default dict)) -}}
{{- $_ := set $pod "metadata" $metadata -}}
{{- $pod | toJson -}}
{{- end }}

{{/* "yes" when a sink is a file in the shared directory, else nothing. */}}
{{- define "tokenwarden-sidecar.sharesFiles" -}}
{{- range .facts.config.credentials -}}
{{- range .sinks -}}
{{- $path := dig "file" "path" (dig "dotenv" "path" "" .) . -}}
{{- if hasPrefix (printf "%s/" $.values.tokens.mountPath) $path -}}yes{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}
