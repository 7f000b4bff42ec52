package runtime

import "testing"

func TestMetrics(t *testing.T) {
	document := func(metrics string) string {
		return `{"args": ["/app"], "metrics": {"path": "/metrics", ` + metrics + `}, ` + stoppedWell
	}
	testVerdicts(t, metrics, map[string]verdict{
		"not named":       {`{"args": ["/app"], ` + stoppedWell, "skipped no path of metrics is named: --metrics-path or LABEL io.imagegate.metrics-path names one"},
		"read":            {document(`"port": 80, "status": 200, "contentType": "text/plain; version=0.0.4", "samples": 3`), "pass 3 samples from port 80/metrics"},
		"OpenMetrics":     {document(`"port": 80, "status": 200, "contentType": "application/openmetrics-text; version=1.0.0", "samples": 3`), "pass 3 samples from port 80/metrics"},
		"no port":         {document(`"port": 0, "error": "no"`), "MEDIUM there is no port to ask for /metrics: the application listens on no TCP port"},
		"no answer":       {document(`"port": 80, "error": "timeout"`), "MEDIUM no answer from port 80 to /metrics: timeout"},
		"not found":       {document(`"port": 80, "status": 404`), "MEDIUM port 80 answers /metrics with status 404"},
		"not the format":  {document(`"port": 80, "status": 200, "contentType": "text/html", "error": "line 1: <html>"`), "MEDIUM what port 80 answers to /metrics is not of Prometheus' text format: line 1: <html>"},
		"empty":           {document(`"port": 80, "status": 200, "contentType": "text/plain"`), "MEDIUM what port 80 answers to /metrics holds no sample"},
		"type not known":  {document(`"port": 80, "status": 200, "contentType": "text/html", "samples": 3`), `MEDIUM port 80 answers /metrics with Content-Type "text/html": Prometheus 3 drops such an answer, though it is of its text format`},
		"type is missing": {document(`"port": 80, "status": 200, "samples": 3`), `MEDIUM port 80 answers /metrics with Content-Type "": Prometheus 3 drops such an answer, though it is of its text format`},
	})
}
