package policy

import "github.com/imagegate/imagegate/checks"

var unknownCheck = Check{
	Rule: checks.Rule{
		ID:        "policy/unknown-check",
		Title:     "Every check that the policy names exists, and is one whose findings can be accepted",
		Severity:  checks.High,
		Why:       "A name that is mistyped accepts, raises or locks nothing, and whoever wrote it believes that it does.",
		Fix:       "Write the id of a check, as in source/user, or another tool's name for it, as in DL3002: imagegate checks lists them all.",
		Reference: "https://github.com/imagegate/imagegate#accepting-findings",
	},
	Good: `
-- imagegate.yaml --
severity:
  image/size: HIGH
`,
	Bad: `
-- imagegate.yaml --
severity:
  image/sise: HIGH
`,
	Judge: problemsOf("policy/unknown-check"),
}
