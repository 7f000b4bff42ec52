// Package policy reads imagegate.yaml, in which a project says what it accepts.
package policy

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/moby/patternmatcher"
	"go.yaml.in/yaml/v4"

	"github.com/imagegate/imagegate/checks"
)

// File is the path of the policy in the source.
const File = "imagegate.yaml"

// Misnamed is a name that the policy does not have, and that it is given often.
const Misnamed = "imagegate.yml"

// fix says how to mend a policy that cannot be read.
const fix = "Write the policy as a list of waivers, each with check: and reason:, and with path: and expires: if it has them"

// Policy is what a project says in its policy file.
type Policy struct {
	Waivers []Waiver
}

// Waiver accepts findings of a check.
type Waiver struct {
	// Check is the id of the check, or the name that another tool gives it.
	Check string
	// Path is the pattern of the files whose findings are meant, as in an ignore
	// file; all if empty.
	Path string
	// Reason is why they are accepted. It is required, but what has none is no
	// broken file: it accepts nothing, and is reported.
	Reason string
	// Expires is the last day on which the waiver holds, as 2006-01-02; empty for
	// ever.
	Expires string
	// Location is that of the waiver, and CheckLocation that of the check's name.
	Location, CheckLocation checks.Location
}

// Covers reports whether findings in a file are meant.
func (w Waiver) Covers(path string) bool {
	if w.Path == "" {
		return true
	}
	matches, err := patternmatcher.MatchesOrParentMatches(path, []string{w.Path})
	return err == nil && matches
}

// Literal reports whether the path is that of one file or directory, not a pattern
// for several.
func (w Waiver) Literal() bool { return w.Path != "" && !strings.ContainsAny(w.Path, `*?[\`) }

// Parse reads a policy file. Whatever is not understood is an error, which names
// the line and says what to write.
func Parse(text []byte) (Policy, error) {
	var p Policy
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	var document yaml.Node
	switch err := decoder.Decode(&document); {
	case errors.Is(err, io.EOF):
		return p, nil
	case err != nil:
		return p, notYAML(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return p, &checks.FileError{Location: checks.Location{Path: File}, Err: errors.New("the file holds more than one document: remove what stands behind the second ---"), Fix: fix}
	}
	if len(document.Content) == 0 || isNull(document.Content[0]) {
		return p, nil
	}
	fields, err := mapping(document.Content[0], "the policy", "waivers")
	if err != nil {
		return p, err
	}
	list, ok := fields["waivers"]
	if !ok || isNull(list) {
		return p, nil
	}
	if list.Kind != yaml.SequenceNode {
		return p, invalid(list, "waivers is no list: write - check: … for each")
	}
	for _, node := range list.Content {
		w, err := parseWaiver(node)
		if err != nil {
			return p, err
		}
		p.Waivers = append(p.Waivers, w)
	}
	return p, nil
}

func parseWaiver(node *yaml.Node) (Waiver, error) {
	w := Waiver{Location: locate(node)}
	node = resolve(node)
	fields, err := mapping(node, "a waiver", "check", "path", "reason", "expires")
	if err != nil {
		return w, err
	}
	for name, to := range map[string]*string{"check": &w.Check, "path": &w.Path, "reason": &w.Reason, "expires": &w.Expires} {
		value, ok := fields[name]
		if !ok || isNull(value) {
			continue
		}
		if value.Kind != yaml.ScalarNode {
			return w, invalid(value, "%s is no text", name)
		}
		*to = strings.TrimSpace(value.Value)
	}
	if w.Check == "" {
		return w, invalid(node, "the waiver names no check: add check: with the id of one, as in source/user")
	}
	w.CheckLocation = locate(fields["check"])
	if w.Expires != "" {
		if _, err := time.Parse(time.DateOnly, w.Expires); err != nil {
			return w, invalid(fields["expires"], "expires: %s is no date: write it as in 2027-01-31", w.Expires)
		}
	}
	w.Path = strings.TrimPrefix(w.Path, "/")
	if w.Path != "" {
		if _, err := patternmatcher.MatchesOrParentMatches("a", []string{w.Path}); err != nil || strings.HasPrefix(w.Path, "!") {
			return w, invalid(fields["path"], "path: %s is no pattern: write it as in an ignore file, without !", w.Path)
		}
	}
	return w, nil
}

// mapping returns the values of a mapping by their keys, which must be of these.
func mapping(node *yaml.Node, what string, keys ...string) (map[string]*yaml.Node, error) {
	if node.Kind != yaml.MappingNode {
		return nil, invalid(node, "%s is no mapping: write %s: …", what, keys[0])
	}
	fields := map[string]*yaml.Node{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if key.Kind != yaml.ScalarNode || !slices.Contains(keys, key.Value) {
			return nil, invalid(key, "%s has no key %q: write one of %s", what, key.Value, strings.Join(keys, ", "))
		}
		if fields[key.Value] != nil {
			return nil, invalid(key, "%s has %s twice: remove one", what, key.Value)
		}
		fields[key.Value] = resolve(node.Content[i+1])
	}
	return fields, nil
}

func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.Tag == "!!null"
}

func invalid(node *yaml.Node, format string, args ...any) error {
	return &checks.FileError{
		Location: checks.Location{Path: File, Line: node.Line, Column: node.Column},
		Err:      fmt.Errorf(format, args...),
		Fix:      fix,
	}
}

func notYAML(err error) error {
	where := checks.Location{Path: File}
	message := err.Error()
	var load *yaml.LoadError
	if errors.As(err, &load) {
		where.Line, where.Column, message = load.Mark.Line, load.Mark.Column, load.Message
	}
	return &checks.FileError{Location: where, Err: errors.New("the file is not YAML: " + message), Fix: fix}
}

// resolve returns what an alias stands for, or the node itself.
func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// locate returns the place where a node starts, and ends if it is plain text.
func locate(node *yaml.Node) checks.Location {
	where := checks.Location{Path: File, Line: node.Line, Column: node.Column}
	if node.Kind == yaml.ScalarNode && node.Style == 0 && !strings.Contains(node.Value, "\n") {
		where.EndLine, where.EndColumn = node.Line, node.Column+utf8.RuneCountInString(node.Value)
	}
	return where
}
