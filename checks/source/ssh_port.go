package source

import (
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var sshPort = Check{
	Rule: checks.Rule{
		ID:        "source/ssh-port",
		Title:     "The image offers no SSH",
		Severity:  checks.Medium,
		Why:       "An SSH server is a second way into the container, with keys and passwords of its own to keep and to revoke, a second process to supervise, and work that no log of the orchestrator shows.",
		Fix:       "Leave the server and EXPOSE 22 out; get into a container by docker exec or kubectl exec, which ask who you are.",
		Reference: "https://docs.docker.com/build/building/best-practices/#decouple-applications",
		Aliases:   []string{"DS-0004", "CKV_DOCKER_1"},
		Differs:   "DS-0004, CKV_DOCKER_1 read EXPOSE alone, of every stage. Here it is that of the image, and the server that it installs or starts counts as well.",
	},
	Good: `
FROM alpine:3.20
EXPOSE 8080
CMD ["httpd", "-f", "-p", "8080"]
`,
	Bad: `
FROM alpine:3.20
EXPOSE 22
CMD ["/usr/sbin/sshd", "-D"]
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		chain := s.Final.Chain()
		for _, stage := range chain {
			for _, in := range stage.Instructions {
				expose, ok := in.Command.(*instructions.ExposeCommand)
				if !ok {
					continue
				}
				for _, written := range expose.Ports {
					if port := in.Expand(written); port.Known && slices.ContainsFunc(strings.Fields(port.Text), isSSHPort) {
						f := checks.At(in.Find(written), "EXPOSE %s offers the port of SSH", written)
						f.Subject, f.Fix = port.Text, "Leave it out; get into the container by docker exec or kubectl exec"
						findings = append(findings, f)
					}
				}
			}
		}
		for _, kept := range packagesKept(chain, func(_ dockerfile.Call, p packages) []string {
			return packagesNamed(p, "openssh-server", "openssh-server-pam", "dropbear", "tinysshd")
		}) {
			f := checks.At(kept.call.Location, "the image gets the SSH server %s", kept.names[0])
			f.Subject, f.Fix = kept.names[0], "Leave it out; get into the container by docker exec or kubectl exec"
			findings = append(findings, f)
		}
		for _, call := range startCalls(s.Final) {
			if startsSSH(call) {
				f := checks.At(call.Location, "the container starts an SSH server: %s", call)
				f.Subject, f.Fix = call.Program(), "Start the application alone; get into the container by docker exec or kubectl exec"
				findings = append(findings, f)
			}
		}
		return checks.Found(findings...)
	},
}

// isSSHPort reports whether a word of EXPOSE means port 22 of TCP: 22, 22/tcp, or a
// range that holds it.
func isSSHPort(word string) bool {
	ports, protocol, _ := strings.Cut(word, "/")
	first, last, isRange := strings.Cut(ports, "-")
	if !isRange {
		last = first
	}
	from, err := strconv.Atoi(first)
	to, err2 := strconv.Atoi(last)
	return err == nil && err2 == nil && from <= 22 && 22 <= to && (protocol == "" || strings.EqualFold(protocol, "tcp"))
}

func startsSSH(call dockerfile.Call) bool {
	switch program := call.Program(); program {
	case "sshd", "dropbear":
		return !hasWord(call, "-t", "-T")
	case "service":
		return len(call.Words) > 2 && (call.Words[1] == "ssh" || call.Words[1] == "sshd") && call.Words[2] != "stop"
	case "ssh": // /etc/init.d/ssh start
		return strings.HasPrefix(call.Words[0], "/etc/init.d/") && hasWord(call, "start", "restart")
	}
	return false
}
