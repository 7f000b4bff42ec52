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
				published
				service string
			}
			var all []taken
			var findings []checks.Finding
			for _, service := range s.Services {
				if service.Get("profiles") != nil || service.Get("network_mode").Text().Text == "host" {
					continue
				}
				var own []taken
				for _, port := range service.Ports() {
					p, ok := publishedOf(port)
					if !ok {
						continue
					}
					for _, other := range all {
						if p.conflicts(other.published) {
							findings = append(findings, service.find(checks.Medium, port.Location, "publishes port %s of the machine, which %s publishes as well", port.Published, other.service))
							break
						}
					}
					own = append(own, taken{p, service.Name})
				}
				all = append(all, own...)
			}
			return findings
		})
	},
}

// published are the ports of the machine that a port takes.
type published struct {
	Port
	low, high int
}

// publishedOf returns the ports of the machine that a port takes; false for free
// ones. A range for one port of the container means one that is free.
func publishedOf(p Port) (published, bool) {
	from, to, isRange := strings.Cut(p.Published, "-")
	if !isRange {
		to = from
	}
	if p.Published == "" || isRange && !strings.Contains(p.Target, "-") {
		return published{}, false
	}
	low, errLow := strconv.Atoi(from)
	high, errHigh := strconv.Atoi(to)
	return published{p, low, high}, errLow == nil && errHigh == nil && low > 0 && low <= high
}

// conflicts reports whether two ports cannot be published at once.
func (p published) conflicts(other published) bool {
	return p.low <= other.high && other.low <= p.high && p.Protocol == other.Protocol &&
		p.sameAddress(other)
}

// sameAddress reports whether two ports are published at one address. No address
// means all of them; 0.0.0.0 and :: are all of one family.
func (p published) sameAddress(other published) bool {
	if p.Host == other.Host || p.Host == "" || other.Host == "" {
		return true
	}
	ipv6 := strings.Contains(p.Host, ":")
	return ipv6 == strings.Contains(other.Host, ":") && (p.everywhere() || other.everywhere())
}
