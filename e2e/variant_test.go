package e2e

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// variant is the header of a patch of examples/variants.
type variant struct {
	example   string
	blockedBy []string
}

func readVariant(t *testing.T, patch string) variant {
	t.Helper()
	text, err := os.ReadFile(patch)
	if err != nil {
		t.Fatal(err)
	}
	var v variant
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "Example":
			v.example = value
		case "Blocked-By":
			v.blockedBy = strings.Fields(value)
		}
	}
	slices.Sort(v.blockedBy)
	if v.example == "" || len(v.blockedBy) == 0 {
		t.Fatalf("%s: the header names no Example or no Blocked-By", patch)
	}
	return v
}
