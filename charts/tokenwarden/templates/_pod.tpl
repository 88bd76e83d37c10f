{{/* root, facts -> the template of the agent's pods. */}}
{{- define "tokenwarden.podTemplate" -}}
{{- $values := .root.Values -}}
{{- $part := dict "values" $values "facts" .facts "appVersion" .root.Chart.AppVersion "container" "tokenwarden" "portName" "http" "prefix" "" "configMap" (include "tokenwarden.fullname" .root) -}}
metadata:
  labels:
    {{- include "tokenwarden.selectorLabels" .root | nindent 4 }}
    app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
    {{- with merge (dict) $values.podLabels $values.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/config: {{ .facts.checksum }}
    kubectl.kubernetes.io/default-container: tokenwarden
    {{- with $values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "tokenwarden.serviceAccountName" .root }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $values.terminationGracePeriodSeconds }}
  securityContext:
    {{- toYaml $values.podSecurityContext | nindent 4 }}
  {{- range $key := list "imagePullSecrets" "hostAliases" "dnsPolicy" "dnsConfig" "priorityClassName" "nodeSelector" "affinity" "tolerations" }}
  {{- with get $values $key }}
  {{ $key }}:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- $overNodes := list (dict "maxSkew" 1 "topologyKey" "kubernetes.io/hostname" "whenUnsatisfiable" "ScheduleAnyway") }}
  {{- with $values.topologySpreadConstraints | default (ternary $overNodes list .facts.onServer) }}
  topologySpreadConstraints:
    {{- $selector := dict "labelSelector" (dict "matchLabels" (include "tokenwarden.selectorLabels" $.root | fromYaml)) }}
    {{- range . }}
    - {{ merge (dict) . $selector | toYaml | nindent 6 | trim }}
    {{- end }}
  {{- end }}
  containers:
    - {{ include "tokenwarden.agent.container" $part | nindent 6 | trim }}
  volumes:
    {{- if not .facts.onServer }}
    - name: state
      {{- if $values.persistence.enabled }}
      persistentVolumeClaim:
        claimName: {{ include "tokenwarden.claimName" .root }}
      {{- else }}
      emptyDir: {}
      {{- end }}
    {{- end }}
    {{- include "tokenwarden.agent.volumes" $part | nindent 4 }}
{{- end }}
