package runtime

import (
	"fmt"

	"github.com/docker/go-units"

	"github.com/imagegate/imagegate/checks"
)

var resources = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/resources",
		Title:     "the application stays within its limits of memory and processes",
		Severity:  checks.High,
		Why:       "In production the kernel kills what goes beyond its memory limit, in the middle of its work, and lets it start no further process beyond the limit of those; without limits it takes the whole machine down.",
		Fix:       "find what grows: caches without a bound, one worker for each processor of the machine, processes that start others; or raise the limit (--max-memory, --max-processes) to what the application is given in production",
		Reference: "https://docs.docker.com/engine/containers/resource_constraints/",
	},
	Good: `{"args": ["/app"], "resources": {"memory": 48300000, "cpu": 310000000, "processes": 3}, "expected": {"maxMemory": 512000000, "maxProcesses": 100}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Bad:  `{"args": ["/app"], "exceeded": {"what": "memory", "limit": 512000000, "seen": 530000000, "at": 2100000000}, "early": {"code": -1, "signal": "SIGKILL", "at": 2100000000}}`,
	Judge: func(o *Run) checks.Outcome {
		if e := o.Exceeded; e != nil {
			had := fmt.Sprintf("%d processes at once, above the limit of %d", e.Seen, e.Limit)
			if e.What == "memory" {
				had = fmt.Sprintf("%s of memory, above the limit of %s", size(e.Seen), size(e.Limit))
			}
			return checks.Found(checks.At(checks.Location{}, "the application (%s) had %s, %s after the start, and was killed%s",
				command(o.Args), had, short(e.At), outputTail(o.Output)))
		}
		if out, ok := started(o); !ok {
			return out
		}
		r, of := o.Resources, o.Expected
		memory, processes := size(r.Memory), fmt.Sprint(r.Processes)
		if of.MaxMemory > 0 {
			memory += " of " + size(of.MaxMemory)
		}
		if of.MaxProcesses > 0 {
			processes += fmt.Sprintf(" of %d", of.MaxProcesses)
		}
		return checks.Passed("at most %s of memory and %s processes, %s of processor time", memory, processes, short(r.CPU))
	},
}

// size writes a size in decimal units, as Docker does.
func size(bytes int64) string { return units.HumanSizeWithPrecision(float64(bytes), 3) }
