package runtime

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/probe"
)

// seen returns another outcome where nobody was seen to run.
func seen(o *Run) (checks.Outcome, bool) {
	if len(o.Identities) > 0 {
		return checks.Outcome{}, true
	}
	if out, ok := started(o); !ok {
		return out, false
	}
	return checks.Broken(fmt.Errorf("the probe did not see the main process: run the gate again")), false
}

// lives returns the identities of each process, in the order that they were seen,
// the main process's first.
func lives(identities []probe.Identity) [][]probe.Identity {
	// Who is the main process stands beside the id: examples leave ids out.
	type key struct {
		main bool
		pid  int
	}
	var order []key
	byProcess := map[key][]probe.Identity{}
	for _, id := range identities {
		k := key{id.Main, id.PID}
		if byProcess[k] == nil {
			order = append(order, k)
		}
		byProcess[k] = append(byProcess[k], id)
	}
	all := make([][]probe.Identity, len(order))
	for i, k := range order {
		all[i] = byProcess[k]
		slices.SortStableFunc(all[i], func(a, b probe.Identity) int { return cmp.Compare(a.At, b.At) })
	}
	return all
}

func isRoot(id probe.Identity) bool { return slices.Contains(id.UIDs[:], 0) }

// process says whose an identity is.
func process(id probe.Identity) string {
	if id.Main {
		return fmt.Sprintf("the main process (%s)", line(id.Name))
	}
	return fmt.Sprintf("a process of the application (%s)", line(id.Name))
}

func words(ids [4]int) string {
	return strings.Trim(fmt.Sprint(ids), "[]")
}
