package catalog

import (
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var id = regexp.MustCompile(`^(build|compose|image|policy|runtime|source|suppress|vuln)/[a-z]+(-[a-z]+)*$|^buildkit/[A-Z][A-Za-z]+$`)

func TestRules(t *testing.T) {
	seen := map[string]bool{}
	alias := map[string]string{}
	for _, r := range Entries() {
		if !id.MatchString(r.ID) {
			t.Errorf("%s is not of the form package/name", r.ID)
		}
		if seen[r.ID] {
			t.Errorf("%s stands twice in the list", r.ID)
		}
		seen[r.ID] = true
		if file := filepath.Join("..", strings.ReplaceAll(r.ID, "-", "_")+".go"); !strings.HasPrefix(r.ID, "buildkit/") {
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s is not in the file of its name: %v", r.ID, err)
			}
		}
		for field, text := range map[string]string{"title": r.Title, "why": r.Why, "fix": r.Fix, "severity": string(r.Severity), "good example": r.Good, "bad example": r.Bad} {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s has no %s", r.ID, field)
			}
		}
		if u, err := url.Parse(r.Reference); err != nil || u.Scheme != "https" {
			t.Errorf("%s: reference %q is no address", r.ID, r.Reference)
		}
		// Two gates may answer the same rule, each by what it reads.
		family, _, _ := strings.Cut(r.ID, "/")
		for _, a := range r.Aliases {
			a = family + ": " + a
			if alias[a] != "" {
				t.Errorf("%s is an alias of both %s and %s", a, alias[a], r.ID)
			}
			alias[a] = r.ID
		}
	}
	if len(seen) == 0 {
		t.Fatal("the list is empty")
	}
}
