package dockerfile

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
)

// RequiredLabel is the LABEL that names the environment variables without which
// the image does not start, with commas between them.
const RequiredLabel = "io.imagegate.required"

// LabelledVariables returns the environment variables that the value of a
// RequiredLabel names.
func LabelledVariables(value string) []string { return variableNames(value) }

// RequiredVariable is an environment variable that the Dockerfile documents as
// required at run time.
type RequiredVariable struct {
	Name string
	// Description is what a line "# NAME - description" says of it; may be empty.
	Description string
	// Location is that of the name.
	Location checks.Location
}

// Required returns the environment variables that the Dockerfile documents as
// required, in the order of the file, each once. They are named by
//
//   - a comment "# Required: DATABASE_URL, JWT_SECRET",
//   - a comment "# Required:" and the lines below it that begin with a name, as
//     in "#   DATABASE_URL - PostgreSQL connection string",
//   - LABEL io.imagegate.required="DATABASE_URL,JWT_SECRET",
//
// before the first FROM, in the final stage, or in a stage that it is built from.
func (s *Source) Required() []RequiredVariable { return s.required() }

func (s *Source) findRequired() []RequiredVariable {
	var found []RequiredVariable
	add := func(vars ...RequiredVariable) {
		for _, v := range vars {
			if !slices.ContainsFunc(found, func(old RequiredVariable) bool { return old.Name == v.Name }) {
				found = append(found, v)
			}
		}
	}
	var final []*Stage
	for stage := s.Final; stage != nil; stage = stage.Base {
		final = append(final, stage)
	}
	var stage *Stage // that the line is in; nil before the first FROM
	for n := 1; n <= len(s.Lines); n++ {
		if in := s.byLine[n]; in != nil {
			stage = in.Stage
			if label, ok := in.Command.(*instructions.LabelCommand); ok && slices.Contains(final, stage) {
				add(in.requiredLabel(label)...)
			}
			n = max(n, in.Location.EndLine) // its comments and heredocs are its own
			continue
		}
		if _, ok := commentText(s.Lines[n-1]); !ok {
			continue
		}
		from, to := n, n
		for ; to < len(s.Lines) && s.byLine[to+1] == nil; to++ {
			if _, ok := commentText(s.Lines[to]); !ok {
				break
			}
		}
		of := stage
		if to < len(s.Lines) {
			if next := s.byLine[to+1]; next != nil {
				of = next.Stage // a comment right above FROM is about that stage
			}
		}
		if of == nil || slices.Contains(final, of) {
			add(s.requiredComment(from, to)...)
		}
		n = to
	}
	return found
}

// requiredLabel returns what the RequiredLabel of a LABEL names.
func (in *Instruction) requiredLabel(cmd *instructions.LabelCommand) []RequiredVariable {
	var found []RequiredVariable
	for _, kv := range cmd.Labels {
		if strings.Trim(kv.Key, `"'`) != RequiredLabel {
			continue
		}
		for _, name := range variableNames(in.Expand(kv.Value).Text) {
			found = append(found, RequiredVariable{Name: name, Location: in.Find(name)})
		}
	}
	return found
}

// requiredComment returns what the comment of these lines names as required.
func (s *Source) requiredComment(from, to int) []RequiredVariable {
	var found []RequiredVariable
	described := map[string]string{}
	listing := false // below a "# Required:" without names
	for n := from; n <= to; n++ {
		line := s.Lines[n-1]
		text, _ := commentText(line)
		if rest, ok := requiredHeading(text); ok {
			names := variableNames(rest)
			for _, name := range names {
				found = append(found, RequiredVariable{Name: name, Location: s.nameAt(n, name)})
			}
			listing = len(names) == 0 && rest == ""
			continue
		}
		name, description, ok := describedVariable(text)
		switch {
		case !ok:
			listing = false
		case listing:
			found = append(found, RequiredVariable{Name: name, Location: s.nameAt(n, name)})
			fallthrough
		default:
			described[name] = description
		}
	}
	for i := range found {
		found[i].Description = described[found[i].Name]
	}
	return found
}

// nameAt returns the place of a name in a comment line.
func (s *Source) nameAt(n int, name string) checks.Location {
	line := s.Lines[n-1]
	column := utf8.RuneCountInString(line[:max(indexName(line, name), 0)]) + 1
	return checks.Location{Path: s.Path, Line: n, Column: column, EndLine: n, EndColumn: column + len(name)}
}

// indexName returns where a name stands alone in a text, or -1.
func indexName(text, name string) int {
	for from := 0; ; {
		i := strings.Index(text[from:], name)
		if i < 0 {
			return -1
		}
		start, stop := from+i, from+i+len(name)
		if !endsName(text[:start]) && !startsName(text[stop:]) {
			return start
		}
		from = stop
	}
}

// commentText returns what a line of the Dockerfile says as a comment.
func commentText(line string) (string, bool) {
	text := strings.TrimSpace(line)
	if !strings.HasPrefix(text, "#") {
		return "", false
	}
	return strings.TrimSpace(strings.TrimLeft(text, "#")), true
}

// requiredHeading returns what stands behind "Required:" at the start of a
// comment; "Required environment variables:" is the same.
func requiredHeading(text string) (string, bool) {
	heading, rest, found := strings.Cut(text, ":")
	if !found {
		return "", false
	}
	words := strings.Fields(strings.ToLower(heading))
	if len(words) == 0 || words[0] != "required" {
		return "", false
	}
	for _, word := range words[1:] {
		if !slices.Contains([]string{"env", "environment", "variable", "variables", "var", "vars", "at", "runtime", "run", "time"}, word) {
			return "", false
		}
	}
	return strings.TrimSpace(rest), true
}

// describedVariable splits "NAME - description", also behind a list's dash and
// with a colon or nothing behind the name.
func describedVariable(text string) (name, description string, ok bool) {
	text = strings.TrimLeft(text, "-* \t")
	name, description, _ = strings.Cut(text, " ")
	name, colon := strings.CutSuffix(name, ":")
	if !isVariableName(name) {
		return "", "", false
	}
	description = strings.TrimSpace(description)
	for _, dash := range []string{"- ", "– ", "— ", ": ", "= "} {
		if rest, ok := strings.CutPrefix(description, dash); ok {
			return name, strings.TrimSpace(rest), true
		}
	}
	return name, description, colon || description == "" || strings.HasPrefix(description, "(")
}

// variableNames returns the names that a list begins with: with commas, spaces or
// "and" between them, and remarks in parentheses. Where prose begins, it ends.
func variableNames(text string) []string {
	for {
		open := strings.IndexByte(text, '(')
		if open < 0 {
			break
		}
		stop := strings.IndexByte(text[open:], ')')
		if stop < 0 {
			text = text[:open]
			break
		}
		text = text[:open] + " " + text[open+stop+1:]
	}
	var names []string
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\t' }) {
		word = strings.Trim(word, "`$.\"'")
		switch {
		case isVariableName(word):
			names = append(names, word)
		case word == "and" || word == "&" || word == "":
		default:
			return names
		}
	}
	return names
}

// isVariableName reports whether a word of prose is the name of an environment
// variable: in upper case, and no word that only shouts.
func isVariableName(word string) bool {
	if len(word) < 2 || word[0] >= '0' && word[0] <= '9' || slices.Contains([]string{"NONE", "NO", "YES", "NOTE", "NA", "TODO", "FIXME"}, word) {
		return false
	}
	for i := range len(word) {
		if c := word[i]; c != '_' && (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}
