package compose

import (
	"path"
	"slices"
	"strings"

	"github.com/distribution/reference"

	"github.com/imagegate/imagegate/checks"
)

var dockerSocket = Check{
	Rule: checks.Rule{
		ID:        "compose/docker-socket",
		Title:     "No service has the socket of the container engine",
		Severity:  checks.High,
		Why:       "Who can talk to the engine can start a container with the whole disk of the machine in it, and so is root there. Mounting the socket read only changes nothing about that.",
		Fix:       "Remove the mount. What only lists containers can ask a proxy that lets nothing else through, such as tecnativa/docker-socket-proxy; builds can run in a rootless BuildKit.",
		Reference: "https://docs.docker.com/engine/security/#docker-daemon-attack-surface",
	},
	Good: `
services:
  traefik:
    image: traefik:v3.1.2
    command: ["--providers.docker.endpoint=tcp://socket-proxy:2375"]
  socket-proxy:
    image: tecnativa/docker-socket-proxy:0.3.0
    environment:
      CONTAINERS: "1"
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock:ro
`,
	Bad: `
services:
  worker:
    build: .
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock:ro
`,
	Judge: func(p *Project) checks.Outcome {
		return judgeServices(p, func(s *Stack, service *Service) []checks.Finding {
			if service.isSocketProxy() {
				return nil
			}
			var findings []checks.Finding
			for _, m := range service.Mounts() {
				switch {
				case isEngineSocket(m.Source) || (m.Type == "bind" || !m.Known) && isEngineSocket(m.Target):
					findings = append(findings, service.find(s.severity(checks.High), m.Location, "has the socket of the container engine, %s", m.Source))
				case m.Type == "bind" && m.Known && slices.Contains(socketDirectories, path.Clean(m.Source)):
					severity := checks.High
					if m.ReadOnly && m.Source == "/" {
						severity = checks.Medium // agents read the disk as an account that cannot open the socket
					}
					findings = append(findings, service.find(s.severity(severity), m.Location, "has the directory %s of the machine, and in it the socket of the container engine", m.Source))
				}
			}
			return findings
		})
	},
}

// socketDirectories are those of the machine that its engine's socket is in.
var socketDirectories = []string{"/", "/run", "/var", "/var/run"}

// isEngineSocket reports whether a path is that of the socket of a container
// engine, also on Windows, and through a link.
func isEngineSocket(name string) bool {
	return slices.Contains([]string{"docker.sock", "podman.sock", "containerd.sock", "crio.sock", "docker_engine"}, path.Base(strings.ReplaceAll(name, `\`, "/")))
}

// isSocketProxy reports whether a service is what keeps others from the socket.
func (s *Service) isSocketProxy() bool {
	named, _, ok := s.Image()
	return ok && strings.Contains(path.Base(reference.FamiliarName(named)), "socket-proxy")
}
