// Package catalog lists every check of imagegate.
package catalog

import (
	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/build"
	"github.com/imagegate/imagegate/checks/image"
	"github.com/imagegate/imagegate/checks/runtime"
	"github.com/imagegate/imagegate/checks/source"
	"github.com/imagegate/imagegate/checks/vuln"
)

// Rules returns the rule of every check, gate by gate.
func Rules() []checks.Rule {
	var all []checks.Rule
	all = append(all, checks.Rules(source.All())...)
	all = append(all, checks.Rules(build.All())...)
	all = append(all, checks.Rules(image.All())...)
	all = append(all, checks.Rules(vuln.All())...)
	all = append(all, checks.Rules(runtime.All())...)
	return all
}
