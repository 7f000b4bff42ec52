package compose

import (
	"regexp"
	"strings"

	"github.com/compose-spec/compose-go/v2/template"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// Text is a value of a Compose file with its variables replaced. It is known
// where each of them has a default: what the environment sets is not.
type Text struct {
	dockerfile.Value
	// Default is whether a variable may put another value in its place.
	Default bool
}

// Text returns what a scalar says.
func (n *Node) Text() Text {
	if n == nil || n.shape != scalar {
		return Text{}
	}
	return expand(n.text)
}

// undefined is a variable without a default: $A, ${A}, ${A:?error}, ${A:+other}.
var undefined = regexp.MustCompile(`\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_]*(?:\}|:?[?+]))`)

func expand(raw string) Text {
	if !strings.Contains(raw, "$") {
		return Text{Value: dockerfile.Value{Raw: raw, Text: raw, Known: true}}
	}
	literal := strings.ReplaceAll(raw, "$$", "")
	t := Text{Value: dockerfile.Value{Raw: raw}, Default: strings.Contains(literal, "$")}
	if undefined.MatchString(literal) {
		return t
	}
	text, err := substitute(raw)
	if err != nil {
		return t
	}
	t.Text, t.Known = text, true
	return t
}

// substitute replaces the variables of a text by their defaults.
func substitute(raw string) (string, error) {
	unset := func(string) (string, bool) { return "", false }
	return template.SubstituteWithOptions(raw, unset, template.WithoutLogging)
}
