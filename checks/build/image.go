// Package build judges whether the image could be built at all.
package build

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

// Attempt is what became of one build.
type Attempt struct {
	// Command is the command of the step that ended with a non-zero status; empty
	// where none did.
	Command string
	// ExitCode and Output are that command's: its status, and what it wrote last.
	ExitCode int
	Output   string
	// Err is why there is no image where no command is to blame.
	Err error
}

// All lists the checks of this package.
func All() []checks.Check[Attempt] { return []checks.Check[Attempt]{image} }

var image = checks.Check[Attempt]{
	Rule: checks.Rule{
		ID:        "build/image",
		Title:     "the image builds from its Dockerfile",
		Severity:  checks.Critical,
		Why:       "Nothing can be judged, or published, where there is no image.",
		Fix:       "mend the step that the message names, and try it with: dagger call build --source=.",
		Reference: "https://docs.docker.com/reference/dockerfile/",
	},
	Good: `RUN npm ci
exit status 0
added 93 packages in 2s
`,
	Bad: `RUN npm ci
exit status 1
npm error code EUSAGE
`,
	Judge: func(a Attempt) checks.Outcome {
		switch {
		case a.Err != nil:
			return checks.Broken(fmt.Errorf("build the image: %w", WithoutTrace(a.Err)))
		case a.Command != "":
			return checks.Found(checks.At(checks.Location{}, "%s ended with status %d: %s", a.Command, a.ExitCode, tail(a.Output, 400)))
		}
		return checks.Passed("")
	},
}

// Example parses an example document of this package: the command of the build's
// last step on the first line, how it ended on the second, and its output on the
// others.
func Example(text string) (Attempt, error) {
	command, rest, _ := strings.Cut(text, "\n")
	status, output, _ := strings.Cut(rest, "\n")
	var a Attempt
	if _, err := fmt.Sscanf(status, "exit status %d", &a.ExitCode); err != nil || command == "" {
		return Attempt{}, fmt.Errorf("a build example has a command and its exit status on its first two lines: %q", text)
	}
	if a.ExitCode != 0 {
		a.Command, a.Output = command, output
	}
	return a, nil
}

// tail returns the last lines of text, at most n bytes of them.
func tail(text string, n int) string {
	text = strings.TrimSpace(text)
	if len(text) <= n {
		return text
	}
	text = text[len(text)-n:]
	if _, rest, ok := strings.Cut(text, "\n"); ok {
		text = rest
	}
	return "… " + strings.ToValidUTF8(text, "")
}

// traces are the marks by which the engine ties an error to its trace.
var traces = regexp.MustCompile(`\s*\[traceparent:[^\]]*\]`)

// WithoutTrace returns an error of the engine without the marks of its trace, which
// say nothing to who reads it.
func WithoutTrace(err error) error {
	if text := err.Error(); traces.MatchString(text) {
		return errors.New(traces.ReplaceAllString(text, ""))
	}
	return err
}
