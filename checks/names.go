package checks

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/util/suggest"
)

// Names finds checks by the names that they have, here and in other tools.
type Names struct {
	ids map[string][]string
	// all are the ids alone: of DL3002 and DL3004 neither is a misspelling of the other.
	all []string
}

// longestName is how long a name may be to be compared with others: longer than any is.
const longestName = 64

// NamesOf returns the names of the checks with these rules.
func NamesOf(rules []Rule) Names {
	n := Names{ids: map[string][]string{}}
	for _, r := range rules {
		n.all = append(n.all, r.ID)
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

// Nearest returns the id of a check that a name was probably meant for; empty where
// none is near enough. It takes up to a millisecond: do not ask for names without end.
func (n Names) Nearest(name string) string {
	if len(name) > longestName {
		return ""
	}
	folded := make([]string, len(n.all))
	for i, id := range n.all {
		folded[i] = strings.ToLower(id)
	}
	near, ok := suggest.Search(strings.ToLower(name), folded, true)
	if !ok {
		return ""
	}
	return n.all[slices.Index(folded, near)]
}

func fold(name string) string {
	name = strings.TrimPrefix(strings.ToUpper(name), "AVD-")
	if digits, ok := strings.CutPrefix(name, "DS"); ok && len(digits) == 3 && strings.Trim(digits, "0123456789") == "" {
		return "DS-0" + digits
	}
	return name
}
