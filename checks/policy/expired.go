package policy

import "github.com/imagegate/imagegate/checks"

var expired = Check{
	Rule: checks.Rule{
		ID:        "policy/expired",
		Title:     "No waiver has expired",
		Severity:  checks.High,
		Why:       "A waiver with an end is a promise to mend something by that day. What it accepted blocks again; the waiver itself only tells that somebody forgot.",
		Fix:       "Mend what the waiver accepted and remove it, or give it a later day in expires: and say why in reason:.",
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
    expires: 2027-01-15
-- today.txt --
2027-01-20
-- found.txt --
vuln/vulnerability CVE-2021-23337 lodash@4.17.20
`,
	Judge: problemsOf("policy/expired"),
}
