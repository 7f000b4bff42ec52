package compose

import "github.com/imagegate/imagegate/checks"

var hostNamespace = Check{
	Rule: checks.Rule{
		ID:        "compose/host-namespace",
		Title:     "No service shares the network, the processes or the users of the machine",
		Severity:  checks.Medium,
		Why:       "With the network of the machine, a service reaches whatever listens on localhost there and opens any port; with its processes, it sees and signals all of them.",
		Fix:       "Remove the setting: publish the ports that are needed, and reach other services by their names.",
		Reference: "https://docs.docker.com/reference/compose-file/services/#network_mode",
	},
	Good: `
services:
  app:
    build: .
    ports:
      - "8080:8080"
`,
	Bad: `
services:
  app:
    build: .
    network_mode: host
`,
	Judge: func(p *Project) checks.Outcome {
		return judgeServices(p, func(s *Stack, service *Service) []checks.Finding {
			var findings []checks.Finding
			for _, shared := range []struct{ key, what string }{
				{"network_mode", "network"}, {"pid", "processes"}, {"ipc", "memory between processes"}, {"uts", "host name"},
				{"userns_mode", "users"}, {"cgroup", "control groups"},
			} {
				if n := service.Get(shared.key); n.Text().Text == "host" {
					f := service.find(s.severity(checks.Medium), n.Location, "shares the %s of the machine (%s: host)", shared.what, shared.key)
					f.Subject += " " + shared.key
					findings = append(findings, f)
				}
			}
			return findings
		})
	},
}
