{{- define "tokenwarden.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{/* At most 52 characters, so that what is appended (-0 of a pod, -test, a revision) fits into 63. */}}
{{- define "tokenwarden.fullname" -}}
{{- $name := include "tokenwarden.name" . -}}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- .Values.fullnameOverride | default $full | trunc 52 | trimSuffix "-" -}}
{{- end }}

{{- define "tokenwarden.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace -}}
{{- end }}

{{- define "tokenwarden.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tokenwarden.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tokenwarden.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "tokenwarden.selectorLabels" . }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The metadata of most objects. */}}
{{- define "tokenwarden.metadata" -}}
name: {{ include "tokenwarden.fullname" . }}
namespace: {{ include "tokenwarden.namespace" . }}
labels:
  {{- include "tokenwarden.labels" . | nindent 2 }}
{{- end }}

{{- define "tokenwarden.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "tokenwarden.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end }}

{{- define "tokenwarden.claimName" -}}
{{- .Values.persistence.existingClaim | default (include "tokenwarden.fullname" .) -}}
{{- end }}

{{/* The facts of _agent.tpl for this release, after the checks that only this chart can make. */}}
{{- define "tokenwarden.facts" -}}
{{- $state := dig "state" dict (.Values.config | default dict) -}}
{{- $onServer := or (hasKey $state "vault") (hasKey $state "kubernetes") -}}
{{- $mounts := list (dict "path" (include "tokenwarden.agent.stateDirectory" .) "readOnly" $onServer) (dict "path" "/run/secrets/tokenwarden" "readOnly" true) (dict "path" "/var/run/secrets" "readOnly" true) -}}
{{- range .Values.extraVolumeMounts -}}
{{- $mounts = append $mounts (dict "path" .mountPath "readOnly" (.readOnly | default false)) -}}
{{- end -}}
{{- $facts := include "tokenwarden.agent.facts" (dict "values" .Values "name" (include "tokenwarden.fullname" .) "namespace" (include "tokenwarden.namespace" .) "shards" .Values.shards "mounts" $mounts) -}}
{{- if and (gt (int .Values.replicaCount) 1) (not $onServer) -}}
{{- fail (printf "replicaCount is %d, and one volume serves one agent: set config.state.kubernetes or config.state.vault so that replicas share the state, or replicaCount=1" (int .Values.replicaCount)) -}}
{{- end -}}
{{- if and .Values.podMonitor.enabled .Values.serviceMonitor.enabled -}}
{{- fail "podMonitor.enabled and serviceMonitor.enabled would both scrape every pod: keep one" -}}
{{- end -}}
{{- range $switch, $kind := dict "podMonitor" "PodMonitor" "serviceMonitor" "ServiceMonitor" "prometheusRule" "PrometheusRule" -}}
{{- if (get $.Values $switch).enabled -}}
{{- include "tokenwarden.agent.checkApi" (dict "capabilities" $.Capabilities "api" (printf "monitoring.coreos.com/v1/%s" $kind) "what" (printf "%s.enabled" $switch)) -}}
{{- end -}}
{{- end -}}
{{- $facts -}}
{{- end }}
