package compose

import (
	"slices"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var requiredVariable = Check{
	Rule: checks.Rule{
		ID:        "compose/required-variable",
		Title:     "Services set the variables that their image documents as required",
		Severity:  checks.Medium,
		Why:       "The Dockerfile says that the application does not start without the variable, and the Compose file starts it without: it fails at once, for everybody who tries.",
		Fix:       "Set the variable under environment, or name a file that has it under env_file; an entry without a value is taken from the environment of who runs Compose.",
		Reference: "https://docs.docker.com/reference/compose-file/services/#environment",
	},
	Good: `
-- compose.yaml --
services:
  app:
    build: .
    environment:
      DATABASE_URL: ${DATABASE_URL:?}
-- Dockerfile --
FROM node:20.20.2-alpine3.22
# Required: DATABASE_URL
CMD ["node", "main.js"]
`,
	Bad: `
-- compose.yaml --
services:
  app:
    build: .
    environment:
      PORT: "3000"
-- Dockerfile --
FROM node:20.20.2-alpine3.22
# Required: DATABASE_URL
CMD ["node", "main.js"]
`,
	Judge: func(p *Project) checks.Outcome {
		return judgeServices(p, func(s *Stack, service *Service) []checks.Finding {
			b, _ := service.Build()
			d := p.dockerfiles[b.Dockerfile]
			// Another stage, another command or a file of variables may do without.
			if d == nil || p.stage(service) != d.Final || len(service.values("command"))+len(service.values("entrypoint")) > 0 {
				return nil
			}
			var findings []checks.Finding
			for _, v := range d.Required() {
				if !p.missing(s, service, func(s *Service) bool { return s.sets(v.Name) }) || defaults(d, v.Name) {
					continue
				}
				f := service.find(s.severity(checks.Medium), service.Location, "does not set %s, which line %d of %s documents as required", v.Name, v.Location.Line, b.Dockerfile)
				f.Subject = v.Name
				f.Fix = "Add " + v.Name + ": ${" + v.Name + ":?} to its environment"
				findings = append(findings, f)
			}
			return findings
		})
	},
}

// sets reports whether a service may set a variable.
func (s *Service) sets(name string) bool {
	for _, key := range []string{"env_file", "secrets", "configs"} {
		if len(s.values(key)) > 0 {
			return true
		}
	}
	return slices.ContainsFunc(s.Variables("environment"), func(v Variable) bool {
		return v.Name == name || v.Name == name+"_FILE" || !expand(v.Name).Known
	})
}

// defaults reports whether a Dockerfile gives a variable a value: that it does is
// for source/required-variable to say.
func defaults(d *dockerfile.Source, name string) bool {
	return slices.ContainsFunc(d.Final.Env(), func(v dockerfile.Variable) bool { return v.Name == name })
}
