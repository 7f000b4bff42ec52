package compose

import (
	"cmp"
	"slices"

	"github.com/imagegate/imagegate/checks"
)

var publishedPort = Check{
	Rule: checks.Rule{
		ID:        "compose/published-port",
		Title:     "Ports of databases, debuggers and the engine are not published to the world",
		Severity:  checks.Medium,
		Why:       "A published port is open on every address of the machine, past its firewall: Docker writes the rules of the firewall itself. The other services need no published port to reach the server.",
		Fix:       "Remove the port, or publish it for the machine alone, as in \"127.0.0.1:5432:5432\".",
		Reference: "https://docs.docker.com/engine/network/port-publishing/",
		Aliases:   []string{"no-unbound-port-interfaces"},
		Differs:   "no-unbound-port-interfaces asks every published port to name an address. Only the ports of databases, caches, queues and debuggers are judged: that of an application is to be reached.",
	},
	Good: `
services:
  app:
    build: .
    ports:
      - "3000:3000"
  db:
    image: postgres:16.4-alpine3.20
    ports:
      - "127.0.0.1:5432:5432"
`,
	Bad: `
services:
  db:
    image: postgres:16.4-alpine3.20
    ports:
      - "5432:5432"
`,
	Judge: func(p *Project) checks.Outcome {
		return judgeServices(p, func(s *Stack, service *Service) []checks.Finding {
			if service.Get("network_mode").Text().Text == "host" {
				return nil // it publishes nothing
			}
			image, _, server := service.server()
			var findings []checks.Finding
			for _, port := range service.Ports() {
				if !port.everywhere() {
					continue
				}
				what, severity := "of "+image, checks.Medium
				switch {
				case service.isSocketProxy(), port.Target == engineAPI:
					what, severity = "of the container engine's API", checks.High
				case port.Target == nodeInspector, slices.Contains(debuggers, port.Target) && p.isOwn(service):
					what = "of a debugger"
				case !server:
					continue
				}
				f := service.find(s.severity(severity), port.Location, "publishes port %s %s on every address of the machine", port.Target, what)
				f.Subject += " " + port.Target
				f.Fix = "Remove the port, or publish it as \"127.0.0.1:" + cmp.Or(port.Published, port.Target) + ":" + port.Target + "\""
				findings = append(findings, f)
			}
			return findings
		})
	},
}

// engineAPI is the port at which an engine listens without TLS: who reaches it is
// root on the machine.
const engineAPI = "2375"

// nodeInspector is the port of the debugger of Node.js.
const nodeInspector = "9229"

// debuggers are the ports of debuggers, by which who reaches them runs code: those
// of the JVM and Python. Other programs listen there as well.
var debuggers = []string{"5005", "5678"}

// isOwn reports whether a service runs what is developed here: its image is built,
// or it has the source mounted.
func (p *Project) isOwn(s *Service) bool {
	_, mounts := p.sourceMount(s)
	return s.Built() || mounts || s.mountsRoot()
}
