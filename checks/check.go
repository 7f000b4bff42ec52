// Package checks is the model that every judge of imagegate shares: what a
// check is, what it finds, and how its verdict reads. It knows nothing of
// Dagger. The checks themselves live in the packages below it, one file each;
// package catalog lists them all.
package checks

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
)

// Status is the verdict of a check, a gate or a whole run.
type Status string

// The statuses, from harmless to harmful: Worst orders them so.
const (
	Pass    Status = "pass"    // judged, and nothing to say against it
	Skipped Status = "skipped" // not judged, for a reason that the reader can act on
	Waived  Status = "waived"  // found, and accepted for a stated reason
	Warn    Status = "warn"    // found, worth mending, does not block
	Fail    Status = "fail"    // found, blocks
	Error   Status = "error"   // could not be judged: a tool broke; blocks
)

var order = []Status{Pass, Skipped, Waived, Warn, Fail, Error}

// Blocks reports whether an image with this verdict must not be published.
// Anything that is not a known harmless status blocks.
func (s Status) Blocks() bool {
	switch s {
	case Pass, Skipped, Waived, Warn:
		return false
	}
	return true
}

// Worst returns the most harmful of the statuses; Pass for none. An unknown
// status is an Error.
func Worst(statuses ...Status) Status {
	worst := 0
	for _, s := range statuses {
		i := slices.Index(order, s)
		if i < 0 {
			return Error
		}
		worst = max(worst, i)
	}
	return order[worst]
}

// Severity says how much harm a finding can do, in the scale that scanners use.
type Severity string

// The severities. A finding of High or above fails by default; one below warns.
const (
	Unknown  Severity = "UNKNOWN"
	Low      Severity = "LOW"
	Medium   Severity = "MEDIUM"
	High     Severity = "HIGH"
	Critical Severity = "CRITICAL"
)

var severities = []Severity{Unknown, Low, Medium, High, Critical}

// AtLeast reports whether s is as harmful as t or more. A severity that is not
// one of the five counts as Unknown.
func (s Severity) AtLeast(t Severity) bool {
	return slices.Index(severities, s) >= slices.Index(severities, t)
}

// Status returns what a finding of this severity means by default: Fail from
// High up, else Warn.
func (s Severity) Status() Status {
	if s.AtLeast(High) {
		return Fail
	}
	return Warn
}

// Rule is what is known of a check without running it: enough for a page of
// documentation, a SARIF rule, and a reader who has just been blocked by it.
type Rule struct {
	// ID is "package/name", as in source/base-tag: the directory below checks/
	// and the file name with dashes. Stable; never given to another rule.
	ID string `json:"id"`
	// Title says in one line what holds when the check passes.
	Title    string   `json:"title"`
	Severity Severity `json:"severity"`
	// Why says what goes wrong in production where the rule is broken.
	Why string `json:"why"`
	// Fix says what to write instead.
	Fix string `json:"fix"`
	// Reference is the address of the source that the rule comes from.
	Reference string `json:"reference"`
	// Aliases are the names that other tools give to the same practice, as in
	// DL3006, DS-0001 or CKV_DOCKER_7.
	Aliases []string `json:"aliases,omitempty"`
	// Differs says where the verdict differs on purpose from that of a rule in
	// Aliases, by its name; empty where none does.
	Differs string `json:"differs,omitempty"`
	// Strict is whether only StrictProfile judges by the rule.
	Strict bool `json:"strict,omitempty"`
}

// Page returns the path of the rule's page of documentation in the repository.
func (r Rule) Page() string { return "docs/checks/" + r.ID + ".md" }

// Check is a rule and the pure function that judges it. T is the data that all
// checks of one package are judged on; it is read only.
type Check[T any] struct {
	Rule
	// Good and Bad are documents in the package's example format. The tests
	// execute both: Good must pass, Bad must not; documentation shows both.
	Good, Bad string
	Judge     func(T) Outcome
}

// Location says where a finding is. The zero value is "the image as a whole".
type Location struct {
	// Path is a file of the source ("Dockerfile"), a path in the image
	// ("/etc/passwd") or a field of its configuration ("config.User").
	Path string `json:"path,omitempty"`
	// Line, Column, EndLine and EndColumn count from 1; 0 is unknown.
	Line      int `json:"line,omitempty"`
	Column    int `json:"column,omitempty"`
	EndLine   int `json:"endLine,omitempty"`
	EndColumn int `json:"endColumn,omitempty"`
}

// String returns path:line:column, without the parts that are unknown.
func (l Location) String() string {
	switch {
	case l.Line == 0:
		return l.Path
	case l.Column == 0:
		return fmt.Sprintf("%s:%d", l.Path, l.Line)
	}
	return fmt.Sprintf("%s:%d:%d", l.Path, l.Line, l.Column)
}

// Finding is one thing that a check has against its input.
type Finding struct {
	Status   Status   `json:"status"`
	Severity Severity `json:"severity"`
	Location Location `json:"location"`
	// Subject is what the finding is about, if it has a name of its own: a
	// vulnerability and package, a variable, a rule of another tool.
	Subject string `json:"subject,omitempty"`
	// Aliases are other names of the subject, by any of which a waiver may name it:
	// the other ids of a vulnerability, and its package, with and without version.
	Aliases []string `json:"aliases,omitempty"`
	// Message says what was found, with its evidence, in one line.
	Message string `json:"message"`
	// Known is what of the message stays the same from one run to the next, by which a
	// baseline knows the finding again beside its path and subject; empty where all but
	// the numbers does.
	Known string `json:"-"`
	// Measured is what exceeds a budget, so that a baseline knows more of it from as
	// much; none where the finding is of no budget.
	Measured Amount `json:"-"`
	// Fix says what to do about this very finding; Run fills in the rule's.
	Fix string `json:"fix"`
	// Reference is the address of more about this finding; Run fills in the rule's.
	Reference string `json:"reference,omitempty"`
	// Reason is why a Waived finding is accepted.
	Reason string `json:"reason,omitempty"`
	// Owner answers for that, and Expires is the last day on which it holds, as
	// 2006-01-02; empty where what accepts the finding does not say.
	Owner   string `json:"owner,omitempty"`
	Expires string `json:"expires,omitempty"`
	// AcceptedBy are the places of what accepts a Waived finding: comments, and
	// waivers of a policy file.
	AcceptedBy []Location `json:"-"`
}

// Accepted returns why a Waived finding is accepted, by whom and until when.
func (f Finding) Accepted() string {
	var terms []string
	if f.Owner != "" {
		terms = append(terms, f.Owner)
	}
	if f.Expires != "" {
		terms = append(terms, "until "+f.Expires)
	}
	if len(terms) == 0 {
		return f.Reason
	}
	return fmt.Sprintf("%s (%s)", f.Reason, strings.Join(terms, ", "))
}

// Outcome is what a judge returns: exactly one of findings, a reason for not
// judging, an error, or nothing of these, which passes.
type Outcome struct {
	Findings []Finding
	// Evidence is what was seen, in a few words ("uid 1001 (app)"); shown where
	// the check passes.
	Evidence string
	// Skip is why the check does not apply here, and what would make it apply.
	Skip string
	// Err is why it could not be judged.
	Err error
}

// Passed is the outcome of a check with nothing to say against its input, and
// what was seen, if that is worth showing.
func Passed(format string, args ...any) Outcome {
	return Outcome{Evidence: fmt.Sprintf(format, args...)}
}

// Skip is the outcome of a check that does not apply, and why.
func Skip(format string, args ...any) Outcome {
	return Outcome{Skip: fmt.Sprintf(format, args...)}
}

// Broken is the outcome of a check that could not be judged.
func Broken(err error) Outcome { return Outcome{Err: err} }

// Found is the outcome of a check with these findings; it passes without any.
func Found(findings ...Finding) Outcome { return Outcome{Findings: findings} }

// At returns a finding at a place, with the status and severity of the rule
// that reports it.
func At(where Location, format string, args ...any) Finding {
	return Finding{Location: where, Message: fmt.Sprintf(format, args...)}
}

// Result is what became of one check.
type Result struct {
	Check  string `json:"check"`
	Title  string `json:"title"`
	Status Status `json:"status"`
	// Detail is the evidence of a pass, or the reason of a skip or an error.
	Detail   string    `json:"detail,omitempty"`
	Findings []Finding `json:"findings,omitempty"`
	// Err is the reason of an Error: a FileError where a file cannot be read.
	Err error `json:"-"`
}

// Run judges in by every check of the list and returns a result for each, in
// the list's order. A judge that panics ends as Error. Texts are Printable then.
func Run[T any](list []Check[T], in T) []Result {
	results := make([]Result, len(list))
	for i, c := range list {
		results[i] = c.Rule.result(judge(c, in))
	}
	return results
}

// Errors returns an Error for every check of the list: what a gate reports
// when it could not get the data that they judge.
func Errors[T any](list []Check[T], err error) []Result {
	results := make([]Result, len(list))
	for i, c := range list {
		results[i] = c.Rule.result(Broken(err))
	}
	return results
}

// Skips returns a Skipped for every check of the list: what a gate reports when
// there is nothing to judge, for a reason that another check reports.
func Skips[T any](list []Check[T], reason string) []Result {
	results := make([]Result, len(list))
	for i, c := range list {
		results[i] = c.Rule.result(Skip("%s", reason))
	}
	return results
}

// Rules returns the rules of a list of checks.
func Rules[T any](list []Check[T]) []Rule {
	rules := make([]Rule, len(list))
	for i, c := range list {
		rules[i] = c.Rule
	}
	return rules
}

func judge[T any](c Check[T], in T) (out Outcome) {
	defer func() {
		if r := recover(); r != nil {
			out = Broken(fmt.Errorf("check %s panicked: %v\n%s", c.ID, r, debug.Stack()))
		}
	}()
	return c.Judge(in)
}

func (r Rule) result(out Outcome) Result {
	res := Result{Check: r.ID, Title: r.Title, Status: Pass, Detail: out.Evidence}
	switch {
	case out.Err != nil:
		res.Status, res.Detail, res.Err = Error, out.Err.Error(), out.Err
	case out.Skip != "":
		res.Status, res.Detail = Skipped, out.Skip
	}
	for _, f := range out.Findings {
		f.Severity = cmp.Or(f.Severity, r.Severity)
		f.Status = cmp.Or(f.Status, f.Severity.Status())
		f.Fix = cmp.Or(f.Fix, r.Fix)
		f.Reference = cmp.Or(f.Reference, r.Reference)
		f.Message, f.Fix = Printable(f.Message), Printable(f.Fix)
		f.Location.Path, f.Subject = printableLine(f.Location.Path), printableLine(f.Subject)
		res.Findings = append(res.Findings, f)
	}
	res.Detail = Printable(res.Detail)
	if len(res.Findings) > 0 {
		res.Status = Worst(res.Status, res.Worst())
	}
	slices.SortStableFunc(res.Findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Location.Path, b.Location.Path),
			cmp.Compare(a.Location.Line, b.Location.Line),
			cmp.Compare(a.Location.Column, b.Location.Column),
			cmp.Compare(a.Subject, b.Subject),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return res
}
