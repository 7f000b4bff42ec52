package coverage

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks/catalog"
)

// TestTools holds the lists to the number of rules that the tools have.
func TestTools(t *testing.T) {
	want := map[string]int{
		"hadolint": 71, "BuildKit": 22, "Trivy": 28, "Checkov": 28, "Dockle": 16, "CIS Docker Benchmark": 12, "dclint": 15,
	}
	seen := map[string]string{}
	for _, tool := range Tools() {
		if len(tool.Rules) != want[tool.Name] {
			t.Errorf("%s has %d rules in the list, want %d", tool.Name, len(tool.Rules), want[tool.Name])
		}
		delete(want, tool.Name)
		if tool.Version == "" || !strings.HasPrefix(tool.Reference, "https://") {
			t.Errorf("%s: version %q, reference %q", tool.Name, tool.Version, tool.Reference)
		}
		for _, r := range slices.Concat(tool.Rules, tool.Further) {
			if seen[r.ID] != "" {
				t.Errorf("%s is a rule of both %s and %s", r.ID, seen[r.ID], tool.Name)
			}
			seen[r.ID] = tool.Name
			if r.Title == "" || strings.HasSuffix(r.Title, ".") {
				t.Errorf("%s: title %q", r.ID, r.Title)
			}
		}
	}
	for name := range want {
		t.Errorf("no list of %s", name)
	}
}

// TestAnswers wants of every rule of every tool that it is answered or left out
// for a reason, and not both.
func TestAnswers(t *testing.T) {
	rules := catalog.Rules()
	for _, tool := range Tools() {
		for _, a := range tool.Answers(rules) {
			switch {
			case len(a.Checks) == 0 && a.LeftOut == "":
				t.Errorf("%s: %s (%s) is neither an alias of a check nor left out for a reason", tool.Name, a.ID, a.Title)
			case len(a.Checks) > 0 && a.LeftOut != "":
				t.Errorf("%s: %s is answered by %s and left out all the same", tool.Name, a.ID, a.Checks[0].ID)
			}
		}
	}
}

// TestAliases finds aliases that no tool has: they are slips.
func TestAliases(t *testing.T) {
	known := map[string]bool{}
	for _, tool := range Tools() {
		for _, r := range slices.Concat(tool.Rules, tool.Further) {
			known[r.ID] = true
		}
	}
	for _, r := range catalog.Rules() {
		for _, alias := range r.Aliases {
			if !known[alias] {
				t.Errorf("%s: no tool has a rule %s", r.ID, alias)
			}
		}
	}
	for id := range LeftOut() {
		if !known[id] {
			t.Errorf("left out: no tool has a rule %s", id)
		}
	}
}

var (
	sentence = regexp.MustCompile(`^[A-Z][^\n]*\.$`)
	checkID  = regexp.MustCompile(`\b[a-z]+/[a-z]+(-[a-z]+)*\b`)
)

func TestLeftOut(t *testing.T) {
	ids := map[string]bool{}
	for _, r := range catalog.Rules() {
		ids[r.ID] = true
	}
	for id, reason := range LeftOut() {
		if !sentence.MatchString(reason) {
			t.Errorf("%s: the reason is no sentence: %q", id, reason)
		}
		for _, check := range checkID.FindAllString(reason, -1) {
			if !ids[check] {
				t.Errorf("%s: the reason names %s, which is no check", id, check)
			}
		}
	}
}
