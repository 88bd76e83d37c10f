{{/* What only a sidecar can get wrong. */}}
{{- define "tokenwarden-sidecar.check" -}}
{{- $in := . -}}
{{- $spec := .workload.spec -}}
{{- $config := .facts.config -}}
{{- $isJob := has .workload.kind (list "Job" "CronJob") -}}
{{- $replaces := and (eq .workload.kind "Deployment") (ne (dig "strategy" "type" "RollingUpdate" $spec) "Recreate") -}}
{{- $many := or (eq .workload.kind "DaemonSet") $isJob $replaces (gt (int (dig "replicas" 1 $spec)) 1) -}}
{{- range $config.credentials -}}
{{- $renews := dig "renew" "enabled" true . -}}
{{- if and $renews (not $in.facts.onServer) (not $in.values.state.existingClaim) -}}
{{- fail (printf "%s: credential %s may be renewed in this pod, and the state, perhaps with the only copy of the new value, would end with the pod; set config.state.kubernetes, config.state.vault or state.existingClaim, or renew: {enabled: false} where another agent renews it" $in.key .name) -}}
{{- end -}}
{{- if and $renews $many (not (hasKey $config "coordination")) -}}
{{- fail (printf "%s: pods of the %s %s may run at the same time, and each would renew credential %s; set renew: {enabled: false} and let one agent renew it (chart tokenwarden), or config.coordination.lease, or one replica with strategy Recreate" $in.key $in.workload.kind $in.workload.metadata.name .name) -}}
{{- end -}}
{{- end -}}
{{- if and (hasKey $config "coordination") (include "tokenwarden-sidecar.sharesFiles" .) -}}
{{- fail (printf "%s: with config.coordination only the holder of the lease writes, so the files of the other pods would be missing; publish to a Secret: {kubernetes: SECRET#KEY}" .key) -}}
{{- end -}}
{{- if and $isJob (eq .values.run "sidecar") (not (include "tokenwarden-sidecar.native" .)) -}}
{{- fail (printf "%s: a plain container beside a Job would keep it from ever ending; set %s.run=once" .key .key) -}}
{{- end -}}
{{- if .values.podMonitor.enabled -}}
{{- include "tokenwarden.agent.checkApi" (dict "capabilities" .root.Capabilities "api" "monitoring.coreos.com/v1/PodMonitor" "what" (printf "%s.podMonitor.enabled" .key)) -}}
{{- end -}}
{{- end }}
