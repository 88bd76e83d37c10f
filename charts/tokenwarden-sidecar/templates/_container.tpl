{{/*
The agent's container and the volumes it needs. tokenwarden-sidecar carries a copy of this file (written by `make docs`).

A "part" is a dict: values and facts (see _agent.tpl), appVersion, container (its name), portName, prefix (of the names
of volumes), configMap, serviceToken (false: the pod mounts its own), once (true: one pass, then exit).
*/}}

{{- define "tokenwarden.agent.image" -}}
{{- $image := .values.image -}}
{{- $name := ternary (printf "%s/%s" $image.registry $image.repository) $image.repository (not (empty $image.registry)) -}}
{{- if $image.digest -}}{{ $name }}@{{ $image.digest }}{{- else -}}{{ $name }}:{{ $image.tag | default .appVersion }}{{- end -}}
{{- end }}

{{/* probe, port -> an HTTP probe; a probe of null: none. */}}
{{- define "tokenwarden.agent.probe" -}}
httpGet:
  path: {{ .probe.path }}
  port: {{ .port }}
{{ toYaml (omit .probe "path") }}
{{- end }}

{{- define "tokenwarden.agent.container" -}}
name: {{ .container }}
image: {{ include "tokenwarden.agent.image" . | quote }}
imagePullPolicy: {{ .values.image.pullPolicy }}
{{- with .restartPolicy }}
restartPolicy: {{ . }}
{{- end }}
args:
  - --config
  - /etc/tokenwarden/tokenwarden.yaml
  {{- if .once }}
  - --once
  {{- end }}
  {{- range .values.extraArgs }}
  - {{ . | quote }}
  {{- end }}
env:
  {{- range $name, $field := dict "POD_NAME" "metadata.name" "POD_NAMESPACE" "metadata.namespace" "POD_UID" "metadata.uid" }}
  - name: {{ $name }}
    valueFrom:
      fieldRef:
        fieldPath: {{ $field }}
  {{- end }}
  {{- range $name, $value := .values.env }}
  - name: {{ $name }}
    {{- if kindIs "map" $value }}
    valueFrom:
      {{- toYaml $value | nindent 6 }}
    {{- else }}
    value: {{ $value | quote }}
    {{- end }}
  {{- end }}
{{- with .values.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if not .once }}
ports:
  - name: {{ .portName }}
    containerPort: {{ .facts.port }}
    protocol: TCP
{{- range $kind := list "startup" "readiness" "liveness" }}
{{- with get $.values.probes $kind }}
{{ $kind }}Probe:
  {{- include "tokenwarden.agent.probe" (dict "probe" . "port" $.portName) | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
{{- with .values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .values.securityContext | nindent 2 }}
volumeMounts:
  - name: {{ .prefix }}config
    mountPath: /etc/tokenwarden
    readOnly: true
  - name: {{ .prefix }}run
    mountPath: /run/tokenwarden
  {{- if .facts.keySecret }}
  - name: {{ .prefix }}state-key
    mountPath: {{ include "tokenwarden.agent.keyDirectory" . }}
    readOnly: true
  {{- end }}
  {{- if not .facts.onServer }}
  - name: {{ .prefix }}state
    mountPath: {{ include "tokenwarden.agent.stateDirectory" . }}
  {{- end }}
  {{- if .facts.usesApi }}
  - name: {{ .prefix }}api-token
    mountPath: /var/run/secrets/kubernetes.io/serviceaccount
    readOnly: true
  {{- end }}
  {{- if .values.vaultAudience }}
  - name: {{ .prefix }}vault-token
    mountPath: {{ include "tokenwarden.agent.vaultTokenDirectory" . }}
    readOnly: true
  {{- end }}
  {{- with .values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* The pod's own token is mounted by hand: into this container only, and short-lived. */}}
{{- define "tokenwarden.agent.volumes" -}}
- name: {{ .prefix }}config
  configMap:
    name: {{ .configMap }}
- name: {{ .prefix }}run
  emptyDir:
    medium: Memory
    sizeLimit: 1Mi
{{- with .facts.keySecret }}
- name: {{ $.prefix }}state-key
  secret:
    secretName: {{ . }}
    defaultMode: 0440
    items:
      - key: {{ $.values.stateKey.key }}
        path: key
{{- end }}
{{- if .facts.usesApi }}
- name: {{ .prefix }}api-token
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: 3600
      - configMap:
          name: kube-root-ca.crt
          items:
            - key: ca.crt
              path: ca.crt
      - downwardAPI:
          items:
            - path: namespace
              fieldRef:
                fieldPath: metadata.namespace
{{- end }}
{{- with .values.vaultAudience }}
- name: {{ $.prefix }}vault-token
  projected:
    defaultMode: 0440
    sources:
      - serviceAccountToken:
          path: token
          audience: {{ . | quote }}
          expirationSeconds: 600
{{- end }}
{{- with .values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* values (of the monitor), port -> one endpoint of a PodMonitor or ServiceMonitor. */}}
{{- define "tokenwarden.agent.endpoint" -}}
port: {{ .port }}
path: /metrics
{{- with .values.interval }}
interval: {{ . }}
{{- end }}
{{- with .values.scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
relabelings:
  # The alerting rules look for this job, whatever the release is called.
  - targetLabel: job
    replacement: tokenwarden
  {{- with .values.relabelings }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .values.metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
