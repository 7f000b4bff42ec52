package policy

import "github.com/imagegate/imagegate/checks"

var expiring = Check{
	Rule: checks.Rule{
		ID:        "policy/expiring",
		Title:     "No waiver expires within 14 days",
		Severity:  checks.Low,
		Why:       "What the waiver accepts blocks from the day after on, in the middle of somebody else's work. Two weeks are time to mend it.",
		Fix:       "Mend what the waiver accepts and remove it, or give it a later day in expires: and say why in reason:.",
		Reference: "https://github.com/imagegate/imagegate#accepting-findings",
	},
	Good: `
-- imagegate.yaml --
waivers:
  - check: vuln/vulnerability
    subject: CVE-2021-23337
    reason: the next release is without it
    expires: 2027-06-30
-- today.txt --
2027-01-20
-- found.txt --
vuln/vulnerability CVE-2021-23337 lodash@4.17.20
`,
	Bad: `
-- imagegate.yaml --
waivers:
  - check: vuln/vulnerability
    subject: CVE-2021-23337
    reason: the next release is without it
    expires: 2027-01-31
-- today.txt --
2027-01-20
-- found.txt --
vuln/vulnerability CVE-2021-23337 lodash@4.17.20
`,
	Judge: problemsOf("policy/expiring"),
}
