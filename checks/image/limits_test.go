package image

import (
	"testing"

	"github.com/imagegate/imagegate/checks/policy"
)

// TestPolicyDefaults wants the defaults that imagegate.yaml documents to be those that
// hold here.
func TestPolicyDefaults(t *testing.T) {
	p, err := policy.Defaults()
	if err != nil {
		t.Fatal(err)
	}
	limits := Limits{}.withDefaults()
	if p.Limits.Time != limits.Time || p.Limits.Memory != limits.Memory || p.Limits.Entries != limits.Entries ||
		p.Limits.UncompressedSize != limits.Uncompressed || int64(p.Limits.Ratio) != limits.Ratio || p.Limits.PathLength != limits.Path {
		t.Errorf("the policy says %+v, and the limits are %+v", p.Limits, limits)
	}
	if p.Budgets.MaxSize != DefaultBudget || p.Budgets.MaxLayers != DefaultLayers || p.Budgets.MaxWastedSize != DefaultWasted || p.Budgets.MaxGrowth != DefaultGrowth {
		t.Errorf("the policy says %+v", p.Budgets)
	}
}
