package runtime

import (
	"fmt"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/probe"
)

var requiredVariable = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/required-variable",
		Title:     "the application does not start without a variable that it requires, and names it",
		Severity:  checks.High,
		Why:       "A container that starts without its configuration turns healthy and fails later, at the first request that needs it, or works on a default that nobody meant. One that ends at once, and says which variable is missing, is a deployment that does not go through.",
		Fix:       "read all required variables at the start, before anything else; where one is unset or empty, write its name to stderr and exit with a status other than 0",
		Reference: "https://12factor.net/config",
	},
	Good: `{"args": ["/app"], "refusals": [{"variable": "DATABASE_URL", "observation": {"args": ["/app"], "early": {"code": 1, "at": 12000000}, "output": {"bytes": 24, "head": "DATABASE_URL is not set\n"}}}], "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Bad:  `{"args": ["/app"], "refusals": [{"variable": "DATABASE_URL", "observation": {"args": ["/app"], "startOnly": true, "health": {"healthy": true, "at": 400000000, "runs": 1, "last": [{"code": 0}]}}}], "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Judge: func(o *Run) checks.Outcome {
		if out, ok := started(o); !ok {
			return out
		}
		if len(o.Refusals) == 0 {
			return checks.Skip("no variable is named as required: # Required: NAME in the Dockerfile, LABEL io.imagegate.required or --required names one")
		}
		var findings []checks.Finding
		var variables []string
		for i := 0; i < len(o.Refusals); i++ {
			r := o.Refusals[i]
			if r.Observation == nil {
				return checks.Broken(fmt.Errorf("the start %s was not observed: run the gate again", withoutIt(r.Variable, !r.Empty, r.Empty)))
			}
			if len(variables) == 0 || variables[len(variables)-1] != line(r.Variable) {
				variables = append(variables, line(r.Variable))
			}
			// A start without the variable that ends as one with an empty one is one finding.
			unset, empty := !r.Empty, r.Empty
			if i+1 < len(o.Refusals) {
				next := o.Refusals[i+1]
				if unset && next.Empty && next.Variable == r.Variable && next.Observation != nil && refusalOf(next) == refusalOf(r) {
					empty = true
					i++
				}
			}
			if f, ok := refusalOf(r).finding(r, withoutIt(r.Variable, unset, empty)); ok {
				findings = append(findings, f)
			}
		}
		if len(findings) > 0 {
			return checks.Found(findings...)
		}
		return checks.Passed("ends without %s, and says so", strings.Join(variables, ", "))
	},
}

// refusal is how a start without a variable went.
type refusal int

const (
	refused     refusal = iota
	unnamed             // it ended, and did not name the variable
	tookForDone         // it ended with status 0
	stayed              // it did not end
)

func refusalOf(r Refusal) refusal {
	o := r.Observation
	switch {
	case o.Exceeded != nil, o.StartError == "" && o.Early == nil:
		return stayed
	case o.Early != nil && o.Early.Code == 0 && o.Early.Signal == "":
		return tookForDone
	case !names(r.Variable, o.StartError, o.Output.Head, o.Output.Tail):
		return unnamed
	}
	return refused
}

// finding returns what is to be said against a start, which was without a
// variable in the given words.
func (kind refusal) finding(r Refusal, without string) (checks.Finding, bool) {
	o := r.Observation
	var f checks.Finding
	switch kind {
	case stayed:
		f = checks.At(checks.Location{}, "%s %s", without, stayedUp(o))
	case tookForDone:
		f = checks.At(checks.Location{}, "%s the main process exited with status 0 after %s: an orchestrator takes that for a success", without, short(o.Early.At))
		f.Fix = "exit with a status other than 0 where a required variable is unset or empty"
	case unnamed:
		how := "could not be started: " + line(o.StartError)
		if o.Early != nil {
			how = fmt.Sprintf("%s after %s%s", ended(o.Early), short(o.Early.At), outputTail(o.Output))
		}
		f = checks.At(checks.Location{}, "%s the main process ended, as it should, and did not name %s in its output: it %s", without, line(r.Variable), how)
		f.Severity, f.Fix = checks.Low, fmt.Sprintf("write to stderr that %s is required, before exiting", line(r.Variable))
	default:
		return f, false
	}
	if r.Empty && kind != unnamed {
		f.Severity = checks.Medium
	}
	f.Subject = r.Variable
	return f, true
}

// stayedUp says how the main process did not end.
func stayedUp(o *probe.Observation) string {
	switch h := o.Health; {
	case o.Exceeded != nil:
		return fmt.Sprintf("the application went beyond its limit of %s instead of ending", line(o.Exceeded.What))
	case h == nil:
		return "the main process stayed up, as if nothing were missing"
	case h.Healthy:
		return fmt.Sprintf("the application turned healthy after %s, as if nothing were missing", short(h.At))
	default:
		return fmt.Sprintf("the main process was still up after %s, not healthy, instead of ending", short(h.At))
	}
}

// withoutIt says what a start was without.
func withoutIt(variable string, unset, empty bool) string {
	switch variable = line(variable); {
	case unset && empty:
		return fmt.Sprintf("without %s, or with it empty,", variable)
	case empty:
		return fmt.Sprintf("with %s empty", variable)
	}
	return "without " + variable
}

// names reports whether any of the texts has a variable's name as a word.
func names(variable string, texts ...string) bool {
	if variable == "" {
		return false
	}
	part := func(c byte) bool {
		return c == '_' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
	}
	for _, text := range texts {
		for from := 0; ; {
			i := strings.Index(text[from:], variable)
			if i < 0 {
				break
			}
			i += from
			end := i + len(variable)
			if (i == 0 || !part(text[i-1])) && (end == len(text) || !part(text[end])) {
				return true
			}
			from = end
		}
	}
	return false
}
