package runtime

import (
	"mime"
	"slices"

	"github.com/imagegate/imagegate/checks"
)

var metrics = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/metrics",
		Title:     "the metrics path answers in Prometheus' text format",
		Severity:  checks.Medium,
		Why:       "Metrics that cannot be read are missing without a sound: Prometheus drops the whole scrape for one line that is not of its format, or a content type that it does not know.",
		Fix:       "serve the path by a Prometheus client library, on a port that the image exposes, with Content-Type: text/plain; version=0.0.4",
		Reference: "https://prometheus.io/docs/instrumenting/exposition_formats/",
	},
	Good: `{"args": ["/app"], "metrics": {"path": "/metrics", "port": 8080, "status": 200, "contentType": "text/plain; version=0.0.4; charset=utf-8", "samples": 36}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Bad:  `{"args": ["/app"], "metrics": {"path": "/metrics", "port": 8080, "status": 404, "contentType": "text/html"}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Judge: func(o *Run) checks.Outcome {
		if out, ok := started(o); !ok {
			return out
		}
		m := o.Metrics
		if m == nil {
			return checks.Skip("no path of metrics is named: --metrics-path or LABEL io.imagegate.metrics-path names one")
		}
		path, media := line(m.Path), contentType(m.ContentType)
		fail := func(format string, args ...any) checks.Outcome {
			return checks.Found(checks.At(checks.Location{}, format, args...))
		}
		switch {
		case m.Port == 0:
			return fail("there is no port to ask for %s: the application listens on no TCP port", path)
		case m.Status == 0:
			return fail("no answer from port %d to %s: %s", m.Port, path, line(m.Error))
		case m.Status != 200:
			return fail("port %d answers %s with status %d", m.Port, path, m.Status)
		case m.Error != "":
			return fail("what port %d answers to %s is not of Prometheus' text format: %s", m.Port, path, line(m.Error))
		case m.Samples == 0:
			return fail("what port %d answers to %s holds no sample", m.Port, path)
		case !slices.Contains([]string{"text/plain", "application/openmetrics-text"}, media):
			return fail("port %d answers %s with Content-Type %q: Prometheus 3 drops such an answer, though it is of its text format", m.Port, path, line(m.ContentType))
		}
		return checks.Passed("%d samples from port %d%s", m.Samples, m.Port, path)
	},
}

// contentType returns a media type without its parameters; empty for none.
func contentType(header string) string {
	media, _, err := mime.ParseMediaType(header)
	if err != nil {
		return ""
	}
	return media
}
