package compose

import "github.com/imagegate/imagegate/checks"

var valid = Check{
	Rule: checks.Rule{
		ID:        "compose/valid",
		Title:     "Compose files are valid",
		Severity:  checks.High,
		Why:       "Compose refuses a file that does not follow its specification, or that refers to a service, volume, network or secret that is not there: nothing starts.",
		Fix:       "Correct the place that the message names; \"docker compose config\" says whether the file is valid.",
		Reference: "https://docs.docker.com/reference/compose-file/",
		Aliases:   []string{"invalid-yaml", "invalid-schema"},
		Differs:   "The rules of dclint look at one file alone; references to what is not declared, also in the files that are included, extended or laid over one another, are judged as well. What depends on a variable is not.",
	},
	Good: `
services:
  app:
    build: .
    depends_on:
      - db
  db:
    image: postgres:16.4-alpine3.20
    volumes:
      - data:/var/lib/postgresql/data
volumes:
  data:
`,
	Bad: `
services:
  app:
    build: .
    port:
      - "3000:3000"
`,
	Judge: func(p *Project) checks.Outcome {
		if len(p.Files) == 0 {
			return checks.Skip(noFiles)
		}
		var findings []checks.Finding
		for _, f := range p.Files {
			if f.fault != nil {
				findings = append(findings, f.fault.finding(f.use == development))
			}
		}
		broken := judgeStacks(p, func(s *Stack) []checks.Finding {
			var found []checks.Finding
			for _, f := range s.faults {
				found = append(found, f.finding(s.Development()))
			}
			return found
		})
		findings = append(findings, broken.Findings...)
		if len(findings) == 0 {
			return checks.Passed("Compose files: %d", len(p.Files))
		}
		return checks.Found(findings...)
	},
}

func (f *fault) finding(development bool) checks.Finding {
	found := checks.At(f.location, "%s", f.message)
	found.Severity = checks.High
	if development || f.doubted {
		found.Severity = checks.Medium
	}
	return found
}
