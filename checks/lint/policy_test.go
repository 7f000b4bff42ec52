package lint

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/policy"
	"github.com/imagegate/imagegate/checks/suppress"
)

// TestPolicy judges a source by policies that were read elsewhere, as those are that lie
// over the policy of an organisation.
func TestPolicy(t *testing.T) {
	files, err := txtar.FS(txtar.Parse([]byte("-- Dockerfile --\nFROM alpine:3.20.1\n# imagegate:ignore source/user reason=a test\nUSER root\nHEALTHCHECK CMD [\"a\"]\n-- imagegate.yaml --\nprofile: strict\n")))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]string{
		"":                                             {"source/user waived"},
		"locked: [source/user]":                        {"source/user fail", "suppress/comment warn"},
		"locked: [DL3002]":                             {"source/user fail", "suppress/comment warn"},
		"severity: {source/user: LOW}":                 {"source/user waived"},
		"profile: strict":                              {"source/base-digest fail", "source/user waived"},
		"severity: {DL3008: HIGH}":                     {"source/user waived"},
		"severity: {no/check: HIGH}":                   {"source/user waived", "suppress/waiver fail"},
		"waivers: [{check: image/size}]":               {"source/user waived"},
		"waivers: [{check: no/such}]":                  {"source/user waived", "suppress/waiver fail"},
		"waivers: [{check: source/user, reason: too}]": {"source/user waived"},
	} {
		p, err := policy.Parse(policy.File, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, res := range Run(files, Options{Policy: suppress.Policy{Read: &p}}) {
			for _, f := range res.Findings {
				if f.Severity.AtLeast(checks.Medium) || f.Status == checks.Waived {
					got = append(got, res.Check+" "+string(f.Status))
				}
			}
		}
		slices.Sort(got)
		if got = slices.Compact(got); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for _, res := range Run(files, Options{Policy: suppress.Policy{Err: errors.New("the policies do not fit")}}) {
		if wrong := res.Check == "suppress/waiver" && (res.Status != checks.Error || !strings.Contains(res.Detail, "do not fit")); wrong {
			t.Errorf("a policy that cannot be read: %+v", res)
		}
	}
}
