package policy

import "github.com/imagegate/imagegate/checks"

var noReason = Check{
	Rule: checks.Rule{
		ID:        "policy/no-reason",
		Title:     "Every waiver gives its reason",
		Severity:  checks.High,
		Why:       "A waiver without a reason hides a risk that nobody decided on, and nobody can tell later whether it still holds.",
		Fix:       "Add reason: with why the finding is accepted. Without one the waiver accepts nothing.",
		Reference: "https://github.com/imagegate/imagegate#accepting-findings",
	},
	Good: `
-- imagegate.yaml --
waivers:
  - check: vuln/vulnerability
    subject: CVE-2021-23337
    reason: the function is never called
-- found.txt --
vuln/vulnerability CVE-2021-23337 lodash@4.17.20
`,
	Bad: `
-- imagegate.yaml --
waivers:
  - check: vuln/vulnerability
    subject: CVE-2021-23337
-- found.txt --
vuln/vulnerability CVE-2021-23337 lodash@4.17.20
`,
	Judge: problemsOf("policy/no-reason"),
}
