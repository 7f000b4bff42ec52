package runtime

import (
	"fmt"

	"github.com/imagegate/imagegate/checks"
)

var start = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/start",
		Title:     "the image starts, and its main process stays up",
		Severity:  checks.High,
		Why:       "An image whose main process ends by itself is restarted over and over in production, and never serves.",
		Fix:       startFix,
		Reference: "https://docs.docker.com/reference/dockerfile/#entrypoint",
	},
	Good: `{"args": ["/app"], "listenAt": 35000000, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Bad:  `{"args": ["/app"], "early": {"code": 3}, "output": {"bytes": 20, "head": "cannot find module"}}`,
	Judge: func(o *Run) checks.Outcome {
		switch {
		case o.StartError != "":
			return checks.Found(checks.At(checks.Location{}, "the main process could not be started: %s", line(o.StartError)))
		case o.Exceeded != nil:
			return exceeded()
		case o.Early != nil:
			f := checks.At(checks.Location{}, "the main process (%s) %s after %s, without being asked to%s",
				command(o.Args), ended(o.Early), short(o.Early.At), outputTail(o.Output))
			if o.Frozen != nil && o.Frozen.Again == nil {
				f.Message += "; it had just been stopped by SIGSTOP, for its HEALTHCHECK to notice, and continued"
			}
			if file := o.Expected.ComposeFile; file != "" {
				f.Fix = fmt.Sprintf("let --compose=%s start the services that the image depends on, with the variables that the file gives it; else %s", file, startFix)
			}
			return checks.Found(f)
		case o.ListenAt > 0:
			return checks.Passed("listening after %s", short(o.ListenAt))
		}
		return checks.Passed("")
	},
}

const startFix = "start the image as the gate does, with its own user and no variables but --env, and mend what its last output says; variables that it needs are given with --env"

// NotRun returns the results of all checks where the image could not be run: one
// error, that says why.
func NotRun(err error) []checks.Result {
	all := All()
	results := checks.Skips(all, "the image could not be run: "+start.ID+" says why")
	for i, c := range all {
		if c.ID == start.ID {
			results[i] = checks.Errors(all[i:i+1], err)[0]
		}
	}
	return results
}
