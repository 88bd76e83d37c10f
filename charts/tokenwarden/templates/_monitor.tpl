{{/* root, values -> metadata of an object that a monitoring system looks for by namespace and labels. */}}
{{- define "tokenwarden.monitoringMetadata" -}}
name: {{ .name | default (include "tokenwarden.fullname" .root) }}
namespace: {{ .values.namespace | default (include "tokenwarden.namespace" .root) }}
labels:
  {{- include "tokenwarden.labels" .root | nindent 2 }}
  {{- with .values.labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .values.annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "tokenwarden.monitorSelector" -}}
selector:
  matchLabels:
    {{- include "tokenwarden.selectorLabels" . | nindent 4 }}
namespaceSelector:
  matchNames:
    - {{ include "tokenwarden.namespace" . }}
{{- end }}
