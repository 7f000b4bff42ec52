package dockerfile

import (
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/imagegate/imagegate/checks"
)

// Lint is what BuildKit's linter says of a Dockerfile, and why BuildKit would not
// build it, judged by our model of it: hack/conformance holds that equal to what
// BuildKit itself says.
type Lint struct {
	// Findings are by the name of the rule, in BuildKit's order, without repeats.
	Findings map[string][]checks.Finding
	// Rejected are the reasons why BuildKit would not build it, one for an instruction
	// at most. BuildKit stops at the first of them; here the rules are judged to the
	// end, as if it were mended.
	Rejected []checks.Finding
	// Err is why it could not be judged.
	Err error
}

// Lint returns what BuildKit's linter says, with what "# check=skip=" comments
// skip: package suppress accepts that. It is judged once, when first asked for.
func (s *Source) Lint() Lint { return s.lint() }

// parsed are the findings of the rules that BuildKit judges while it parses.
type parsed []parsedFinding

type parsedFinding struct {
	rule, url, message string
	where              []parser.Range
}

func (p *parsed) add(rule, _, url, message string, where []parser.Range) {
	*p = append(*p, parsedFinding{rule, url, message, where})
}

// addWarnings adds what BuildKit's parser warns of: of empty lines alone.
func (p *parsed) addWarnings(warnings []parser.Warning) {
	rule := linter.RuleNoEmptyContinuation
	for _, w := range warnings {
		if w.URL == rule.URL {
			p.add(rule.Name, rule.Description, rule.URL, rule.Format(), []parser.Range{*w.Location})
		}
	}
}
