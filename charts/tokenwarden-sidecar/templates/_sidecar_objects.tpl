{{/* The objects that the agent of a workload needs, each behind a line of three dashes. */}}
{{- define "tokenwarden-sidecar.objects" -}}
{{- $in := . -}}
{{- $labels := dict "app.kubernetes.io/managed-by" .root.Release.Service "app.kubernetes.io/instance" .root.Release.Name "app.kubernetes.io/component" "tokenwarden" }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .name }}
  namespace: {{ .namespace }}
  labels:
    {{- toYaml $labels | nindent 4 }}
data:
  tokenwarden.yaml: |
    {{- toYaml .facts.config | nindent 4 }}
{{- range .facts.leases }}
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata:
  name: {{ .name }}
  namespace: {{ .namespace }}
  labels:
    {{- toYaml $labels | nindent 4 }}
{{- end }}
{{- if .values.rbac.create }}
{{- range .facts.roles }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ $in.name }}
  namespace: {{ .namespace }}
  labels:
    {{- toYaml $labels | nindent 4 }}
rules:
  {{- toYaml .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $in.name }}
  namespace: {{ .namespace }}
  labels:
    {{- toYaml $labels | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ $in.name }}
subjects:
  - kind: ServiceAccount
    name: {{ $in.serviceAccount }}
    namespace: {{ $in.namespace }}
{{- end }}
{{- end }}
{{- with .values.podMonitor }}
{{- if .enabled }}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: {{ $in.name }}
  namespace: {{ .namespace | default $in.namespace }}
  labels:
    {{- toYaml (merge (dict) .labels $labels) | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  selector:
    matchLabels:
      {{- toYaml $in.podLabels | nindent 6 }}
  namespaceSelector:
    matchNames:
      - {{ $in.namespace }}
  podMetricsEndpoints:
    - {{ include "tokenwarden.agent.endpoint" (dict "values" . "port" "tokenwarden") | nindent 6 | trim }}
{{- end }}
{{- end }}
{{- end }}
