package policy

import "github.com/imagegate/imagegate/checks"

var gone = Check{
	Rule: checks.Rule{
		ID:        "policy/gone",
		Title:     "The baseline holds no finding that is gone",
		Severity:  checks.Low,
		Why:       "What was mended and still stands in the baseline would be accepted when it comes back.",
		Fix:       "Run imagegate baseline, or dagger call baseline: it takes out what is gone, and adds nothing.",
		Reference: "https://github.com/imagegate/imagegate#accepting-findings",
	},
	Good: `
-- .imagegate-baseline.json --
{
  "version": 1,
  "findings": [
    {"image": "Dockerfile", "check": "vuln/vulnerability", "subject": "CVE-2021-23337 lodash", "message": "found", "count": 1}
  ]
}
-- found.txt --
vuln/vulnerability CVE-2021-23337 lodash@4.17.20
`,
	Bad: `
-- .imagegate-baseline.json --
{
  "version": 1,
  "findings": [
    {"image": "Dockerfile", "check": "vuln/vulnerability", "subject": "CVE-2021-23337 lodash", "message": "found", "count": 1}
  ]
}
`,
	Judge: problemsOf("policy/gone"),
}
