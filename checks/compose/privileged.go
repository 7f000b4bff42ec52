package compose

import (
	"path"
	"strings"

	"github.com/distribution/reference"

	"github.com/imagegate/imagegate/checks"
)

var privileged = Check{
	Rule: checks.Rule{
		ID:        "compose/privileged",
		Title:     "No service is privileged",
		Severity:  checks.High,
		Why:       "A privileged container has all capabilities and all devices of the machine: whoever breaks into it is root on the machine.",
		Fix:       "Remove privileged, and give the service what it needs with cap_add and devices.",
		Reference: "https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities",
	},
	Good: `
services:
  vpn:
    build: .
    cap_drop: [ALL]
    cap_add: [NET_ADMIN]
    devices: ["/dev/net/tun"]
`,
	Bad: `
services:
  vpn:
    build: .
    privileged: true
`,
	Judge: func(p *Project) checks.Outcome {
		return judgeServices(p, func(s *Stack, service *Service) []checks.Finding {
			severity := s.severity(checks.High)
			if service.runsDocker() {
				severity = checks.Medium // it cannot do without
			}
			if n := service.Get("privileged"); n.isTrue() {
				return []checks.Finding{service.find(severity, n.Location, "is privileged")}
			}
			for _, list := range service.values("cap_add") {
				for _, item := range list.Items() {
					if strings.EqualFold(strings.TrimPrefix(item.Text().Text, "CAP_"), "ALL") {
						return []checks.Finding{service.find(severity, item.Location, "has all capabilities, which is nearly as much as privileged")}
					}
				}
			}
			return nil
		})
	},
}

// runsDocker reports whether a service is a Docker daemon of its own.
func (s *Service) runsDocker() bool {
	named, _, ok := s.Image()
	if !ok || path.Base(reference.FamiliarName(named)) != "docker" {
		return false
	}
	tagged, ok := named.(reference.Tagged)
	return ok && strings.Contains(tagged.Tag(), "dind")
}
