package source

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var stopSignal = Check{
	Rule: checks.Rule{
		ID:        "source/stop-signal",
		Title:     "STOPSIGNAL is the one on which the program finishes its work",
		Severity:  checks.Medium,
		Why:       "Some servers take SIGTERM for at once: they drop the connections that are open, or wait for clients that never go. No program can handle SIGKILL or SIGSTOP: it ends in the middle of what it does.",
		Fix:       "Write STOPSIGNAL SIGQUIT for nginx and php-fpm, SIGWINCH for Apache, SIGINT for PostgreSQL, SIGUSR1 for HAProxy; leave it out for what finishes on SIGTERM.",
		Reference: "https://docs.docker.com/reference/dockerfile/#stopsignal",
	},
	Good: `
FROM alpine:3.22.1
RUN apk add --no-cache nginx
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
`,
	Bad: `
FROM nginx:1.27.3-alpine
STOPSIGNAL SIGTERM
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		if s.Windows() {
			return checks.Outcome{}
		}
		root := s.Final.Root()
		image, _ := root.References[0].Image()
		server := startedServer(starts.Of(s), image)
		want := gracefulSignals[server]
		in := s.Final.Config.StopSignal
		if in == nil {
			if server == "" || root.BaseName.Text != dockerfile.Scratch && !bringsNoSignal(image) {
				return checks.Outcome{}
			}
			f := checks.At(startLocation(s), "%s gets SIGTERM, on which it %s: it needs STOPSIGNAL %s", server, want.on["SIGTERM"], want.signal)
			f.Subject, f.Severity, f.Fix = server, checks.Low, "Write STOPSIGNAL "+want.signal+"."
			return checks.Found(f)
		}
		written := in.Command.(*instructions.StopSignalCommand).Signal
		value := in.Expand(written)
		if !value.Known {
			return checks.Outcome{}
		}
		signal := signalName(value.Text)
		switch {
		case signal == "SIGKILL" || signal == "SIGSTOP":
			f := checks.At(in.Find(written), "STOPSIGNAL %s cannot be handled by any program", signal)
			f.Subject, f.Severity = signal, checks.High
			f.Fix = "Remove it, so that the program gets SIGTERM, or name the signal on which it finishes its work."
			return checks.Found(f)
		case want.on[signal] != "":
			f := checks.At(in.Find(written), "%s %s on STOPSIGNAL %s: it needs %s", server, want.on[signal], signal, want.signal)
			f.Subject, f.Fix = signal, "Write STOPSIGNAL "+want.signal+"."
			return checks.Found(f)
		}
		return checks.Passed("STOPSIGNAL %s", signal)
	},
}

// graceful is the signal on which a server finishes its work, and what it does on
// others that people use.
type graceful struct {
	signal string
	on     map[string]string
}

const (
	dropsRequests    = "drops the requests that are open"
	dropsConnections = "drops the connections that are open"
)

var gracefulSignals = map[string]graceful{
	"nginx":    {"SIGQUIT", map[string]string{"SIGTERM": dropsRequests, "SIGINT": dropsRequests}},
	"apache":   {"SIGWINCH", map[string]string{"SIGTERM": dropsRequests, "SIGINT": dropsRequests, "SIGHUP": "starts again"}},
	"php-fpm":  {"SIGQUIT", map[string]string{"SIGTERM": dropsRequests, "SIGINT": dropsRequests}},
	"postgres": {"SIGINT", map[string]string{"SIGTERM": "waits for every client to leave", "SIGQUIT": "ends without writing a checkpoint"}},
	"haproxy":  {"SIGUSR1", map[string]string{"SIGTERM": dropsConnections, "SIGINT": dropsConnections}},
}

// serverNames are the names of gracefulSignals by their programs.
var serverNames = map[string]string{
	"nginx": "nginx", "openresty": "nginx", "httpd": "apache", "httpd-foreground": "apache", "apache2-foreground": "apache",
	"apachectl": "apache", "apache2ctl": "apache", "apache2": "apache", "php-fpm": "php-fpm", "postgres": "postgres", "haproxy": "haproxy",
}

// startedServer returns the server that the image runs for, by its start, or by
// the official image that it is built from where that brings the start; empty if
// it is none of those, or not known.
func startedServer(st *start, image string) string {
	config := st.source.Final.Config
	if config.Cmd == nil && config.Entrypoint == nil {
		return officialServer(image)
	}
	if st.supervised {
		return ""
	}
	for _, s := range slices.Backward(st.steps) {
		if s.passes() {
			continue
		}
		if !s.last || s.conditional || s.background {
			return ""
		}
		program := path.Base(s.Words[0])
		if strings.HasPrefix(program, "php-fpm") && serves(s.Words) != "" {
			program = "php-fpm"
		}
		return serverNames[program]
	}
	return ""
}

// officialServer returns the server that a Docker Official Image runs.
func officialServer(image string) string {
	n, ok := parseImage(image)
	if !ok {
		return ""
	}
	switch name := n.familiar(); {
	case name == "nginx" || name == "nginxinc/nginx-unprivileged":
		return "nginx"
	case name == "httpd", name == "php" && n.tagHas("apache"):
		return "apache"
	case name == "php" && n.tagHas("fpm"):
		return "php-fpm"
	case name == "postgres" || name == "haproxy":
		return name
	}
	return ""
}

// bringsNoSignal reports whether an image is known to leave the stop signal at
// SIGTERM: those of distributions and languages do.
func bringsNoSignal(image string) bool {
	n, ok := parseImage(image)
	if !ok {
		return false
	}
	name := n.familiar()
	return slices.Contains(distributions, name) || slices.Contains([]string{"node", "python", "ruby", "golang"}, name) || name == "php" && n.tag != "" && !n.tagHas("fpm", "apache")
}

// startLocation is the place of what starts the image.
func startLocation(s *dockerfile.Source) checks.Location {
	config := s.Final.Config
	if config.Cmd != nil {
		return config.Cmd.Location
	}
	if config.Entrypoint != nil {
		return config.Entrypoint.Location
	}
	return s.Final.From.Location
}

// signalName returns the name of a signal that is given by name or number; empty
// for one that is not among those that stop.
func signalName(text string) string {
	if number, err := strconv.Atoi(text); err == nil {
		return map[int]string{1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 9: "SIGKILL", 10: "SIGUSR1", 12: "SIGUSR2", 15: "SIGTERM", 19: "SIGSTOP", 28: "SIGWINCH"}[number]
	}
	return "SIG" + strings.TrimPrefix(strings.ToUpper(text), "SIG")
}
