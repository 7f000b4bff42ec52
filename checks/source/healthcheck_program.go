package source

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var healthcheckProgram = Check{
	Rule: checks.Rule{
		ID:        "source/healthcheck-program",
		Title:     "The image has what its HEALTHCHECK calls",
		Severity:  checks.Medium,
		Why:       "A check whose program is not in the image fails every time: the container never gets healthy, is restarted over and over, or gets no requests.",
		Fix:       `Ask by a program that the image has: the application itself, as in HEALTHCHECK CMD ["/server", "healthcheck"], its interpreter, or wget on Alpine; or install the program in the last stage.`,
		Reference: "https://docs.docker.com/reference/dockerfile/#healthcheck",
	},
	Good: `
FROM alpine:3.22.1
HEALTHCHECK CMD wget --quiet --spider http://localhost:8000/health || exit 1
`,
	Bad: `
FROM python:3.12.8-slim
HEALTHCHECK CMD curl --fail http://localhost:8000/health || exit 1
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		in := healthTest(s)
		if in == nil || s.Windows() {
			return checks.Outcome{}
		}
		test := in.Command.(*instructions.HealthCheckCommand).Health.Test
		if test[0] == "CMD" {
			if test[1] == "CMD" || test[1] == "CMD-SHELL" {
				f := checks.At(in.Location, "%s is no program: in a Dockerfile the array is the command itself, and not as it is in Compose", test[1])
				f.Subject = test[1]
				switch {
				case len(test) < 3:
				case test[1] == "CMD":
					f.Fix = "Write CMD " + jsonArray(test[2:]) + "."
				case !strings.Contains(test[2], "\n"):
					f.Fix = "Write CMD " + test[2]
				}
				return checks.Found(f)
			}
			if isCommandLine(test[1]) {
				f := checks.At(in.Location, "no program is called %s: in exec form each word is an element of the array", test[1])
				f.Subject = test[1]
				f.Fix = "Write one element for each word, or the command without the brackets."
				return checks.Found(f)
			}
			if operator := slices.IndexFunc(test[1:], func(w string) bool { return w == "||" || w == "&&" || w == "|" }); operator > 0 {
				f := checks.At(in.Location, "in exec form there is no shell: %s is an argument of %s, not an operator", test[1+operator], path.Base(test[1]))
				f.Subject = test[1+operator]
				f.Fix = "Leave it out, or write the command without the brackets."
				return checks.Found(f)
			}
		}
		base := baseOf(s)
		if base == nil {
			return checks.Outcome{}
		}
		if test[0] == "CMD-SHELL" {
			if shell := "sh"; in.Before.Shell == nil && base.lacks(shell) && !broughtBy(s, shell) {
				return missingProgram(s, in.Location, shell, "", "in shell form it cannot run")
			}
		}
		st := &start{source: s}
		st.instruction(in, nil)
		looks := slices.ContainsFunc(st.steps, func(step step) bool {
			return slices.Contains([]string{"command", "which", "type", "hash"}, step.Program()) || step.RunsThrough("command")
		})
		if looks || hasChoice(st.steps) {
			return checks.Outcome{}
		}
		for _, step := range st.steps {
			program := step.Program()
			if program != step.Words[0] && !slices.Contains(searchPath, path.Dir(step.Words[0])) {
				continue // one of its own
			}
			if base.lacks(program) && !broughtBy(s, program) {
				return missingProgram(s, step.WordLocation(0), program, instead(s, base, in, test), "the check fails every time")
			}
		}
		return checks.Outcome{}
	},
}

// hasChoice reports whether the steps ask by one program where another one fails.
func hasChoice(steps []step) bool {
	var tools []string
	conditional := false
	for _, s := range steps {
		if program := s.Program(); healthTools[program] != nil && !slices.Contains(tools, program) {
			tools = append(tools, program)
			conditional = conditional || s.conditional
		}
	}
	return conditional && len(tools) > 1
}

func missingProgram(s *dockerfile.Source, where checks.Location, program, fix, consequence string) checks.Outcome {
	f := checks.At(where, "the HEALTHCHECK needs %s, which neither %s nor an instruction brings: %s", program, s.Final.Root().BaseName.Text, consequence)
	f.Subject, f.Fix = program, fix
	if program == "sh" {
		f.Fix = `Write it as a JSON array with a program of the image, as in HEALTHCHECK CMD ["/server", "healthcheck"].`
	}
	return checks.Found(f)
}

// instead says how to ask the same without a program that the base image lacks.
func instead(s *dockerfile.Source, base *baseImage, in *dockerfile.Instruction, test []string) string {
	line, by := healthcheckExample(base, in.Flags(), askedURL(s, test))
	if line == "" {
		return ""
	}
	return fmt.Sprintf("Install the program in the last stage, or ask by %s: %s", by, line)
}

// baseKind is what a base image is known to have.
type baseKind int

const (
	// baseEmpty has neither a shell nor tools.
	baseEmpty baseKind = iota
	// baseAlpine has BusyBox: a shell, wget, nc, pgrep.
	baseAlpine
	// baseDebian is a small Debian or Ubuntu: a shell and the core utilities.
	baseDebian
)

// baseImage is a base image of which it is known what it lacks.
type baseImage struct {
	kind baseKind
	// language is that of its interpreter, by the name of the official image: node,
	// python or ruby; empty for others.
	language string
}

// healthTools are programs that health checks call, with the packages that bring
// them; a name that ends with * stands for all that begin so.
var healthTools = map[string][]string{
	"curl": {"curl"}, "wget": {"wget"}, "bash": {"bash"}, "jq": {"jq"},
	"nc": {"netcat*", "nmap*", "ncat", "busybox*"}, "netcat": {"netcat*"}, "ncat": {"nmap*", "ncat"},
	"pg_isready": {"postgresql*", "libpq*"}, "psql": {"postgresql*"}, "redis-cli": {"redis*", "valkey*"},
	"mysqladmin": {"*mysql*", "mariadb*"}, "mysql": {"*mysql*", "mariadb*"}, "mariadb-admin": {"mariadb*", "*mysql*"},
	"mongosh": {"mongo*"}, "cgi-fcgi": {"fcgi*", "libfcgi*"}, "http": {"httpie"}, "grpc_health_probe": {"grpc*"},
	"dig": {"dnsutils", "bind*"}, "xh": {"xh"},
}

// shellTools come with every base image that has a shell.
var shellTools = []string{"sh", "ash", "dash", "test", "[", "grep", "cat", "echo", "true", "ls", "ps", "pgrep", "pidof", "kill", "sleep", "stat", "find", "env"}

// lacks reports whether the base image is known not to have a program.
func (b *baseImage) lacks(program string) bool {
	switch b.kind {
	case baseEmpty:
		return healthTools[program] != nil || slices.Contains(shellTools, program)
	case baseAlpine:
		return healthTools[program] != nil && !slices.Contains([]string{"wget", "nc"}, program)
	}
	return healthTools[program] != nil && program != "bash"
}

// baseOf returns what is known of the external image that the last stage is built
// from; nil if nothing is.
func baseOf(s *dockerfile.Source) *baseImage {
	root := s.Final.Root()
	if root.BaseName.Known && root.BaseName.Text == dockerfile.Scratch {
		return &baseImage{kind: baseEmpty}
	}
	image, ok := root.References[0].Image()
	if !ok {
		return nil
	}
	named, ok := parseImage(image)
	if !ok {
		return nil
	}
	tag := named.tag
	has := func(word string) bool { return named.tagHas(word) }
	switch name := named.familiar(); {
	case strings.HasPrefix(name, "gcr.io/distroless/"):
		if !has("debug") {
			language := ""
			switch {
			case strings.HasPrefix(name, "gcr.io/distroless/nodejs"):
				language = "node"
			case strings.HasPrefix(name, "gcr.io/distroless/python3"):
				language = "python"
			}
			return &baseImage{kind: baseEmpty, language: language}
		}
	case strings.HasPrefix(name, "mcr.microsoft.com/dotnet/") && !strings.HasSuffix(name, "/sdk"):
		switch {
		case tag == "" || has("nanoserver") || has("windows") || has("mariner") || has("azurelinux"):
		case has("chiseled"):
			return &baseImage{kind: baseEmpty}
		case has("alpine"):
			return &baseImage{kind: baseAlpine}
		case slices.Contains([]string{"mcr.microsoft.com/dotnet/aspnet", "mcr.microsoft.com/dotnet/runtime", "mcr.microsoft.com/dotnet/runtime-deps"}, name):
			return &baseImage{kind: baseDebian}
		}
	case name == "alpine":
		return &baseImage{kind: baseAlpine}
	case name == "debian" || name == "ubuntu":
		return &baseImage{kind: baseDebian}
	case name == "node" || name == "python" || name == "ruby":
		if has("alpine") {
			return &baseImage{kind: baseAlpine, language: name}
		}
		if has("slim") {
			return &baseImage{kind: baseDebian, language: name}
		}
	}
	return nil
}

// broughtBy reports whether an instruction of the image's stages brings a program,
// or may do so.
func broughtBy(s *dockerfile.Source, program string) bool {
	own := ""
	for _, in := range []*dockerfile.Instruction{s.Final.Config.Entrypoint, s.Final.Config.Cmd} {
		if own == "" && in != nil && len(in.Calls) == 1 {
			own = in.Calls[0].Program()
		}
	}
	for _, stage := range s.Final.Chain() {
		for _, in := range stage.Instructions {
			if c, ok := in.Copy(); ok {
				if copyMayBring(s, c, program, own) {
					return true
				}
				continue
			}
			if in.Keyword != "RUN" {
				continue
			}
			if in.ShellError != nil || slices.ContainsFunc(in.Calls, func(call dockerfile.Call) bool { return runMayBring(call, program) }) {
				return true
			}
		}
	}
	return false
}

// copyMayBring reports whether a copy may bring a program to where programs are
// looked for. Own is the name of the application's own program.
func copyMayBring(s *dockerfile.Source, c dockerfile.Copy, program, own string) bool {
	to := c.Before.Resolve(c.Dest)
	if !to.Known {
		return !c.Dest.Known || path.IsAbs(c.Dest.Text)
	}
	for _, dir := range searchPath {
		target := path.Join(dir, program)
		rel, below := within(to.Text, target)
		if !below {
			continue
		}
		if rel == "." {
			return true
		}
		for _, src := range c.Sources {
			base := path.Base(src.Text)
			switch {
			case !src.Known || strings.ContainsAny(src.Text, "*?[") || strings.Contains(src.Text, "://") || base == program:
				return true
			case c.From == "":
				name := clean(src.Text)
				if c.Keyword == "ADD" && strings.Contains(base, ".t") || s.IsDir(name) && s.Exists(path.Join(name, rel)) || name != "." && !s.Exists(name) && path.Ext(name) == "" {
					return true
				}
			case base == own, path.Ext(base) != "", slices.Contains(searchPath, path.Dir(src.Text)) && base != ".":
				// A file.
			default:
				return true
			}
		}
	}
	return false
}

// bringNothing are programs that a RUN calls and that put no program into the image.
var bringNothing = []string{"sed", "grep", "awk", "cat", "find", "date", "id", "getent", "touch", "stat", "npm", "npx", "node", "pip", "bundle", "gem", "usermod", "install-php-extensions", "docker-php-ext-install", "docker-php-ext-enable", "docker-php-ext-configure", "setcap", "passwd", "delgroup", "deluser", "userdel", "groupdel", "adduser", "umask", "exit", "python", "python3", "dpkg-reconfigure", "mktemp", "pwd"}

func runMayBring(call dockerfile.Call, program string) bool {
	if p, ok := parsePackages(call); ok {
		if !p.system {
			return p.manager == "conda"
		}
		if p.action != actionInstall {
			return p.action != actionUpdate && p.action != actionUpgrade && p.action != actionRemove && p.action != actionClean
		}
		return slices.ContainsFunc(p.operands, func(o packageOperand) bool {
			return o.unknown || o.elsewhere || provides(o.name, program)
		})
	}
	if _, ok := parseInstall(call); ok {
		return false
	}
	if slices.Contains([]string{"cp", "ln", "install", "mv"}, call.Program()) {
		return true
	}
	return !slices.Contains(keepProject, call.Program()) && !slices.Contains(bringNothing, call.Program())
}

// provides reports whether a package brings a program.
func provides(name, program string) bool {
	if name == program || strings.HasPrefix(name, "$") {
		return true
	}
	return slices.ContainsFunc(healthTools[program], func(pattern string) bool {
		matched, err := path.Match(pattern, name)
		return err == nil && matched
	})
}
