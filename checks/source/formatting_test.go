package source

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"golang.org/x/tools/txtar"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// aboutFormatting are the checks whose verdict is about the very things that the
// reformattings change.
var aboutFormatting = []string{
	"buildkit/ConsistentInstructionCasing", "buildkit/FromAsCasing", "buildkit/NoEmptyContinuation", "buildkit/StageNameCasing",
}

// reformattings change how a Dockerfile is written, and not what it says. They
// get its lines, and the ranges of its instructions, from 1.
var reformattings = map[string]func(lines []string, at []parser.Range) []string{
	"lower case": func(lines []string, at []parser.Range) []string {
		keyword := regexp.MustCompile(`(?i)^(\s*)(onbuild\s+)?([a-z]+)`)
		inner := regexp.MustCompile(` (AS|CMD|NONE)\b`)
		for _, r := range at {
			line := keyword.ReplaceAllStringFunc(lines[r.Start.Line-1], strings.ToLower)
			if strings.HasPrefix(line, "from") || strings.HasPrefix(line, "healthcheck") {
				line = inner.ReplaceAllStringFunc(line, strings.ToLower)
			}
			lines[r.Start.Line-1] = line
		}
		return lines
	},
	"continuations": func(lines []string, at []parser.Range) []string {
		for _, r := range at {
			if line := lines[r.Start.Line-1]; strings.HasPrefix(line, "RUN ") && !strings.Contains(line, "<<") {
				lines[r.Start.Line-1] = strings.ReplaceAll(line, " && ", " \\\n&& ")
			}
		}
		return lines
	},
	"comments": func(lines []string, at []parser.Range) []string {
		for _, r := range at[1:] {
			lines[r.Start.Line-1] = "# what the next one does\n" + lines[r.Start.Line-1]
		}
		return lines
	},
	"comments within": func(lines []string, at []parser.Range) []string {
		for _, r := range at {
			if heredoc := strings.Contains(lines[r.Start.Line-1], "<<"); heredoc {
				continue
			}
			for n := r.Start.Line; n < r.End.Line; n++ {
				lines[n-1] += "\n# what the next line does"
			}
		}
		return lines
	},
	"blank lines": func(lines []string, at []parser.Range) []string {
		for _, r := range at[1:] {
			lines[r.Start.Line-1] = "\n\n" + lines[r.Start.Line-1]
		}
		return lines
	},
	"indented": func(lines []string, at []parser.Range) []string {
		for _, r := range at {
			lines[r.Start.Line-1] = "  " + lines[r.Start.Line-1]
		}
		return lines
	},
	"CRLF": func(lines []string, _ []parser.Range) []string {
		for i := range lines {
			lines[i] += "\r"
		}
		return lines
	},
}

// TestFormatting reformats every example and the Dockerfile of sixty lines: no
// verdict may change by that.
func TestFormatting(t *testing.T) {
	texts := map[string]string{"sixty lines": sixtyLinesArchive}
	for _, check := range everyCheck() {
		texts[check.ID+", good"], texts[check.ID+", bad"] = check.Good, check.Bad
	}
	for name, text := range texts {
		want := verdicts(t, text)
		for how, reformat := range reformattings {
			t.Run(name+"/"+how, func(t *testing.T) {
				if diff := cmp.Diff(want, verdicts(t, reformatted(t, text, reformat))); diff != "" {
					t.Errorf("the verdict changed:\n%s", diff)
				}
			})
		}
	}
}

// reformatted returns an example with its Dockerfile reformatted.
func reformatted(t *testing.T, text string, reformat func([]string, []parser.Range) []string) string {
	t.Helper()
	archive := txtar.Parse([]byte(text))
	if len(archive.Files) == 0 {
		archive.Files = []txtar.File{{Name: dockerfile.DefaultDockerfile, Data: archive.Comment}}
		archive.Comment = nil
	}
	for i, file := range archive.Files {
		if file.Name != dockerfile.DefaultDockerfile {
			continue
		}
		tree, err := parser.Parse(bytes.NewReader(file.Data))
		if err != nil {
			t.Fatal(err)
		}
		var at []parser.Range
		for _, in := range tree.AST.Children {
			at = append(at, parser.Range{Start: parser.Position{Line: in.StartLine}, End: parser.Position{Line: in.EndLine}})
		}
		lines := strings.Split(strings.TrimSuffix(string(file.Data), "\n"), "\n")
		archive.Files[i].Data = []byte(strings.Join(reformat(lines, at), "\n") + "\n")
	}
	return string(txtar.Format(archive))
}

var (
	lineNumber = regexp.MustCompile(`\b(lines?) [0-9]+(-[0-9]+)?`)
	position   = regexp.MustCompile(`:[0-9]+(:[0-9]+)?\b`)
)

// verdicts returns what every check says of an example, without where, and in
// upper case, since messages quote keywords as written.
func verdicts(t *testing.T, text string) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, res := range checks.Run(everyCheck(), load(t, text, dockerfile.Options{})) {
		if slices.Contains(aboutFormatting, res.Check) {
			continue
		}
		said := []string{string(res.Status)}
		for _, f := range res.Findings {
			text := fmt.Sprintf("%s %s %s: %s", f.Severity, f.Location.Path, f.Subject, strings.Join(strings.Fields(f.Message), " "))
			said = append(said, strings.ToUpper(position.ReplaceAllString(lineNumber.ReplaceAllString(text, "$1 N"), "")))
		}
		slices.Sort(said)
		out[res.Check] = said
	}
	return out
}
