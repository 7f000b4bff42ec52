// Package catalog lists every check of imagegate.
package catalog

import (
	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/build"
	"github.com/imagegate/imagegate/checks/compose"
	"github.com/imagegate/imagegate/checks/image"
	"github.com/imagegate/imagegate/checks/policy"
	"github.com/imagegate/imagegate/checks/runtime"
	"github.com/imagegate/imagegate/checks/source"
	"github.com/imagegate/imagegate/checks/suppress"
	"github.com/imagegate/imagegate/checks/vuln"
)

// Entry is what is known of a check of any package without running it.
type Entry struct {
	checks.Rule
	// Good and Bad are its examples, in the format of its package.
	Good string `json:"good"`
	Bad  string `json:"bad"`
}

// Entries returns every check, gate by gate.
func Entries() []Entry {
	var all []Entry
	all = add(all, source.All())
	all = add(all, compose.All())
	all = add(all, suppress.All())
	all = add(all, build.All())
	all = add(all, image.All())
	all = add(all, vuln.All())
	all = add(all, runtime.All())
	all = add(all, policy.All())
	return all
}

func add[T any](all []Entry, list []checks.Check[T]) []Entry {
	for _, c := range list {
		all = append(all, Entry{Rule: c.Rule, Good: c.Good, Bad: c.Bad})
	}
	return all
}

// Rules returns the rule of every check, gate by gate.
func Rules() []checks.Rule {
	entries := Entries()
	rules := make([]checks.Rule, len(entries))
	for i, e := range entries {
		rules[i] = e.Rule
	}
	return rules
}
