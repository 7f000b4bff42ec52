package policy

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/report"
)

// What somebody set is judged in every profile; a default is not set by anybody.
func TestStrictnessOfBudgets(t *testing.T) {
	var list []checks.Check[string]
	for id, severity := range map[string]checks.Severity{
		"image/size": checks.Medium, "image/layers": checks.Low, "image/wasted-bytes": checks.Medium, "image/growth": checks.Medium,
		"image/labels": checks.Low, "image/user": checks.High,
	} {
		list = append(list, checks.Check[string]{Rule: checks.Rule{ID: id, Severity: severity}, Judge: func(string) checks.Outcome {
			return checks.Found(checks.At(checks.Location{}, "found"))
		}})
	}
	names := checks.NamesOf(checks.Rules(list))
	for text, want := range map[string]string{
		"":                                    "fail image/user",
		"profile: minimal":                    "fail image/user",
		"limits: {entries: 5}":                "fail image/user",
		"budgets: {max-size: 1MB}":            "fail image/user ,warn image/size",
		"budgets: {max-compressed-size: 1MB}": "fail image/user ,warn image/size",
		"budgets: {max-layer-size: 1MB}":      "fail image/user ,warn image/size",
		"budgets: {max-layers: 50}":           "fail image/user ,warn image/layers",
		"budgets: {max-wasted-size: 1MB}":     "fail image/user ,warn image/wasted-bytes",
		"budgets: {max-growth: 5%}":           "fail image/user ,warn image/growth",
		"severity: {image/growth: CRITICAL}":  "fail image/growth ,fail image/user",
		"severity: {image/user: LOW}":         "",
		"budgets: {max-layers: 50}\nseverity: {image/layers: HIGH}": "fail image/layers ,fail image/user",
	} {
		strictness := parsed(t, File, text).Strictness(names)
		results := strictness.Apply(checks.Run(Select(list, strictness, checks.MinimalProfile), ""), checks.MinimalProfile)
		got := strings.TrimSpace(strings.Join(lines([]report.Gate{gate(results...)}), ","))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", text, diff)
		}
	}
	// An organisation's budget and a flag are set as well.
	var flags Policy
	flags.Budgets.MaxSize = 1e6
	flags.Set("budgets.max-size", checks.Location{Path: "--max-size"})
	for name, layers := range map[string][2]Policy{
		"organisation": {parsed(t, "o", "budgets: {max-size: 1MB}"), {}},
		"flag":         {{}, flags},
	} {
		merged, err := Merge(layers[0], layers[1], nil)
		if err != nil {
			t.Fatal(err)
		}
		if selected := Select(list, merged.Strictness(names), checks.MinimalProfile); len(selected) != 2 {
			t.Errorf("%s: %d checks", name, len(selected))
		}
	}
}
