package checks

import (
	"slices"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	names := NamesOf([]Rule{
		{ID: "source/user", Aliases: []string{"DL3002", "DS-0002", "JSONArgsRecommended"}},
		{ID: "image/user", Aliases: []string{"DS-0002"}},
		{ID: "buildkit/StageNameCasing", Aliases: []string{"StageNameCasing"}},
	})
	for name, want := range map[string][]string{
		"source/user":                  {"source/user"},
		"dl3002":                       {"source/user"},
		"DS-0002":                      {"source/user", "image/user"},
		"AVD-DS-0002":                  {"source/user", "image/user"},
		"DS002":                        {"source/user", "image/user"},
		"StageNameCasing":              {"buildkit/StageNameCasing"},
		"buildkit/StageNameCasing":     {"buildkit/StageNameCasing"},
		"buildkit/JSONArgsRecommended": {"source/user"},
		"user":                         nil,
		"DS2":                          nil,
		"":                             nil,
	} {
		if got := names.Find(name); !slices.Equal(got, want) {
			t.Errorf("%q is %v, want %v", name, got, want)
		}
	}
}

func TestNearest(t *testing.T) {
	names := NamesOf([]Rule{{ID: "source/user", Aliases: []string{"DL3002"}}, {ID: "image/user"}, {ID: "buildkit/StageNameCasing"}})
	for name, want := range map[string]string{
		"source/usr":                     "source/user",
		"Image/users":                    "image/user",
		"buildkit/stagenamecasings":      "buildkit/StageNameCasing",
		"DL3003":                         "", // another rule, not a misspelling
		"user":                           "",
		"":                               "",
		strings.Repeat("source/user", 9): "",
	} {
		if got := names.Nearest(name); got != want {
			t.Errorf("nearest to %q is %q, want %q", name, got, want)
		}
	}
}
