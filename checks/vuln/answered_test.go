package vuln

import (
	"slices"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/image"
	"github.com/imagegate/imagegate/checks/source"
)

// What is not reported twice has to be reported once.
func TestAnsweredRulesAreAliases(t *testing.T) {
	var aliases []string
	for _, r := range append(checks.Rules(source.All()), checks.Rules(image.All())...) {
		aliases = append(aliases, r.Aliases...)
	}
	for _, id := range answered {
		if !slices.Contains(aliases, id) {
			t.Errorf("%s is left to another check, and none has it among its aliases", id)
		}
	}
}
