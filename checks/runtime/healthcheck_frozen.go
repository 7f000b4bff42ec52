package runtime

import (
	"fmt"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/probe"
)

var healthcheckFrozen = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/healthcheck-frozen",
		Title:     "the HEALTHCHECK fails while the application stands still",
		Severity:  checks.High,
		Why:       "A HEALTHCHECK that passes while every process of the application is stopped proves nothing about it: one that hangs or is deadlocked stays \"healthy\", is never restarted, and goes on getting traffic.",
		Fix:       "let the test ask the application for an answer, and wait for it, as in HEALTHCHECK --timeout=3s CMD [\"/app\", \"healthcheck\"] with a request to its health endpoint; that a process or a file is there says nothing, nor that a port takes connections, which the kernel does for it",
		Reference: "https://docs.docker.com/reference/dockerfile/#healthcheck",
	},
	Good: `{"args": ["/app"], "health": {"healthy": true, "at": 400000000, "runs": 1, "last": [{"code": 0}]}, "frozen": {"run": {"at": 500000000, "took": 3000000000, "code": -1, "error": "still running after 3s"}, "again": {"healthy": true, "at": 3600000000, "runs": 1, "last": [{"code": 0}]}}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Bad:  `{"args": ["/app"], "health": {"healthy": true, "at": 400000000, "runs": 1, "last": [{"code": 0}]}, "frozen": {"run": {"at": 500000000, "took": 4000000, "code": 0}, "again": {"healthy": true, "at": 600000000, "runs": 1, "last": [{"code": 0}]}}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Judge: func(o *Run) checks.Outcome {
		if out, ok := started(o); !ok {
			return out
		}
		switch {
		case o.Health == nil:
			return checks.Skip(noHealthcheck)
		case !o.Health.Healthy:
			return checks.Skip("the HEALTHCHECK did not turn healthy: runtime/healthcheck says why")
		case o.Frozen == nil && o.StartOnly:
			return checks.Skip("the image was only started")
		case o.Frozen == nil:
			return checks.Broken(fmt.Errorf("the probe did not run the HEALTHCHECK while the application stood still: run the gate again"))
		}
		var findings []checks.Finding
		run, again := o.Frozen.Run, o.Frozen.Again
		if run.Code == 0 && run.Error == "" {
			f := checks.At(checks.Location{}, "the HEALTHCHECK passed, after %s, while every process of the application was stopped by SIGSTOP: it proves nothing about the application", short(run.Took))
			if run.Output != "" {
				f.Message += lastLines(run.Output)
			}
			findings = append(findings, f)
		}
		if again != nil && !again.Healthy {
			f := checks.At(checks.Location{}, "not healthy again within %s and %s of the HEALTHCHECK, after the application had stood still for %s and went on%s",
				short(again.At-run.At-run.Took), runs(again.Runs), short(run.Took), lastRun(again))
			f.Severity, f.Fix = checks.Medium, "see what the application makes of a pause, as by docker pause, a machine that is moved or a processor that is not given: connections that it must open again, and timers that fire all at once"
			findings = append(findings, f)
		}
		switch {
		case len(findings) > 0:
			return checks.Found(findings...)
		case again == nil:
			return checks.Passed("%s while the application stood still", how(run))
		}
		return checks.Passed("%s while the application stood still; healthy again %s later", how(run), short(again.At-run.At-run.Took))
	},
}

// how says how a run of the test ended.
func how(r probe.Run) string {
	if r.Error != "" {
		return line(r.Error)
	}
	return fmt.Sprintf("exited with status %d", r.Code)
}

// lastRun returns how the last run ended, and the one before it where that tells
// more, to be put behind a message.
func lastRun(h *probe.Health) string {
	text := ""
	for i, r := range h.Telling() {
		text += []string{", the last of which: ", "; the one before it: "}[i] + how(r) + lastLines(r.Output)
	}
	return text
}
