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
			var findings []checks.Finding
			for _, list := range service.values("cap_add") {
				for _, item := range list.Items() {
					switch strings.TrimPrefix(strings.ToUpper(item.Text().Text), "CAP_") {
					case "ALL":
						return []checks.Finding{service.find(severity, item.Location, "has all capabilities, which is nearly as much as privileged")}
					case "SYS_ADMIN":
						f := service.find(s.severity(checks.Medium), item.Location, "has the capability SYS_ADMIN, with which most of what a container keeps from the machine can be undone")
						f.Fix = "Remove SYS_ADMIN, and give the service what it needs: a narrower capability, or a device"
						findings = append(findings, f)
					}
				}
			}
			for _, list := range service.values("security_opt") {
				for _, item := range list.Items() {
					if option := item.Text().Text; option == "seccomp:unconfined" || option == "seccomp=unconfined" {
						f := service.find(s.severity(checks.Medium), item.Location, "runs without the filter of system calls, %s", option)
						f.Fix = "Remove " + option + ", or name a profile that allows the system calls that are missing, as in seccomp:profile.json"
						findings = append(findings, f)
					}
				}
			}
			return findings
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
