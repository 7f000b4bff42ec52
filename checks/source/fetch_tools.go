package source

import (
	"slices"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var fetchTools = Check{
	Rule: checks.Rule{
		ID:        "source/fetch-tools",
		Title:     "The image installs wget or curl, not both",
		Severity:  checks.Low,
		Why:       "Two programs that do the same are two sets of libraries to patch, and the first things that an attacker looks for in a container.",
		Fix:       "Call one of the two everywhere, and do not install the other; download in a build stage, so that the image needs neither.",
		Reference: "https://docs.docker.com/build/building/best-practices/#dont-install-unnecessary-packages",
		Aliases:   []string{"DL4001", "DS-0014"},
		Differs:   "DL4001, DS-0014: in the strict profile alone; it is what the image installs that counts, not what its build calls.",
		Strict:    true,
	},
	Good: `
FROM alpine:3.22
RUN apk add --no-cache curl
`,
	Bad: `
FROM alpine:3.22
RUN apk add --no-cache curl wget
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var installed []fetchTool
		for _, stage := range s.Final.Chain() {
			for _, in := range stage.Instructions {
				if in.Keyword == "RUN" {
					for _, call := range in.Calls {
						installed = enterFetchTools(installed, call)
					}
				}
			}
		}
		for i, later := range installed {
			for _, earlier := range installed[:i] {
				if later.name == earlier.name {
					continue
				}
				f := checks.At(later.where, "%s does what %s from line %d does", later.name, earlier.name, earlier.where.Line)
				f.Subject = later.name
				return checks.Found(f)
			}
		}
		return checks.Outcome{}
	},
}

// fetchTool is a program that the image installs to download with.
type fetchTool struct {
	name    string
	virtual string // apk's name for all that the call installs; empty without one
	where   checks.Location
}

// enterFetchTools enters what a call installs, and takes out what it removes.
func enterFetchTools(installed []fetchTool, call dockerfile.Call) []fetchTool {
	p, ok := parsePackages(call)
	if !ok || !p.system || p.action != actionInstall && p.action != actionRemove {
		return installed
	}
	virtual, _ := p.value("-t", "--virtual")
	for _, o := range p.operands {
		if p.action == actionRemove {
			installed = slices.DeleteFunc(installed, func(t fetchTool) bool { return t.name == o.name || t.virtual == o.name || o.unknown })
			continue
		}
		if o.name != "curl" && o.name != "wget" || slices.ContainsFunc(installed, func(t fetchTool) bool { return t.name == o.name }) {
			continue
		}
		installed = append(installed, fetchTool{o.name, virtual, call.WordLocation(o.index)})
	}
	return installed
}
