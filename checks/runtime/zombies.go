package runtime

import (
	"fmt"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var zombies = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/zombies",
		Title:     "every process that has ended is collected by its parent",
		Severity:  checks.Medium,
		Why:       "A process that has ended keeps its entry in the process table until its parent waits for it, and orphans fall to process 1, which in a container is the application. Entries that are never freed fill the table: then no process can be started any more, the HEALTHCHECK's neither.",
		Fix:       "wait for the processes that the application starts; where it leaves orphans behind, start it by an init, as in ENTRYPOINT [\"tini\", \"--\", \"/app\"] (docker run --init brings its own)",
		Reference: "https://docs.docker.com/reference/cli/docker/container/run/#init",
	},
	Good: `{"args": ["/app"], "resources": {"processes": 3}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Bad:  `{"args": ["/app"], "resources": {"processes": 3, "zombies": ["convert", "convert"]}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Judge: func(o *Run) checks.Outcome {
		if out, ok := started(o); !ok {
			return out
		}
		all := o.Resources.Zombies
		if len(all) == 0 {
			return checks.Passed("")
		}
		names := slices.Clone(all)
		slices.Sort(names)
		names = slices.Compact(names)
		what := "1 process that had ended was"
		if len(all) > 1 {
			what = fmt.Sprintf("%d processes that had ended were", len(all))
		}
		return checks.Found(checks.At(checks.Location{}, "%s not collected by the parent within a second: %s", what, line(strings.Join(names, ", "))))
	},
}
