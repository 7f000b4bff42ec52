package runtime

import (
	"maps"
	"slices"

	"github.com/imagegate/imagegate/checks"
)

var secretsInOutput = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/secrets-in-output",
		Title:     "no secret that the application is given appears in its output",
		Severity:  checks.High,
		Why:       "What a container writes is collected, kept for months and read by many: a secret in it is known to all of them, and must be replaced.",
		Fix:       "do not log the environment, the configuration as a whole, or addresses with their passwords; redact the value where the configuration is read",
		Reference: "https://cheatsheetseries.owasp.org/cheatsheets/Logging_Cheat_Sheet.html#data-to-exclude",
	},
	Good: `{"args": ["/app"], "output": {"bytes": 41, "lines": 1, "head": "connecting to postgres://app:***@db/app\n"}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Bad:  `{"args": ["/app"], "output": {"bytes": 41, "lines": 1, "head": "connecting to postgres://app:***@db/app\n", "secrets": ["DATABASE_PASSWORD"]}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Judge: func(o *Run) checks.Outcome {
		if o.StartError != "" {
			out, _ := started(o)
			return out
		}
		// A start that lacks a variable fails, and that is when programs dump what they
		// were given.
		found := map[string]string{}
		for _, r := range o.Refusals {
			if r.Observation == nil {
				continue
			}
			for _, name := range r.Observation.Output.Secrets {
				if found[name] == "" {
					found[name] = " " + withoutIt(r.Variable, !r.Empty, r.Empty)
				}
			}
		}
		for _, name := range o.Output.Secrets {
			found[name] = ""
		}
		var findings []checks.Finding
		for _, name := range slices.Sorted(maps.Keys(found)) {
			f := checks.At(checks.Location{}, "the value of %s appears in what the application writes when it is started%s", line(name), found[name])
			f.Subject = name
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}
