package checks

import (
	"slices"
	"strings"
)

// Names finds checks by the names that they have, here and in other tools.
type Names struct {
	ids map[string][]string
}

// NamesOf returns the names of the checks with these rules.
func NamesOf(rules []Rule) Names {
	n := Names{map[string][]string{}}
	for _, r := range rules {
		for _, name := range append([]string{r.ID}, r.Aliases...) {
			name = fold(name)
			if !slices.Contains(n.ids[name], r.ID) {
				n.ids[name] = append(n.ids[name], r.ID)
			}
		}
	}
	return n
}

// Find returns the ids of the checks of a name, in the order of their rules: that
// of the id, or those that have it as an alias. Names compare without regard to
// case; Trivy's DS-0002 is also AVD-DS-0002 and DS002.
func (n Names) Find(name string) []string {
	if ids := n.ids[fold(name)]; ids != nil {
		return ids
	}
	// A rule of BuildKit that one of our own checks answers is an alias of that.
	if rule, ok := strings.CutPrefix(name, "buildkit/"); ok {
		return n.ids[fold(rule)]
	}
	return nil
}

func fold(name string) string {
	name = strings.TrimPrefix(strings.ToUpper(name), "AVD-")
	if digits, ok := strings.CutPrefix(name, "DS"); ok && len(digits) == 3 && strings.Trim(digits, "0123456789") == "" {
		return "DS-0" + digits
	}
	return name
}
