package compose

import (
	"strconv"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var portConflict = Check{
	Rule: checks.Rule{
		ID:        "compose/port-conflict",
		Title:     "No two services publish the same port of the machine",
		Severity:  checks.Medium,
		Why:       "The second service does not start: the port is taken.",
		Fix:       "Publish one of them at another port.",
		Reference: "https://docs.docker.com/reference/compose-file/services/#ports",
		Aliases:   []string{"no-duplicate-exported-ports"},
		Differs:   "no-duplicate-exported-ports looks at one file, and at the numbers alone. Files that are laid over one another are judged together; ports of other protocols, at other addresses, or of services with profiles do not conflict.",
	},
	Good: `
services:
  app:
    build: .
    ports: ["8080:8080", "8080:8080/udp"]
  admin:
    build: admin
    ports: ["8081:8080"]
`,
	Bad: `
services:
  app:
    build: .
    ports: ["8080:8080"]
  admin:
    build: admin
    ports: ["8080:8080"]
`,
	Judge: func(p *Project) checks.Outcome {
		return judgeStacks(p, func(s *Stack) []checks.Finding {
			type taken struct {
				port    Port
				service string
			}
			var all []taken
			var findings []checks.Finding
			for _, service := range s.Services {
				if service.Get("profiles") != nil || service.Get("network_mode").Text().Text == "host" {
					continue
				}
				for _, port := range service.Ports() {
					for _, other := range all {
						if other.service != service.Name && conflict(port, other.port) {
							findings = append(findings, service.find(checks.Medium, port.Location, "publishes port %s of the machine, which %s publishes as well", port.Published, other.service))
							break
						}
					}
					all = append(all, taken{port, service.Name})
				}
			}
			return findings
		})
	},
}

// conflict reports whether two ports cannot be published at once. A range has to
// have one port for each of the container's: others are looked for where one is
// taken.
func conflict(a, b Port) bool {
	if a.Protocol != b.Protocol || a.Host != b.Host && !a.everywhere() && !b.everywhere() {
		return false
	}
	low, high, ok := portRange(a.Published)
	otherLow, otherHigh, otherOK := portRange(b.Published)
	if !ok || !otherOK || high > low && !strings.Contains(a.Target, "-") || otherHigh > otherLow && !strings.Contains(b.Target, "-") {
		return false
	}
	return low <= otherHigh && otherLow <= high
}

func portRange(text string) (low, high int, ok bool) {
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	low, err := strconv.Atoi(from)
	if err != nil {
		return 0, 0, false
	}
	high, err = strconv.Atoi(to)
	return low, high, err == nil && low > 0 && low <= high
}
