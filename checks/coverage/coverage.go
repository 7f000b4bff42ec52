// Package coverage compares imagegate's checks with the rules of other tools:
// each of their rules is answered by a check, or left out for a reason.
package coverage

import "github.com/imagegate/imagegate/checks"

// Answer is what imagegate does about one rule of a tool.
type Answer struct {
	Rule
	// Checks are those that answer it: their aliases name it.
	Checks []checks.Rule
	// LeftOut is why none does; empty if there are Checks.
	LeftOut string
}

// Answers returns what the checks do about each rule of a tool, in the tool's
// order.
func (t Tool) Answers(rules []checks.Rule) []Answer {
	byAlias := map[string][]checks.Rule{}
	for _, r := range rules {
		for _, alias := range r.Aliases {
			byAlias[alias] = append(byAlias[alias], r)
		}
	}
	reasons := LeftOut()
	answers := make([]Answer, len(t.Rules))
	for i, rule := range t.Rules {
		answers[i] = Answer{Rule: rule, Checks: byAlias[rule.ID], LeftOut: reasons[rule.ID]}
	}
	return answers
}
