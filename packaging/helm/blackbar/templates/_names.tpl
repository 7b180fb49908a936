{{- define "blackbar.name" -}}
{{- printf "%s" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- define "blackbar.labels" -}}
app.kubernetes.io/name: blackbar
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end -}}
{{- define "blackbar.selector" -}}
app.kubernetes.io/name: blackbar
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
