package policy

import "github.com/imagegate/imagegate/checks"

var unused = Check{
	Rule: checks.Rule{
		ID:        "policy/unused",
		Title:     "Every waiver accepts a finding",
		Severity:  checks.Medium,
		Why:       "A waiver that accepts nothing today hides the next finding that it fits, which nobody has looked at.",
		Fix:       "Remove the waiver, or mend its subject: or path: if it is meant for a finding that blocks.",
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
    reason: the function is never called
-- found.txt --
vuln/vulnerability CVE-2020-8203 lodash@4.17.20
`,
	Judge: problemsOf("policy/unused"),
}
