package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// judgement is a Dockerfile (or archive) and what one check says of it.
type judgement struct {
	text   string
	status checks.Status
	// finding is "line: part of the message" of the first finding, or
	// "line:column: part of the message"; of one in another file than the
	// Dockerfile, that with "path:" before it.
	finding string
	options dockerfile.Options
}

func judgeAll(t *testing.T, check Check, tests map[string]judgement) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			res := run(t, check, test.text, test.options)
			if res.Status != test.status {
				t.Fatalf("%s %s %+v, want %s", res.Status, res.Detail, res.Findings, test.status)
			}
			if test.finding == "" {
				return
			}
			line, message, _ := strings.Cut(test.finding, ": ")
			if len(res.Findings) == 0 {
				t.Fatalf("no findings, want %s", test.finding)
			}
			if isDigit(line[0]) {
				line = "Dockerfile:" + line
			}
			f := res.Findings[0]
			if got := f.Location.String(); !strings.HasPrefix(got+":", line+":") || !strings.Contains(f.Message, message) {
				t.Errorf("got %s: %s, want %s", got, f.Message, test.finding)
			}
		})
	}
}
