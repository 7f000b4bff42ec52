package runtime

import (
	"fmt"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

// keptPaths is how many paths a message names.
const keptPaths = 5

var logFiles = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/log-files",
		Title:     "the application writes no log files into the root file system",
		Severity:  checks.Medium,
		Why:       "A log file in a container is collected by nobody, is gone with the container when it would be needed, and fills the disk of the machine until then.",
		Fix:       "log to stdout and stderr; where the program only knows files, link them in the Dockerfile, as in RUN ln -sf /dev/stdout /var/log/app.log",
		Reference: "https://12factor.net/logs",
	},
	Good: `{"args": ["/app"], "changes": {}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Bad:  `{"args": ["/app"], "changes": {"added": ["/app/logs/", "/app/logs/error.log"], "modified": ["/var/log/app.log"]}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Judge: func(o *Run) checks.Outcome {
		if out, ok := compared(o); !ok {
			return out
		}
		var paths []string
		npm := true
		for _, c := range changes(o) {
			if c.isLog() {
				paths = append(paths, line(c.path))
				npm = npm && strings.Contains(c.path, "/.npm/_logs/")
			}
		}
		if len(paths) == 0 {
			return checks.Passed("")
		}
		what := "a log file"
		if len(paths) > 1 {
			what = fmt.Sprintf("%d log files", len(paths))
		}
		f := checks.At(checks.Location{}, "the application writes %s into the root file system: %s", what, some(paths, keptPaths))
		if npm {
			f.Fix = "start the program itself, as in CMD [\"node\", \"server.js\"]: npm writes a log of each start"
		}
		return checks.Found(f)
	},
}

// compared returns a Skip where it is not known what the application changed.
func compared(o *Run) (checks.Outcome, bool) {
	if out, ok := started(o); !ok {
		return out, false
	}
	switch {
	case o.Changes != nil:
		return checks.Outcome{}, true
	case o.NoChanges != "":
		return checks.Skip("%s", line(o.NoChanges)), false
	}
	return checks.Skip("the root file system was not compared before the start and after the end"), false
}

// some returns the first of some words, and how many there are besides.
func some(words []string, most int) string {
	if over := len(words) - most; over > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), over)
	}
	return strings.Join(words, ", ")
}
