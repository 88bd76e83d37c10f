// The objects of the Prometheus operator, whose schemas the rendered charts are held against. Nothing is built of it.
module tokenwarden.test/charts/crds

go 1.25.0

require github.com/prometheus-operator/prometheus-operator v0.85.0
