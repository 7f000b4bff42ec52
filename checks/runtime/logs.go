package runtime

import (
	"strings"

	"github.com/imagegate/imagegate/checks"
)

// Below so many lines a share of them says little: runtimes and servers write a
// line or two before an application's logger is set up.
const fewLines = 5

// structuredShare is how many of a hundred lines must be structured.
const structuredShare = 90

var logs = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/logs",
		Title:     "the log is structured: each line a JSON object with a time and a level",
		Severity:  checks.Low,
		Why:       "Lines of free text cannot be searched by field or alerted on by level, and what spans several lines, as a stack trace does, comes apart between the container and the log store.",
		Fix:       "let the application's logger write JSON, one object a line, with a time and a level: log/slog's JSONHandler, pino, python-json-logger or structlog, Logback's JsonEncoder; and the server's access log as well",
		Reference: "https://kubernetes.io/docs/concepts/cluster-administration/logging/",
	},
	Good: `{"args": ["/app"], "output": {"bytes": 600, "lines": 8, "structured": 8, "head": "{\"time\":\"2026-01-02T03:04:05Z\",\"level\":\"INFO\",\"msg\":\"listening\"}\n"}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Bad:  `{"args": ["/app"], "output": {"bytes": 240, "lines": 8, "structured": 0, "head": "2026-01-02 03:04:05 INFO listening on port 8080\n"}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Judge: func(o *Run) checks.Outcome {
		if out, ok := started(o); !ok {
			return out
		}
		lines, structured := o.Output.Lines, o.Output.Structured
		switch {
		case lines == 0:
			return checks.Skip("the application wrote nothing to its standard output or error: log there, at least that it started and on which port")
		case lines < fewLines:
			return checks.Passed("%d of %d lines structured, too few to judge", structured, lines)
		case 100*structured >= structuredShare*lines:
			return checks.Passed("%d of %d lines structured", structured, lines)
		}
		f := checks.At(checks.Location{}, "%d of %d lines are JSON objects with a time and a level", structured, lines)
		if text := unstructured(o.Output.Head); text != "" {
			f.Message += "; others are as: " + text
		}
		return checks.Found(f)
	},
}

// unstructured returns the first line that is no JSON object, cut where it is long.
func unstructured(text string) string {
	for l := range strings.Lines(text) {
		if l = line(l); l != "" && !strings.HasPrefix(l, "{") {
			return command([]string{l})
		}
	}
	return ""
}
