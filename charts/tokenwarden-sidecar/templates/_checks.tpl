{{/*
What is refused before anything is installed, each with a sentence that says what to do. tokenwarden-sidecar carries a
copy of this file (written by `make docs`). No message repeats a value: it might be a secret.
*/}}

{{- define "tokenwarden.agent.secretSentence" -}}
a reference, never the secret itself: keep the value in a Kubernetes Secret and write {kubernetes: SECRET#KEY}
{{- end }}

{{/* scope -> nothing; what can be seen before the configuration is completed. */}}
{{- define "tokenwarden.agent.checkGiven" -}}
{{- $prefix := .prefix | default "" -}}
{{- $config := .values.config | default dict -}}
{{- if not $config.credentials -}}
{{- fail (printf "%sconfig.credentials is missing: name at least one credential, in the YAML of the agent's configuration file; README.md of the chart has an example" $prefix) -}}
{{- end -}}
{{- $names := list -}}
{{- range $config.credentials -}}
{{- if has .name $names -}}
{{- fail (printf "%sconfig.credentials: two credentials are named %s; status, metrics and the state tell them apart by name: rename one" $prefix .name) -}}
{{- end -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- $literal := regexFind "(?m)^[ -]*(app_secret|token|parent_token|role_id|secret_id|jwt): *[^ \n{]" (toYaml $config) | trimAll " -" | regexFind "^[a-z_]+" -}}
{{- if and (not $literal) (kindIs "string" (dig "state" "key" nil $config)) -}}{{- $literal = "state.key" -}}{{- end -}}
{{- if $literal -}}
{{- fail (printf "%sconfig: %s must be %s" $prefix $literal (include "tokenwarden.agent.secretSentence" .)) -}}
{{- end -}}
{{- if regexMatch "EAA[A-Za-z0-9]{24,}|hv[sbr]\\.[A-Za-z0-9_-]{24,}|BEGIN [A-Z ]*PRIVATE KEY" (toJson .values) -}}
{{- fail (printf "%sthe values hold something that looks like a token or a private key; Helm would keep it in the release for everybody who may read that. Keep it in a Kubernetes Secret and refer to it, and replace the one that was written down" $prefix) -}}
{{- end -}}
{{- if regexMatch "^(off|127\\.|localhost|\\[::1\\])" (dig "http" "listen" "" $config) -}}
{{- fail (printf "%sconfig.http.listen is %s: the kubelet's probes and Prometheus come from outside of the pod; use 0.0.0.0:9464 or [::]:9464, or leave it out" $prefix $config.http.listen) -}}
{{- end -}}
{{- end }}

{{/* values, mounts, facts, found, prefix -> nothing; what can be seen once it is complete. */}}
{{- define "tokenwarden.agent.checkComplete" -}}
{{- $prefix := .prefix | default "" -}}
{{- $in := . -}}
{{- $config := .facts.config -}}
{{- if not (hasKey $config.state "key") -}}
{{- fail (printf "%sstateKey.existingSecret is missing: what the agent stores is sealed with a key that only you have. Make one with\n\n  openssl rand -hex 32 | kubectl create secret generic tokenwarden-key --from-file=key=/dev/stdin\n\nin the same namespace, and set %sstateKey.existingSecret=tokenwarden-key" $prefix $prefix) -}}
{{- end -}}
{{- if and (hasKey $config "coordination") (not .facts.onServer) -}}
{{- fail (printf "%sconfig.coordination: replicas cannot share a state that is on a volume; set config.state.kubernetes or config.state.vault" $prefix) -}}
{{- end -}}
{{- range .found.env -}}
{{- if not (or $in.values.envFrom (hasKey ($in.values.env | default dict) .name)) -}}
{{- fail (printf "%sconfig: %s reads the environment variable %s, and nothing sets it; set %senv.%s.secretKeyRef to {name: SECRET, key: KEY}, or refer to the Secret itself: {kubernetes: SECRET#KEY}" $prefix .owner .name $prefix .name) -}}
{{- end -}}
{{- end -}}
{{- range $file := .found.files -}}
{{- $fits := hasPrefix "/etc/ssl/" $file.path -}}
{{- range $in.mounts -}}
{{- if and (hasPrefix (printf "%s/" (trimSuffix "/" .path)) $file.path) (not (and .readOnly (eq $file.use "sink"))) -}}{{- $fits = true -}}{{- end -}}
{{- end -}}
{{- if not $fits -}}
{{- fail (printf "%sconfig: %s %s %s, which is on no volume of the pod%s; mount one with %sextraVolumes and %sextraVolumeMounts, or use a Secret: {kubernetes: SECRET#KEY}" $prefix $file.owner (ternary "writes" "reads" (eq $file.use "sink")) $file.path (ternary " that may be written" "" (eq $file.use "sink")) $prefix $prefix) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* capabilities, api, what -> nothing; refuses what the cluster does not know. */}}
{{- define "tokenwarden.agent.checkApi" -}}
{{- if not (.capabilities.APIVersions.Has .api) -}}
{{- fail (printf "%s needs %s, which this cluster does not have: install the Prometheus operator first, or set %s=false. With `helm template`, add --api-versions %s" .what .api .what .api) -}}
{{- end -}}
{{- end }}
