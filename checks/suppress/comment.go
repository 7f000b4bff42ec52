package suppress

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/source"
)

var comment = Check{
	Rule: checks.Rule{
		ID:        "suppress/comment",
		Title:     "Comments that accept findings give a reason that still holds",
		Severity:  checks.Medium,
		Why:       "A finding that is accepted without a reason, for longer than was meant, or under a name that no check has, hides a risk that nobody decided on; a comment that accepts nothing hides the next finding there.",
		Fix:       "Write # imagegate:ignore ID[,ID] reason=… on the line above the instruction, with until=YYYY-MM-DD if it ends one day; # imagegate:ignore-file … accepts in the whole file. Remove what is of no use any more.",
		Reference: "https://github.com/imagegate/imagegate#accepting-findings",
	},
	Good: `
FROM scratch
COPY convert /
USER 65534:65534
# imagegate:ignore source/healthcheck reason=it converts one file, and ends
HEALTHCHECK NONE
ENTRYPOINT ["/convert"]
`,
	Bad: `
FROM scratch
COPY convert /
USER 65534:65534
# imagegate:ignore source/healthcheck
HEALTHCHECK NONE
ENTRYPOINT ["/convert"]
`,
	Judge: func(r *Review) checks.Outcome { return outcome(r.comments) },
}

// addComment adds what a comment accepts.
func (r *Review) addComment(c written, today string) {
	report := func(f checks.Finding) { add(&r.comments, f) }
	if p, ok := parseOwn(c.text); ok {
		a := &acceptance{accept: accepting(p.reason, p.until), covers: c.covers, judged: c.judged, own: true, report: report, unknown: report, kind: "comment", where: c.where}
		if p.file {
			a.covers, a.judged = c.whole, c.wholeJudged
		}
		var ids []string
		for _, id := range p.ids {
			a.ids = append(a.ids, identifier{text: id.text, where: c.part(id.start, id.text)})
			ids = append(ids, id.text)
		}
		list := strings.Join(ids, ",")
		var f checks.Finding
		switch {
		case p.problem != "":
			f = checks.At(c.where, "the comment accepts nothing: %s", p.problem)
			f.Fix = p.fix
		case p.reason == "":
			f = checks.At(c.where, "the comment gives no reason to accept %s, so that it accepts nothing", list)
			f.Fix = fmt.Sprintf("Write # %s %s reason=… with the reason", p.verb(), list)
		case expired(p.until, today):
			f = checks.At(c.where, "the comment accepted %s until %s", list, p.until)
			f.Fix = "Mend what it accepted and remove it, or give it a later day and say why"
		default:
			r.resolve(a)
			return
		}
		report(f)
		return
	}
	if !c.dockerfile {
		return
	}
	if c.check != nil {
		r.addBuildKit(c)
		return
	}
	for _, p := range parseOther(c.text) {
		if expired(p.until, today) {
			continue
		}
		a := &acceptance{accept: accepting(cmp.Or(p.reason, quoted(c)), p.until), covers: c.covers, where: c.where}
		if p.file {
			a.covers = c.whole
		}
		for _, id := range p.ids {
			a.ids = append(a.ids, identifier{text: id.text})
		}
		r.resolve(a)
	}
}

// addUnseen reports a comment of ours at a place where Docker sees none.
func (r *Review) addUnseen(c written) {
	if _, ok := parseOwn(c.text); !ok {
		return
	}
	f := checks.At(c.where, "the comment accepts nothing: it stands where Docker sees no comment")
	f.Fix = "Write it on a line of its own, above the instruction or the pattern"
	add(&r.comments, f)
}

// addBuildKit adds what BuildKit's own linter skips.
func (r *Review) addBuildKit(c written) {
	skipped := c.check.SkipRules
	if c.check.SkipAll {
		skipped = source.BuildKitRules()
	}
	a := &acceptance{accept: accepting(quoted(c), ""), covers: c.covers, where: c.where}
	if c.directive {
		a.covers = c.whole
	}
	for _, rule := range skipped {
		a.ids = append(a.ids, identifier{text: rule})
	}
	r.resolve(a)
}

// accepting returns what accepts a finding for a reason, until a day.
func accepting(reason, until string) func(checks.Finding) checks.Finding {
	return func(f checks.Finding) checks.Finding {
		f.Status, f.Reason, f.Expires = checks.Waived, reason, until
		return f
	}
}

// quoted is the reason that a comment of another tool gives: itself.
func quoted(c written) string {
	return fmt.Sprintf("line %d says %s", c.where.Line, c.text)
}

// expired reports whether the last day is over.
func expired(until, today string) bool { return until != "" && until < today }
