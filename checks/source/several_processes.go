package source

import (
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var severalProcesses = Check{
	Rule: checks.Rule{
		ID:        "source/several-processes",
		Title:     "The container runs one application",
		Severity:  checks.Medium,
		Why:       "The platform sees process 1 alone. When the one in the background dies, nothing restarts it and the container counts as running; the stop signal does not get there, and what dies without an init that waits for it stays as a zombie.",
		Fix:       "Run each in a container of its own, from the same image with another command. If they have to share one, start them by an init that waits for them and stops all when one ends, as tini -g or s6-overlay.",
		Reference: "https://docs.docker.com/engine/containers/multi-service_container/",
	},
	Good: `
FROM python:3.12.8-slim
COPY . /app
CMD ["gunicorn", "app.wsgi"]
`,
	Bad: `
FROM python:3.12.8-slim
COPY . /app
CMD ["sh", "-c", "celery -A app worker & exec gunicorn app.wsgi"]
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		st := starts.Of(s)
		if st.reaps {
			return checks.Passed("an init waits for the processes")
		}
		if f, ok := needlessSupervisor(s, st); ok {
			return checks.Found(f)
		}
		if slices.ContainsFunc(st.steps, stopsAgain) {
			return checks.Outcome{} // what runs only while the start prepares the rest
		}
		var aside []step
		var names []string
		waits, main := false, ""
		for _, s := range st.steps {
			name := asideName(s)
			switch {
			case s.conditional:
			case name != "":
				aside = append(aside, s)
				names = append(names, name)
			case s.Words[0] == "wait":
				waits = true
			case s.last && !s.passes() && mainProgram(s):
				main = s.Program()
			case s.last && s.passes():
				main = "the command"
			}
		}
		known := slices.ContainsFunc(aside, func(s step) bool { return daemonizes(s.Words) != "" || runsLong(s.Words) })
		switch {
		case len(aside) > 1 && (known || waits):
		case len(aside) == 1 && known && main != "":
			names = append(names, main)
		default:
			return checks.Outcome{}
		}
		f := checks.At(aside[0].Location, "%s starts several processes in one container: %s", aside[0].by.Keyword, strings.Join(names, ", "))
		f.Subject = names[0]
		if len(aside) == 1 && (main == "tail" || main == "sleep") {
			f.Fix = "Start " + names[0] + " in the foreground as the only process, by its option for that, and let it log to stdout."
		}
		return checks.Found(f)
	},
}

// asideName returns the program that a step leaves running beside the script; empty
// if it leaves none.
func asideName(s step) string {
	if name := daemonizes(s.Words); name != "" && !(s.last && s.exec) {
		return name
	}
	if !s.background || s.piped || slices.Contains(shortCommands, s.Program()) || migration(s.Words) != "" || strings.ContainsAny(s.Words[0], "$`") {
		return ""
	}
	if name := tool(s.Words)[0]; !strings.HasPrefix(name, "wait") {
		return name
	}
	return ""
}

// mainProgram reports whether a step is one that the container may run for.
func mainProgram(s step) bool {
	return s.Program() == "tail" || s.Program() == "sleep" || !slices.Contains(shortCommands, s.Program())
}

// runsLong reports whether a command line is a server, or an interpreter with a
// program of the project.
func runsLong(words []string) bool {
	if serves(words) != "" {
		return true
	}
	program, rest := path.Base(words[0]), words[1:]
	if !isPython(program) && !slices.Contains([]string{"node", "nodejs", "ruby", "php", "java", "deno", "bun", "perl"}, program) {
		return false
	}
	return !slices.ContainsFunc(rest, evaluates) && len(rest) > 0 && migration(words) == "" && !oneOff(rest)
}

// oneOff reports whether the arguments of an interpreter name something that is
// done once.
func oneOff(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		base := strings.ToLower(path.Base(arg))
		return slices.ContainsFunc([]string{"wait", "seed", "init", "setup", "migrat", "collectstatic", "warm", "check", "register", "prepare", "load", "import", "cache", "create"}, func(word string) bool {
			return strings.Contains(base, word)
		})
	})
}

// stopsAgain reports whether a step ends what the script has started before.
func stopsAgain(s step) bool {
	args := s.Words[1:]
	switch s.Program() {
	case "kill", "pkill", "killall":
		return !slices.Contains(args, "-0")
	case "pg_ctl", "nginx", "service", "systemctl", "rc-service", "apachectl", "apache2ctl", "rabbitmqctl", "pg_ctlcluster":
		return slices.Contains(args, "stop") || slices.Contains(args, "quit")
	case "mysqladmin", "mariadb-admin", "redis-cli", "mongosh", "mongo":
		return slices.ContainsFunc(args, func(a string) bool { return strings.Contains(strings.ToLower(a), "shutdown") })
	}
	return false
}

// needlessSupervisor returns a finding for a supervisord that has one program to
// start, going by its configuration in the build context.
func needlessSupervisor(s *dockerfile.Source, st *start) (checks.Finding, bool) {
	at := slices.IndexFunc(st.steps, func(s step) bool { return s.Program() == "supervisord" && !s.conditional })
	if at < 0 {
		return checks.Finding{}, false
	}
	step := st.steps[at]
	target := ""
	for i, word := range step.Words[1:] {
		if (word == "-c" || word == "--configuration") && i+2 < len(step.Words) {
			target = step.Words[i+2]
		} else if file, ok := strings.CutPrefix(word, "--configuration="); ok {
			target = file
		}
	}
	files := newImageFiles(s)
	candidates := []string{"/etc/supervisor/supervisord.conf", "/etc/supervisord.conf"}
	if target != "" {
		candidates = []string{path.Join("/", target)}
	}
	for _, candidate := range candidates {
		name := files.path(candidate)
		if name == "" {
			continue
		}
		text, err := s.ReadFile(name)
		if err != nil || strings.Contains(string(text), "[include]") {
			return checks.Finding{}, false
		}
		var programs []string
		for line := range strings.Lines(string(text)) {
			if program, ok := strings.CutPrefix(strings.TrimSpace(line), "[program:"); ok {
				programs = append(programs, strings.TrimSuffix(strings.TrimSpace(program), "]"))
			}
		}
		if len(programs) != 1 {
			return checks.Finding{}, false
		}
		f := checks.At(step.Location, "supervisord runs %s alone, by %s: it hides its exit from the platform", programs[0], name)
		f.Subject = "supervisord"
		f.Fix = "Start " + programs[0] + " itself in " + step.by.Keyword + ", and let the platform restart the container."
		return f, true
	}
	return checks.Finding{}, false
}
