package policy

import (
	"fmt"

	"github.com/imagegate/imagegate/checks"
)

var valid = Check{
	Rule: checks.Rule{
		ID:        "policy/valid",
		Title:     "The policy can be read, and loosens nothing that is locked",
		Severity:  checks.High,
		Why:       "A policy that is understood in part judges by rules that nobody wrote: a mistyped key would leave a limit out without a word.",
		Fix:       fix,
		Reference: "https://github.com/imagegate/imagegate#accepting-findings",
	},
	Good: `
-- imagegate.yaml --
budgets:
  max-size: 200MB
`,
	Bad: `
-- imagegate.yaml --
budgets:
  max-sise: 200MB
`,
	Judge: func(p *Problems) checks.Outcome {
		if p.Err != nil {
			return checks.Broken(fmt.Errorf("read the policy: %w", p.Err))
		}
		return problemsOf("policy/valid")(p)
	},
}
