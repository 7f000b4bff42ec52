package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/imagegate/imagegate/checks"
)

// pages is where the pages of the checks are.
const pages = "https://github.com/imagegate/imagegate/blob/main/"

// finding is what the command reports of one, as an element of its JSON output:
// docs/schema/lint.json describes it.
type finding struct {
	Check    string          `json:"check"`
	Aliases  []string        `json:"aliases"`
	Status   checks.Status   `json:"status"`
	Severity checks.Severity `json:"severity"`
	File     string          `json:"file"`
	// Line, Column, EndLine and EndColumn count from 1; 0 is unknown.
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"endLine"`
	EndColumn int    `json:"endColumn"`
	Message   string `json:"message"`
	Fix       string `json:"fix"`
	Doc       string `json:"doc"`
	// Reason is why a waived finding is accepted, Owner who answers for that, and
	// Expires its last day, as 2006-01-02.
	Reason  string `json:"reason,omitempty"`
	Owner   string `json:"owner,omitempty"`
	Expires string `json:"expires,omitempty"`

	// acceptedBy are the places of what accepts it, their ends left out.
	acceptedBy []checks.Location
}

func newFinding(t target, rule checks.Rule, f checks.Finding) finding {
	var acceptedBy []checks.Location
	for _, at := range f.AcceptedBy {
		acceptedBy = append(acceptedBy, checks.Location{Path: t.path(at.Path), Line: at.Line, Column: at.Column})
	}
	return finding{
		Check:    rule.ID,
		Aliases:  append([]string{}, rule.Aliases...),
		Status:   f.Status,
		Severity: cmp.Or(f.Severity, rule.Severity),
		File:     t.path(cmp.Or(f.Location.Path, t.whole())),
		Line:     f.Location.Line, Column: f.Location.Column,
		EndLine: f.Location.EndLine, EndColumn: f.Location.EndColumn,
		Message: oneLine(f.Message),
		Fix:     oneLine(cmp.Or(f.Fix, rule.Fix)),
		Doc:     pages + rule.Page(),
		Reason:  oneLine(f.Reason), Owner: oneLine(f.Owner), Expires: f.Expires,

		acceptedBy: acceptedBy,
	}
}

// where returns file:line:column, without the parts that are unknown.
func (f finding) where() string {
	return checks.Location{Path: f.File, Line: f.Line, Column: f.Column}.String()
}

// accepted returns why a waived finding is accepted, by whom and until when.
func (f finding) accepted() string {
	return checks.Finding{Reason: f.Reason, Owner: f.Owner, Expires: f.Expires}.Accepted()
}

// report is what a run of lint or image came to.
type report struct {
	// profile is the one of the policies if it is empty.
	profile checks.Profile
	// files is how many Dockerfiles were judged, composeOnly how many contexts by
	// their Compose files alone.
	files, composeOnly int
	// images is how many images were judged.
	images   int
	findings []finding
	// errors are why something could not be judged, which the findings say as well;
	// unusable are why arguments name nothing.
	errors, unusable []error
}

// sort orders the findings, and drops those that two Dockerfiles of one build
// context share.
func (r *report) sort() {
	slices.SortFunc(r.findings, compare)
	r.findings = slices.CompactFunc(r.findings, func(a, b finding) bool { return compare(a, b) == 0 })
}

func compare(a, b finding) int {
	return cmp.Or(
		cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.Check, b.Check), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Status, b.Status),
		cmp.Compare(a.EndLine, b.EndLine), cmp.Compare(a.EndColumn, b.EndColumn),
		cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Fix, b.Fix),
	)
}

// status returns what the command ends with, where all could be judged.
func (r *report) status() int {
	if slices.ContainsFunc(r.findings, func(f finding) bool { return f.Status.Blocks() }) {
		return exitBlocks
	}
	return exitClean
}

// writeText writes the findings for people.
func writeText(w io.Writer, r *report) error {
	count := map[checks.Status]int{}
	for _, f := range r.findings {
		count[f.Status]++
		fmt.Fprintf(w, "%s: %s %s: %s\n", f.where(), f.Status, f.Check, f.Message)
		switch f.Status {
		case checks.Waived:
			fmt.Fprintf(w, "\taccepted: %s\n", f.accepted())
		default:
			fmt.Fprintf(w, "\tfix: %s\n", f.Fix)
		}
	}
	judged := fmt.Sprintf("%d %s", r.files, plural("Dockerfile", r.files))
	if r.images > 0 {
		judged = fmt.Sprintf("%d %s", r.images, plural("image", r.images))
	}
	if r.composeOnly > 0 {
		judged += fmt.Sprintf(", %d %s by Compose files alone", r.composeOnly, plural("context", r.composeOnly))
	}
	_, err := fmt.Fprintf(w, "%s: %d block, %d warn, %d accepted, %d not judged\n", judged,
		count[checks.Fail], count[checks.Warn], count[checks.Waived], count[checks.Error])
	return err
}

func plural(word string, n int) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// writeJSON writes the findings as an array.
func writeJSON(w io.Writer, r *report) error { return encode(w, append([]finding{}, r.findings...)) }

func encode(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
