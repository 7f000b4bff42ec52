package source

import (
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// sshPortNumber is where an SSH server listens.
const sshPortNumber = 22

var sshPort = Check{
	Rule: checks.Rule{
		ID:        "source/ssh-port",
		Title:     "The image does not expose the port of an SSH server",
		Severity:  checks.Medium,
		Why:       "An SSH server beside the application is a second way in, with accounts, keys and a daemon of its own to patch, and whoever uses it leaves no trace in the orchestrator.",
		Fix:       "Leave the SSH server out and remove EXPOSE 22: docker exec and kubectl exec open a shell in a running container.",
		Reference: "https://docs.docker.com/reference/cli/docker/container/exec/",
		Aliases:   []string{"DS-0004", "CKV_DOCKER_1"},
		Differs:   "DS-0004 and CKV_DOCKER_1 judge every stage. Here it is those that the image's configuration comes from, and a range of ports that holds 22 is found too.",
	},
	Good: `
FROM alpine:3.20
EXPOSE 8080
`,
	Bad: `
FROM alpine:3.20
EXPOSE 22 8080
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Final.Chain() {
			for _, in := range stage.Instructions {
				cmd, ok := in.Command.(*instructions.ExposeCommand)
				if !ok {
					continue
				}
				for _, word := range cmd.Ports {
					if port := in.Expand(word); port.Known && holdsSSH(port.Text) {
						findings = append(findings, checks.At(in.Find(word), "EXPOSE %s has the port of an SSH server", port.Text))
					}
				}
			}
		}
		return checks.Found(findings...)
	},
}

// holdsSSH reports whether a port of EXPOSE, or a range of them, holds that of an
// SSH server.
func holdsSSH(port string) bool {
	port, protocol, _ := strings.Cut(port, "/")
	if protocol != "" && !strings.EqualFold(protocol, "tcp") {
		return false
	}
	from, to, isRange := strings.Cut(port, "-")
	if !isRange {
		to = from
	}
	first, err := strconv.Atoi(from)
	last, err2 := strconv.Atoi(to)
	return err == nil && err2 == nil && first <= sshPortNumber && sshPortNumber <= last
}
