package runtime

import (
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/probe"
)

var stopSignal = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/stop-signal",
		Title:     "the main process ends by itself on its stop signal",
		Severity:  checks.High,
		Why:       "A container that does not handle its stop signal is killed at the end of its grace period, in the middle of the requests that it is serving, at every deployment.",
		Fix:       "handle the signal in the application: stop accepting, finish what is in flight, exit; and start it in exec form, so that it is process 1 and gets the signal",
		Reference: "https://docs.docker.com/reference/cli/docker/container/stop/",
	},
	Good: `{"args": ["/app"], "stop": {"signal": "SIGTERM", "name": "app", "gracePeriod": 10000000000, "exit": {"code": 0, "at": 4000000}}}`,
	Bad:  `{"args": ["/app"], "stop": {"signal": "SIGTERM", "name": "app", "gracePeriod": 10000000000}}`,
	Judge: func(o *Run) checks.Outcome {
		if out, ok := started(o); !ok {
			return out
		}
		s := o.Stop
		name := line(s.Name)
		switch {
		case s.Exit == nil && isShell(s):
			f := checks.At(checks.Location{}, "the main process is a shell (%s), which did not pass %s on: it was still there %s later and had to be killed", name, s.Signal, short(s.GracePeriod))
			f.Fix = shellFix
			return checks.Found(f)
		case s.Exit == nil && s.Dropped:
			return checks.Found(checks.At(checks.Location{}, "the main process (%s) does not handle %s: it raised the signal again, which ends no process 1, and was still there %s later", name, s.Signal, short(s.GracePeriod)))
		case s.Exit == nil:
			return checks.Found(checks.At(checks.Location{}, "the main process (%s) was still there %s after %s and had to be killed", name, short(s.GracePeriod), s.Signal))
		case s.Exit.Signal == s.Signal && isShell(s):
			f := checks.At(checks.Location{}, "the main process is a shell (%s), which does not pass %s on: as process 1 it ignores the signal, and is killed at the end of the grace period", name, s.Signal)
			f.Fix = shellFix
			return checks.Found(f)
		case s.Exit.Signal == s.Signal && s.Handled && !s.AsInit:
			f := checks.At(checks.Location{}, "the main process (%s) handled %s and then ended by raising it again: whether it ends as process 1, to which the kernel sends no signal that it does not handle, could not be seen, since this engine lets no process trace another", name, s.Signal)
			f.Status, f.Severity, f.Fix = checks.Warn, checks.Medium, "exit with status 0 when the shutdown is done"
			return checks.Found(f)
		case s.Exit.Signal == s.Signal:
			return checks.Found(checks.At(checks.Location{}, "the main process (%s) does not handle %s: the signal killed it, and as process 1, to which the kernel sends no signal that it does not handle, it would have gone on until the end of the grace period", name, s.Signal))
		case s.Exit.Signal != "":
			return checks.Found(checks.At(checks.Location{}, "the main process (%s) was killed by %s %s after %s%s", name, s.Exit.Signal, short(s.Exit.At), s.Signal, outputTail(o.Output)))
		case s.Exit.Code != 0 && s.Exit.Code != 128+s.Number && s.Dropped:
			return checks.Found(checks.At(checks.Location{}, "the main process (%s) does not handle %s: it raised the signal again, which ends no process 1, and then exited with status %d, as a Go program without a handler does", name, s.Signal, s.Exit.Code))
		case s.Exit.Code != 0 && s.Exit.Code != 128+s.Number:
			f := checks.At(checks.Location{}, "the main process (%s) exited with status %d, %s after %s: an orchestrator counts that as a failure%s", name, s.Exit.Code, short(s.Exit.At), s.Signal, outputTail(o.Output))
			f.Status, f.Severity, f.Fix = checks.Warn, checks.Medium, "exit with status 0 when the shutdown went well"
			return checks.Found(f)
		case len(s.Left) > 0:
			f := checks.At(checks.Location{}, "the main process left others behind when it ended: %s; they are killed at once, whatever they are doing", line(strings.Join(s.Left, ", ")))
			f.Status, f.Severity, f.Fix = checks.Warn, checks.Medium, "pass the signal on to the processes that the main process started, and wait for them"
			return checks.Found(f)
		}
		return checks.Passed("exit %d, %s after %s", s.Exit.Code, short(s.Exit.At), s.Signal)
	},
}

const shellFix = "start the program in exec form, CMD [\"program\", \"argument\"], or put exec before the last command of the shell"

// isShell reports whether the main process is a shell: by its name, or by what a
// script without exec is run by.
func isShell(s *probe.Stop) bool {
	shells := []string{"sh", "bash", "dash", "ash", "zsh", "ksh"}
	return slices.Contains(shells, s.Name) || slices.Contains(shells, s.Program)
}
