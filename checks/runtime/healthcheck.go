package runtime

import (
	"fmt"

	"github.com/imagegate/imagegate/checks"
)

var healthcheck = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/healthcheck",
		Title:     "the HEALTHCHECK turns healthy",
		Severity:  checks.High,
		Why:       "An orchestrator sends no traffic to a container that does not turn healthy, and restarts it.",
		Fix:       healthcheckFix,
		Reference: "https://docs.docker.com/reference/dockerfile/#healthcheck",
	},
	Good: `{"args": ["/app"], "health": {"healthy": true, "at": 400000000, "runs": 2, "last": [{"code": 1}, {"code": 0}]}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Bad:  `{"args": ["/app"], "health": {"healthy": false, "at": 90000000000, "runs": 92, "last": [{"code": 127, "output": "curl: not found"}]}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Judge: func(o *Run) checks.Outcome {
		if out, ok := started(o); !ok {
			return out
		}
		h := o.Health
		switch {
		case h == nil:
			return checks.Skip(noHealthcheck)
		case h.Healthy:
			return checks.Passed("healthy after %s, %s", short(h.At), runs(h.Runs))
		case len(h.Last) == 0:
			return checks.Broken(fmt.Errorf("the probe did not run the healthcheck: run the gate again"))
		}
		f := checks.At(checks.Location{}, "not healthy after %s and %s of the HEALTHCHECK%s", short(h.At), runs(h.Runs), lastRun(h))
		if h.TimedOut {
			f.Message += "; Docker would have gone on trying, but the time to start was over"
			f.Fix = "give the image more time with --start-timeout if it needs it; else " + healthcheckFix
		}
		return checks.Found(f)
	},
}

const (
	noHealthcheck  = "the image declares no HEALTHCHECK to run: declare one, as in HEALTHCHECK CMD [\"/app\", \"healthcheck\"]"
	healthcheckFix = "run the test by hand in the image, as its user; see that its program is in the final stage and that it asks the port and path that the application serves"
)

func runs(n int) string {
	if n == 1 {
		return "1 run"
	}
	return fmt.Sprintf("%d runs", n)
}
