package source

import (
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var dockerignorePattern = Check{
	Rule: checks.Rule{
		ID:        "source/dockerignore-pattern",
		Title:     "Every line of the ignore file does what it seems to say",
		Severity:  checks.Medium,
		Why:       "A pattern that matches nothing leaves in what it should keep out, and says nothing. The rules are not those of .gitignore: a name matches in the root of the context only, and a comment needs a line of its own.",
		Fix:       "Write one pattern on each line, relative to the root of the context, with **/ in front of a name that may be anywhere, and exceptions (!name) behind what they take back.",
		Reference: "https://docs.docker.com/build/concepts/context/#syntax",
	},
	Good: `
-- Dockerfile --
FROM node:20-alpine
COPY . .
-- .dockerignore --
# secrets
.env
**/node_modules
docs
!docs/index.md
-- web/package.json --
{}
`,
	Bad: `
-- Dockerfile --
FROM node:20-alpine
COPY . .
-- .dockerignore --
.env # secrets
!docs/index.md
docs
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		add := func(line dockerfile.IgnoreLine, fix, format string, args ...any) {
			f := checks.At(line.Location, format, args...)
			f.Subject, f.Fix = line.Text, fix
			findings = append(findings, f)
		}
		for n, line := range s.Ignore.Lines {
			if message, fix := malformed(line); message != "" {
				add(line, fix, "%s", message)
				continue
			}
			if !line.Exception {
				if deep := missedBelow(s, line); deep != "" {
					add(line, "Write **/"+line.Pattern, "%s matches in the root of the context only, and %s is copied", line.Pattern, deep)
				}
				continue
			}
			if again := coveredAgain(s.Ignore.Lines[n+1:], line); again != nil {
				add(line, "Move it behind "+again.Text, "%s has no effect: %s in line %d leaves it out again", line.Text, again.Text, again.Location.Line)
			} else if !takesBack(s, s.Ignore.Lines[:n], line) {
				add(line, "Remove it, or write it behind the pattern that leaves "+line.Pattern+" out", "%s has no effect: no line before it leaves %s out", line.Text, line.Pattern)
			}
		}
		return checks.Found(findings...)
	},
}

// malformed says why a line matches nothing, and what to write instead.
func malformed(line dockerfile.IgnoreLine) (message, fix string) {
	text := line.Text
	before, behind, commented := cutComment(text)
	words := strings.Fields(text)
	last := text[len(text)-1]
	switch {
	case commented && before != "":
		return "# starts a comment at the start of a line only: the pattern is " + quote(text), "Write " + before + " and, on a line of its own, # " + behind
	case strings.Contains(strings.TrimPrefix(line.Pattern, "!"), "/!"):
		at := strings.Index(line.Pattern, "/!")
		kept := path.Join(line.Pattern[:at], strings.TrimPrefix(line.Pattern[at:], "/!"))
		return "! takes something back at the start of a line only: the pattern is " + quote(text), "Write !" + kept
	case len(words) > 1 && !slices.ContainsFunc(words, func(w string) bool { return !looksLikePattern(w) }):
		return "a line is one pattern: nothing is called " + quote(text), "Write " + strings.Join(words, ", ") + " on a line each"
	case len(text) > 1 && (text[0] == '"' || text[0] == '\'') && text[0] == last:
		return "quotes are part of the pattern: nothing is called " + text, "Write " + text[1:len(text)-1]
	case backslash(text):
		return `\ is no separator: it makes the next character of ` + quote(text) + " special", "Write " + strings.ReplaceAll(text, `\`, "/")
	case line.Pattern == "." || line.Pattern == "/" || line.Pattern == ".." || strings.HasPrefix(line.Pattern, "../"):
		return quote(text) + " matches nothing: patterns are relative to the root of the context, and below it", "Write * for everything, or the path from the root of the context"
	}
	return "", ""
}

func quote(text string) string { return `"` + text + `"` }

// cutComment splits a line at a # behind a space.
func cutComment(text string) (before, behind string, found bool) {
	for i := 1; i < len(text); i++ {
		if text[i] == '#' && (text[i-1] == ' ' || text[i-1] == '\t') {
			return strings.TrimSpace(text[:i]), strings.TrimSpace(text[i+1:]), true
		}
	}
	return "", "", false
}

// looksLikePattern reports whether a word of a line with spaces is a pattern of
// its own and no part of a name.
func looksLikePattern(word string) bool {
	return strings.HasPrefix(word, ".") || strings.HasPrefix(word, "!") || strings.HasSuffix(word, "/") || strings.ContainsAny(word, "*") ||
		slices.Contains([]string{"node_modules", "__pycache__", "dist", "build", "coverage", "target", "vendor", "venv", "logs"}, word)
}

// backslash reports whether a pattern has a backslash as a separator of paths:
// before a letter, where there is nothing to escape.
func backslash(text string) bool {
	for i := 1; i+1 < len(text); i++ {
		next := text[i+1]
		if text[i] == '\\' && (next == '_' || next >= 'a' && next <= 'z' || next >= 'A' && next <= 'Z') {
			return true
		}
	}
	return false
}

// coveredAgain returns the line behind an exception that leaves out all that it
// takes back.
func coveredAgain(later []dockerfile.IgnoreLine, exception dockerfile.IgnoreLine) *dockerfile.IgnoreLine {
	for i, line := range later {
		if line.Exception {
			if line.Pattern == exception.Pattern {
				return nil
			}
			continue
		}
		if covers(line, exception.Pattern) {
			// Another exception behind that may take it back once more.
			for _, rest := range later[i+1:] {
				if rest.Exception && (rest.Matches(exception.Pattern) || strings.HasPrefix(rest.Pattern, exception.Pattern+"/") || strings.ContainsAny(rest.Pattern, "*?[")) {
					return nil
				}
			}
			return &later[i]
		}
	}
	return nil
}

// covers reports whether a line matches all that a pattern does, as far as that
// can be told.
func covers(line dockerfile.IgnoreLine, pattern string) bool {
	if line.Pattern == pattern || line.Pattern == "*" || line.Pattern == "**" || line.Pattern == "**/*" {
		return true
	}
	if strings.ContainsAny(pattern, "?[") || strings.Contains(pattern, "**") || strings.Contains(pattern, "*") && strings.ContainsAny(line.Pattern, "?[") {
		return false
	}
	return line.Matches(pattern)
}

// takesBack reports whether an exception may take something back that the lines
// before it leave out.
func takesBack(s *dockerfile.Source, before []dockerfile.IgnoreLine, exception dockerfile.IgnoreLine) bool {
	pattern := strings.ContainsAny(exception.Pattern, "*?[")
	below := false
	for _, line := range before {
		switch {
		case line.Exception:
		case pattern || line.Matches(exception.Pattern):
			return true
		case line.MayMatchBelow(exception.Pattern):
			below = true
		}
	}
	// What is no directory has nothing below it.
	return below && (!s.Exists(exception.Pattern) || s.IsDir(exception.Pattern))
}

// unwantedAnywhere are names that nobody wants in an image, at whatever depth, as
// people leave them out by .gitignore: and a file that shows that there is, or on
// a developer's machine will be, one beside it.
var unwantedAnywhere = []struct {
	pattern, beside string
}{
	{"node_modules", "package.json"},
	{"__pycache__", "*.py"},
	{".DS_Store", ".DS_Store"},
	{"*.swp", "*.swp"},
	{"*.log", "*.log"},
}

// missedBelow returns a path below the root that a line is meant to leave out, is
// not left out, and is copied; empty if there is none.
func missedBelow(s *dockerfile.Source, line dockerfile.IgnoreLine) string {
	for _, u := range unwantedAnywhere {
		if line.Pattern != u.pattern {
			continue
		}
		for _, file := range s.Files() {
			dir, base := path.Split(file)
			if dir == "" {
				continue
			}
			if ok, err := path.Match(u.beside, base); err != nil || !ok {
				continue
			}
			name, probe := file, file
			if u.beside != u.pattern {
				name = dir + u.pattern
				probe = name + "/x.cpython-312.pyc" // a pattern may leave out what a directory holds
			}
			if excluded, err := s.Ignore.Excludes(probe); err != nil || excluded {
				continue
			}
			if copiesBelow(s, probe) {
				return name
			}
		}
	}
	return ""
}

// copiesBelow reports whether a COPY or ADD of a stage in use takes a path of the
// context with a directory.
func copiesBelow(s *dockerfile.Source, name string) bool {
	for _, stage := range s.Reachable() {
		for _, c := range stage.Copies() {
			for _, dir := range c.ContextPaths() {
				rel, below := strings.CutPrefix(name, dir+"/")
				if dir == "." {
					rel, below = name, true
				}
				if below && !c.Excludes(rel) {
					return true
				}
			}
		}
	}
	return false
}
