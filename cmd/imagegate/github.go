package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var (
	// What a workflow command's text must not hold as it is, and what its
	// properties must not hold besides.
	dataEscape     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscape = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// writeGitHub writes the findings as workflow commands of GitHub Actions, which
// annotate the lines of a pull request.
func writeGitHub(w io.Writer, r *report) error {
	for _, f := range r.findings {
		level, text := "error", f.Message+"\n"+f.Fix+"\n"+f.Doc
		switch f.Status {
		case checks.Warn:
			level = "warning"
		case checks.Waived:
			level, text = "notice", f.Message+"\naccepted: "+f.Reason
		}
		properties := []string{"file=" + propertyEscape.Replace(f.File)}
		number := func(name string, n int) {
			if n > 0 {
				properties = append(properties, fmt.Sprintf("%s=%d", name, n))
			}
		}
		number("line", f.Line)
		number("endLine", f.EndLine)
		// GitHub takes columns only within one line.
		if f.Line == f.EndLine {
			number("col", f.Column)
			number("endColumn", f.EndColumn)
		}
		properties = append(properties, "title="+propertyEscape.Replace(f.Check))
		if _, err := fmt.Fprintf(w, "::%s %s::%s\n", level, strings.Join(properties, ","), dataEscape.Replace(text)); err != nil {
			return err
		}
	}
	return nil
}
