// Package build judges whether the image could be built at all.
package build

import (
	"errors"
	"fmt"
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
	Good: "",
	Bad:  "RUN npm ci\nnpm error code EUSAGE",
	Judge: func(a Attempt) checks.Outcome {
		switch {
		case a.Err != nil:
			return checks.Broken(fmt.Errorf("build the image: %w", a.Err))
		case a.Command != "":
			return checks.Found(checks.At(checks.Location{}, "%s ended with status %d: %s", a.Command, a.ExitCode, tail(a.Output, 400)))
		}
		return checks.Passed("")
	},
}

// Example parses an example document of this package: the command of the step
// that failed on the first line, its output on the others; empty where the build
// succeeded.
func Example(text string) (Attempt, error) {
	command, output, _ := strings.Cut(text, "\n")
	if command == "" && output != "" {
		return Attempt{}, errors.New("the first line of a build example names the command that failed")
	}
	if command == "" {
		return Attempt{}, nil
	}
	return Attempt{Command: command, ExitCode: 1, Output: output}, nil
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
