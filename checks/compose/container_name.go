package compose

import (
	"regexp"

	"github.com/imagegate/imagegate/checks"
)

var containerName = Check{
	Rule: checks.Rule{
		ID:        "compose/container-name",
		Title:     "Names of containers are valid, and each is given once",
		Severity:  checks.High,
		Why:       "The engine refuses a container whose name it does not allow, or that another one has: the service does not start.",
		Fix:       "Remove container_name: Compose names containers after project and service, and services reach each other by the names of the services.",
		Reference: "https://docs.docker.com/reference/compose-file/services/#container_name",
		Aliases:   []string{"no-duplicate-container-names", "service-container-name-regex"},
	},
	Good: `
services:
  app:
    build: .
    container_name: shop-app
  worker:
    build: .
`,
	Bad: `
services:
  app:
    build: .
    container_name: shop
  worker:
    build: .
    container_name: shop
`,
	Judge: func(p *Project) checks.Outcome {
		return judgeStacks(p, func(s *Stack) []checks.Finding {
			var findings []checks.Finding
			names := map[string]*Service{}
			for _, service := range s.Services {
				n := service.Get("container_name")
				t := n.Text()
				if !t.Known || t.Text == "" {
					continue
				}
				other := names[t.Text]
				switch {
				case !nameOfContainer.MatchString(t.Text):
					f := service.find(s.severity(checks.High), n.Location, "has the container name %s, which the engine does not allow", t.Text)
					f.Fix = "Begin with a letter or a digit; letters, digits, _, . and - may follow"
					findings = append(findings, f)
				case other != nil && service.Get("profiles") == nil && other.Get("profiles") == nil:
					findings = append(findings, service.find(s.severity(checks.High), n.Location, "has the container name %s, which %s has as well", t.Text, other.Name))
				}
				names[t.Text] = service
			}
			return findings
		})
	},
}

// nameOfContainer is what the engine allows.
var nameOfContainer = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]+$`)
