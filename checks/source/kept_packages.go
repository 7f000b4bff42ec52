package source

import (
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// keptPackages are packages of the operating system that a RUN installs and leaves
// in the image.
type keptPackages struct {
	in    *dockerfile.Instruction
	call  dockerfile.Call
	names []string
}

// packagesKept returns what the stages install and keep of the packages that choose
// returns. What depends on a condition is left out.
func packagesKept(chain []*dockerfile.Stage, choose func(dockerfile.Call, packages) []string) []keptPackages {
	var kept []keptPackages
	for _, stage := range chain {
		for _, in := range stage.Instructions {
			if in.Keyword != "RUN" {
				continue
			}
			for _, call := range in.Calls {
				p, ok := parsePackages(call)
				if !ok || !p.system || p.action != actionInstall {
					continue
				}
				if names := choose(call, p); len(names) > 0 && reachesImage(p) && !isOptional(call) && !removedAgain(in, call) {
					kept = append(kept, keptPackages{in, call, names})
				}
			}
		}
	}
	return kept
}

// packagesNamed returns which of the packages a call names.
func packagesNamed(p packages, names ...string) []string {
	var found []string
	for _, o := range p.operands {
		if slices.Contains(names, o.name) {
			found = append(found, o.name)
		}
	}
	return found
}

// reachesImage reports whether what a call installs is in the image itself, not in
// another root directory.
func reachesImage(p packages) bool {
	if p.manager == "apk" {
		return !p.has("-p", "--root")
	}
	return !p.has("--installroot", "--root")
}

// removedAgain reports whether the RUN removes what one of its calls installs, as
// far as that can be told: one package may go with another.
func removedAgain(in *dockerfile.Instruction, install dockerfile.Call) bool {
	installed, _ := parsePackages(install)
	group, _ := installed.value("-t", "--virtual")
	return slices.ContainsFunc(in.Calls, func(call dockerfile.Call) bool {
		if !removesPackages(call) {
			return false
		}
		p, ok := parsePackages(call)
		if !ok || p.action != actionRemove || len(p.operands) == 0 {
			return true // what it removes is not known
		}
		return slices.ContainsFunc(p.operands, func(o packageOperand) bool {
			return o.unknown || strings.ContainsAny(o.word, "*?^$") || o.name == group ||
				slices.ContainsFunc(installed.operands, func(i packageOperand) bool { return i.unknown || i.name == o.name })
		})
	})
}
