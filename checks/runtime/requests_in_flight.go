package runtime

import (
	"time"

	"github.com/imagegate/imagegate/checks"
)

// lateAccept is how long after the stop signal nobody is to be let in any more,
// with a margin for a busy machine.
const lateAccept = time.Second

var requestsInFlight = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/requests-in-flight",
		Title:     "a request that is in flight at the stop signal is answered",
		Severity:  checks.High,
		Why:       "Every deployment stops containers that are answering requests: those that are dropped are errors that users see, and payments or uploads of which nobody knows whether they were made.",
		Fix:       "at the stop signal stop accepting, wait for the requests that are being served, then exit: http.Server.Shutdown in Go, server.close() in Node, --timeout-graceful-shutdown of Uvicorn, graceful_timeout of Gunicorn",
		Reference: "https://cloud.google.com/blog/products/containers-kubernetes/kubernetes-best-practices-terminating-with-grace",
	},
	Good: `{"args": ["/app"], "stop": {"signal": "SIGTERM", "exit": {"code": 0, "at": 900000000}, "request": {"path": "/slow", "port": 8080, "status": 200, "took": 1400000000}, "connections": {"accepted": 0, "refused": 44}}}`,
	Bad:  `{"args": ["/app"], "stop": {"signal": "SIGTERM", "exit": {"code": 0, "at": 3000000}, "request": {"path": "/slow", "port": 8080, "error": "connection closed before the answer", "took": 503000000}, "connections": {"accepted": 0, "refused": 1}}}`,
	Judge: func(o *Run) checks.Outcome {
		if out, ok := stopped(o); !ok {
			return out
		}
		s := o.Stop
		r := s.Request
		switch {
		case r == nil:
			return checks.Skip("no path is named that answers slowly: --slow-path or LABEL io.imagegate.slow-path names one")
		case r.Port == 0:
			return notInFlight("%s could not be asked for: %s", line(r.Path), line(r.Error))
		case r.Early && r.Error != "":
			return notInFlight("port %d did not answer %s, before the stop signal: %s", r.Port, line(r.Path), line(r.Error))
		case r.Early && (r.Status < 200 || r.Status >= 400):
			return notInFlight("port %d answers %s with status %d, within %s, before the stop signal", r.Port, line(r.Path), r.Status, short(r.Took))
		case r.Early:
			out := notInFlight("port %d answered %s with status %d, within %s, before the stop signal", r.Port, line(r.Path), r.Status, short(r.Took))
			out.Findings[0].Severity = checks.Low
			return out
		}
		answered := r.Error == "" && r.Status >= 200 && r.Status < 500
		if !answered && !endsItself(s) {
			return checks.Skip("the main process did not end by itself on its stop signal: runtime/stop-signal says why")
		}
		var findings []checks.Finding
		switch {
		case answered:
		case r.Error != "":
			findings = append(findings, checks.At(checks.Location{}, "a request for %s on port %d that was in flight at %s was not answered: %s, %s after it was sent",
				line(r.Path), r.Port, s.Signal, line(r.Error), short(r.Took)))
		default:
			findings = append(findings, checks.At(checks.Location{}, "a request for %s on port %d that was in flight at %s was answered with status %d, %s after it was sent",
				line(r.Path), r.Port, s.Signal, r.Status, short(r.Took)))
		}
		if c := s.Connections; c != nil && c.Accepted > 0 && c.Refused == 0 && c.LastAccepted >= lateAccept && s.Exit != nil {
			f := checks.At(checks.Location{}, "new connections were accepted until %s after %s, and none was refused: %d of them", short(c.LastAccepted), s.Signal, c.Accepted)
			f.Severity = checks.Low
			f.Fix = "close the listening socket when the requests in flight are being waited for: what connects then is dropped at the end"
			findings = append(findings, f)
		}
		if len(findings) > 0 {
			return checks.Found(findings...)
		}
		return checks.Passed("%s answered with status %d, %s after it was sent", line(r.Path), r.Status, short(r.Took))
	},
}

// notInFlight is the outcome where a path is named and its request was over before the
// stop signal, so that nobody knows what becomes of one that is in flight.
func notInFlight(format string, args ...any) checks.Outcome {
	f := checks.At(checks.Location{}, format+": no request was in flight", args...)
	f.Fix = "name a path that is answered with success, and takes half a second or longer, with --slow-path=/path or LABEL " + SlowPathLabel
	return checks.Found(f)
}
