package source

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var interactiveTools = Check{
	Rule: checks.Rule{
		ID:        "source/interactive-tools",
		Title:     "No tools for people at a terminal, nor commands of a running system",
		Severity:  checks.Low,
		Why:       "Nobody works in a container of production: editors, pagers and debuggers are only weight there, and tools for whoever breaks in. Commands that start services, mount or show processes act on the build's own container, which ends with the RUN.",
		Fix:       "Leave them out. Debug with a container beside it, as docker debug and kubectl debug do; start services in CMD, or in the RUN that needs them.",
		Reference: "https://docs.docker.com/build/building/best-practices/#dont-install-unnecessary-packages",
		Aliases:   []string{"DL3001"},
		Differs:   "DL3001 finds every call of free, kill, mount, ps, service, shutdown, ssh, top and vim. Here a service that the same RUN goes on to use passes, and so do kill behind what it ends, ssh with a mount of type ssh, and mount with --security=insecure; editors and debuggers that the image keeps are found as well.",
	},
	Good: `
FROM debian:12.8-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
CMD ["/app"]
`,
	Bad: `
FROM debian:12.8-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates vim htop && rm -rf /var/lib/apt/lists/*
CMD ["/app"]
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		for _, stage := range s.Reachable() {
			for _, in := range stage.Instructions {
				run, ok := in.Command.(*instructions.RunCommand)
				if !ok || stage.Windows() {
					continue
				}
				for n, call := range in.Calls {
					if why := pointless(run, in.Calls, n); why != "" && !isOptional(call) {
						f := checks.At(call.Location, "%s makes no sense in a build: %s", call.Program(), why)
						f.Subject, f.Fix = call.Program(), "Leave it out"
						if call.Program() == "service" || call.Program() == "systemctl" {
							f.Fix = "Leave it out, and start the program in CMD; or put what needs it into the same RUN"
						}
						findings = append(findings, f)
					}
				}
			}
		}
		chain := s.Final.Chain()
		if !runsSomething(s.Final, chain) || isWorkbench(s.Final) {
			return checks.Found(findings...)
		}
		started := startCalls(s.Final)
		for _, kept := range packagesKept(chain, func(_ dockerfile.Call, p packages) []string {
			names := packagesNamed(p, terminalPackages...)
			return slices.DeleteFunc(names, func(name string) bool {
				return isEditor(s.Final, name) || slices.ContainsFunc(started, func(call dockerfile.Call) bool { return call.Program() == name || hasWord(call, name) })
			})
		}) {
			names := strings.Join(kept.names, ", ")
			f := checks.At(kept.call.Location, "the image gets %s, which only people at a terminal use", names)
			f.Subject, f.Fix = names, "Leave them out; debug with docker debug or kubectl debug, which bring their own tools"
			findings = append(findings, f)
		}
		return checks.Found(findings...)
	},
}

// terminalPackages are packages of tools for people at a terminal, and for no
// program.
var terminalPackages = []string{
	"vim", "vim-tiny", "vim-nox", "vim-enhanced", "vim-minimal", "neovim", "nano", "emacs", "emacs-nox", "joe", "mc", "tmux", "screen", "htop", "iotop", "atop", "nmon",
	"man-db", "telnet", "inetutils-telnet", "tcpdump", "strace", "ltrace", "gdb", "nmap",
}

// isEditor reports whether a variable makes a program the editor of others.
func isEditor(final *dockerfile.Stage, name string) bool {
	name, _, _ = strings.Cut(name, "-")
	return slices.ContainsFunc(final.Env(), func(v dockerfile.Variable) bool {
		return slices.Contains([]string{"EDITOR", "VISUAL", "GIT_EDITOR"}, v.Name) && strings.Contains(v.Value.Raw, name)
	})
}

// pointless says why the n-th call of a RUN does nothing for the image; empty if it
// may do something.
func pointless(run *instructions.RunCommand, calls []dockerfile.Call, n int) string {
	const (
		waits = "it waits for somebody at a terminal"
		shows = "it shows what runs in the build, which the image has nothing of"
		ends  = "what it starts ends with the RUN"
	)
	call := calls[n]
	switch program := call.Program(); program {
	case "vi", "vim", "nvim", "emacs":
		if !hasWord(call, "-es", "-Es", "--headless", "--batch", "-batch", "--version") && !strings.Contains(call.String(), "+") && !strings.Contains(call.String(), " -c") {
			return waits // and installs no plugins
		}
	case "nano", "man", "telnet", "less", "more":
		if len(call.Input) == 0 {
			return waits
		}
	case "top", "htop", "free", "ps":
		return shows
	case "shutdown", "reboot", "poweroff", "halt":
		return "there is no system that it could stop"
	case "mount":
		if instructions.GetSecurity(run) != instructions.SecurityInsecure && len(call.Words) > 1 {
			return "a build has not the right to, and a mount ends with its RUN"
		}
	case "ssh":
		if !strings.HasPrefix(call.Words[0], "/etc/init.d/") && !hasWord(call, "-V") && !slices.ContainsFunc(instructions.GetMounts(run), func(m *instructions.Mount) bool { return m.Type == instructions.MountTypeSSH }) {
			return "it depends on another host, and on a key that has no place in the image"
		}
	case "service", "systemctl":
		if hasWord(call, "start", "restart", "reload") && !hasWord(call, "stop") && !slices.ContainsFunc(calls[n+1:], func(later dockerfile.Call) bool {
			return later.Program() != program && !isHarmless(later)
		}) {
			return ends
		}
	case "kill":
		if len(calls) == 1 {
			return "nothing of an earlier RUN is running"
		}
	}
	return ""
}
