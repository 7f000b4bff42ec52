package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestBisect(t *testing.T) {
	for name, test := range map[string]struct{ files, refused string }{
		"all":         {"a b c d e", ""},
		"one":         {"a b X d e", "X"},
		"first, last": {"X b c d Y", "X Y"},
		"neighbours":  {"a X Y", "X Y"},
		"none":        {"X Y Z", "X Y Z"},
		"no files":    {"", ""},
	} {
		got, err := bisect(strings.Fields(test.files), func(files []string) (bool, error) {
			return !slices.ContainsFunc(files, func(f string) bool { return f < "a" }), nil
		})
		if strings.Join(got, " ") != test.refused || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	broken := errors.New("no such program")
	if _, err := bisect([]string{"a", "b"}, func([]string) (bool, error) { return false, broken }); !errors.Is(err, broken) {
		t.Errorf("%v, want %v", err, broken)
	}
}
