package vuln

import (
	"fmt"
	"slices"

	"github.com/imagegate/imagegate/checks"
)

var sarif = checks.Check[*Scan]{
	Rule: checks.Rule{
		ID:        "vuln/sarif",
		Title:     "No other tool has a finding of HIGH severity or above",
		Severity:  checks.High,
		Why:       "What another tool has found in the image blocks it like a finding of imagegate's own: a report that nobody reads protects nobody.",
		Fix:       "do what the tool's own page on the rule says, or accept it where the tool was run",
		Reference: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html",
	},
	Good: `{
  "now": "2026-11-23T12:00:00Z",
  "sarif": {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "some-scanner"}}, "results": []}]}
}`,
	Bad: `{
  "now": "2026-11-23T12:00:00Z",
  "sarif": {
    "version": "2.1.0",
    "runs": [
      {
        "tool": {"driver": {"name": "some-scanner", "rules": [{"id": "malware", "properties": {"security-severity": "9.8"}}]}},
        "results": [{"ruleId": "malware", "message": {"text": "The file is a known miner of coins"}, "locations": [{"physicalLocation": {"artifactLocation": {"uri": "/usr/bin/xmrig"}}}]}]
      }
    ]
  }
}`,
	Judge: judgeSARIF,
}

func judgeSARIF(s *Scan) checks.Outcome {
	if !slices.ContainsFunc(s.Reports, func(r *Report) bool { return r.Given }) {
		return checks.Skip("no report of another tool was given: --sarif takes them")
	}
	reports, err := s.reports()
	if err != nil {
		return checks.Broken(err)
	}
	var findings []checks.Finding
	given := 0
	for _, r := range reports {
		if !r.Given {
			continue
		}
		given++
		for _, o := range r.Others {
			f := checks.At(o.Location, "%s: %s", r.Scanner.Name, o.Message)
			f.Severity, f.Status = o.Severity, s.Policy.status(o.Severity)
			f.Subject, f.Reference = o.Rule, o.URL
			if o.Accepted != "" {
				f.Status, f.Reason = checks.Waived, o.Accepted
			}
			findings = append(findings, f)
		}
	}
	out := checks.Found(findings...)
	out.Evidence = fmt.Sprintf("reports of other tools: %d", given)
	return out
}
