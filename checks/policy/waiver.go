package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/patternmatcher"
	"go.yaml.in/yaml/v4"

	"github.com/imagegate/imagegate/checks"
)

// soon is how many days before its end a waiver is reported.
const soon = 14

// Waiver accepts findings of a check.
type Waiver struct {
	// Check is the id of the check, or the name that another tool gives it.
	Check string
	// Subject is what the findings are about that are meant: the id of a
	// vulnerability, a package with or without its version, a variable; all if empty.
	Subject string
	// Path is the pattern of the files whose findings are meant, as in an ignore
	// file; all if empty. Parse compiles it: a path that is set by hand covers none.
	// Line is that of the findings, if one line of a file is meant, else 0.
	Path string
	Line int
	// Reason is why they are accepted. It is required, but what has none is no
	// broken file: it accepts nothing, and is reported.
	Reason string
	// Expires is the last day on which the waiver holds, as 2006-01-02; empty for
	// ever.
	Expires string
	// Owner is who answers for the waiver: a person, a team, an issue.
	Owner string
	// Organisation is whether it stands in the policy of the organisation.
	Organisation bool
	// Location is that of the waiver, and CheckLocation that of the check's name.
	Location, CheckLocation checks.Location

	pattern *patternmatcher.PatternMatcher // of the path, compiled
}

// Covers reports whether findings at a place are meant. Its path is one from the
// directory of the policy, or one in the image.
func (w Waiver) Covers(at checks.Location) bool {
	if w.Path == "" {
		return true
	}
	if w.Line > 0 && (at.Line == 0 || w.Line < at.Line || w.Line > max(at.Line, at.EndLine)) {
		return false
	}
	name := strings.Trim(at.Path, "/")
	if name == "" {
		return false
	}
	if w.pattern == nil {
		return false
	}
	matches, err := w.pattern.MatchesOrParentMatches(name)
	return err == nil && matches
}

// About reports whether a finding's subject is meant. A subject such as
// "CVE-2021-23337 lodash@4.17.20" is meant by the whole of it, by each word, by the
// package's name alone, and by what else the finding is known as.
func (w Waiver) About(f checks.Finding) bool {
	if w.Subject == "" {
		return true
	}
	names := append(strings.Fields(f.Subject), f.Subject)
	return slices.ContainsFunc(append(names, f.Aliases...), func(name string) bool {
		return strings.EqualFold(name, w.Subject) || strings.EqualFold(withoutVersion(name), w.Subject)
	})
}

// withoutVersion returns the name of a package, of name@version: an npm package of a
// scope has an @ of its own in front.
func withoutVersion(name string) string {
	if at := strings.LastIndex(name, "@"); at > 0 {
		return name[:at]
	}
	return name
}

// Literal reports whether the path is that of one file or directory, not a pattern
// for several.
func (w Waiver) Literal() bool { return w.Path != "" && !strings.ContainsAny(w.Path, `*?[\`) }

// Accept returns a finding as the waiver accepts it.
func (w Waiver) Accept(f checks.Finding) checks.Finding {
	f.Status, f.Reason, f.Owner, f.Expires = checks.Waived, w.Reason, w.Owner, w.Expires
	return f
}

// Term is how a waiver stands on a day.
type Term string

// The terms. A waiver that gives no reason, or that has expired, accepts nothing.
const (
	Holds    Term = ""
	Expiring Term = "expiring"
	Expired  Term = "expired"
	NoReason Term = "no reason"
)

// Term returns how the waiver stands on a day, and a finding that says so: none
// where it holds and goes on to.
func (w Waiver) Term(now time.Time) (Term, checks.Finding) {
	today := now.UTC().Format(time.DateOnly)
	finding := func(fix, format string, args ...any) checks.Finding {
		f := checks.At(w.Location, format, args...)
		f.Fix, f.Subject = fix, w.Check
		return f
	}
	switch {
	case w.Reason == "":
		return NoReason, finding("Add reason: and why it is accepted",
			"the waiver gives no reason to accept %s, so that it accepts nothing", w.Check)
	case w.Expires == "":
	case w.Expires < today:
		return Expired, finding("Mend what it accepted and remove it, or give it a later day and say why",
			"the waiver accepted %s until %s%s", w.Check, w.Expires, w.owned())
	case w.Expires < now.UTC().AddDate(0, 0, soon).Format(time.DateOnly):
		return Expiring, finding("Mend what it accepts before that, or give it a later day and say why",
			"the waiver accepts %s until %s, and no longer%s", w.Check, w.Expires, w.owned())
	}
	return Holds, checks.Finding{}
}

// owned names the owner behind a sentence.
func (w Waiver) owned() string {
	if w.Owner == "" {
		return ""
	}
	return fmt.Sprintf(" (owner: %s)", w.Owner)
}

// waiverKeys are the keys of a waiver, in the order of the template.
var waiverKeys = []struct {
	name, doc string
	schema    object
	to        func(*Waiver) *string
}{
	{"check", "The id of a check, as in source/user, or another tool's name for it, as in DL3002.",
		object{"type": "string", "minLength": 1, "not": object{"const": "*"}}, func(w *Waiver) *string { return &w.Check }},
	{"subject", "What the findings are about: a vulnerability (CVE-2021-23337, GHSA-…), a package (lodash, lodash@4.17.20), a variable. All without.",
		object{"type": "string"}, func(w *Waiver) *string { return &w.Subject }},
	{"path", "Where they are: a pattern as in .dockerignore, from this file's directory on, or of paths in the image; or file:line. All without.",
		object{"type": "string", "pattern": `^[^!]`}, func(w *Waiver) *string { return &w.Path }},
	{"reason", "Why they are accepted. A waiver without a reason accepts nothing, and blocks.",
		object{"type": "string", "minLength": 1}, func(w *Waiver) *string { return &w.Reason }},
	{"expires", "The last day on which the waiver holds; for ever without. It is reported 14 days before, and blocks afterwards.",
		object{"type": "string", "pattern": `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`}, func(w *Waiver) *string { return &w.Expires }},
	{"owner", "Who answers for it: a person, a team, an issue.",
		object{"type": "string"}, func(w *Waiver) *string { return &w.Owner }},
}

var fileLine = regexp.MustCompile(`^(.+):([1-9][0-9]{0,8})$`)

func readWaiver(node *yaml.Node) (Waiver, error) {
	w := Waiver{Location: locate(node)}
	node = resolve(node)
	var names []string
	for _, k := range waiverKeys {
		names = append(names, k.name)
	}
	fields, err := mapping(node, "a waiver", names...)
	if err != nil {
		return w, err
	}
	for _, k := range waiverKeys {
		value, ok := fields[k.name]
		if !ok || isNull(value) {
			continue
		}
		if value.Kind != yaml.ScalarNode {
			return w, invalid(value, "%s is no text", k.name)
		}
		*k.to(&w) = strings.TrimSpace(value.Value)
	}
	switch w.Check {
	case "":
		return w, invalid(node, "the waiver names no check: add check: with the id of one, as in source/user")
	case "*":
		return w, invalid(fields["check"], "a waiver accepts findings of one check, not of all: name it, as in source/user")
	}
	w.CheckLocation = locate(fields["check"])
	if w.Expires != "" {
		if _, err := time.Parse(time.DateOnly, w.Expires); err != nil {
			return w, invalid(fields["expires"], "expires: %s is no date: write it as in 2027-01-31", w.Expires)
		}
	}
	if w.Path == "" {
		return w, nil
	}
	if at := fileLine.FindStringSubmatch(w.Path); at != nil {
		line, err := strconv.Atoi(at[2])
		if err != nil {
			return w, invalid(fields["path"], "path: %s is no line: write it as in Dockerfile:12", at[2])
		}
		w.Path, w.Line = at[1], line
	}
	w.Path = strings.TrimPrefix(w.Path, "/")
	w.pattern, err = patternmatcher.New([]string{w.Path})
	if err == nil {
		_, err = w.pattern.MatchesOrParentMatches("a") // compiles it, for all that read it then
	}
	if err != nil || strings.HasPrefix(w.Path, "!") || w.Path == "" {
		return w, invalid(fields["path"], "path: %s is no pattern: write it as in an ignore file, without !", fields["path"].Value)
	}
	return w, nil
}
