package lint

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/imagegate/imagegate/checks"
)

// TestFamilies wants a result of every check of a profile, whether or not there is
// something to judge.
func TestFamilies(t *testing.T) {
	const composeFile = "-- compose.yaml --\nservices:\n  app:\n    image: a\n    privileged: true\n"
	for name, test := range map[string]struct {
		text            string
		source, compose checks.Status // the worst of each
	}{
		"both":                      {"-- Dockerfile --\nFROM a:1.2.3\n" + composeFile, checks.Fail, checks.Fail},
		"no Compose file":           {"-- Dockerfile --\nFROM a:1.2.3\n", checks.Fail, checks.Skipped},
		"no Dockerfile":             {composeFile, checks.Error, checks.Fail},
		"a Dockerfile that is none": {"-- Dockerfile --\nFRM a\n" + composeFile, checks.Error, checks.Fail},
	} {
		t.Run(name, func(t *testing.T) {
			files, err := txtar.FS(txtar.Parse([]byte(test.text)))
			if err != nil {
				t.Fatal(err)
			}
			results := Run(files, Options{})
			worst := map[bool]checks.Status{false: checks.Pass, true: checks.Pass}
			for _, res := range results {
				of := strings.HasPrefix(res.Check, "compose/")
				worst[of] = checks.Worst(worst[of], res.Status)
			}
			if worst[false] != test.source || worst[true] != test.compose {
				t.Errorf("source %s, compose %s; want %s and %s", worst[false], worst[true], test.source, test.compose)
			}
			if want := ids(checks.DefaultProfile); !slices.Equal(idsOf(results), want) {
				t.Errorf("results of %v, want %v", idsOf(results), want)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	results := Errors(errors.New("no engine"), checks.MinimalProfile)
	if want := ids(checks.MinimalProfile); !slices.Equal(idsOf(results), want) {
		t.Errorf("results of %v, want %v", idsOf(results), want)
	}
	for _, res := range results {
		if res.Status != checks.Error || res.Detail != "no engine" {
			t.Errorf("%s: %s %s", res.Check, res.Status, res.Detail)
		}
	}
}

func ids(p checks.Profile) []string {
	var ids []string
	for _, r := range Rules() {
		if p.Judges(r) {
			ids = append(ids, r.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

func idsOf(results []checks.Result) []string {
	var ids []string
	for _, res := range results {
		ids = append(ids, res.Check)
	}
	slices.Sort(ids)
	return ids
}
