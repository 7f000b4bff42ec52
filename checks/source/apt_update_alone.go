package source

import (
	"fmt"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

var aptUpdateAlone = Check{
	Rule: checks.Rule{
		ID:        "source/apt-update-alone",
		Title:     "Package lists are fetched in the RUN that installs from them",
		Severity:  checks.High,
		Why:       "The layer of an apt-get update of its own stays in the build cache for months. What is installed behind it comes from old lists: without the security updates since then, or not at all, because the old version is gone.",
		Fix:       "Write both in one RUN: apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*; for Alpine apk add --no-cache curl.",
		Reference: "https://docs.docker.com/build/building/best-practices/#apt-get",
		Aliases:   []string{"DS-0017", "CKV_DOCKER_5", "CIS-4.7", "CIS-DI-0007"},
		Differs:   "DS-0017, CKV_DOCKER_5, CIS-4.7, CIS-DI-0007: an update that nothing is installed from later passes, and so do yum update and zypper refresh, which leave no list that goes stale; an install from the lists of an earlier RUN is found even where that RUN installs something as well.",
	},
	Good: `
FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
`,
	Bad: `
FROM debian:12-slim
RUN apt-get update
RUN apt-get install -y --no-install-recommends curl
`,
	Judge: func(s *dockerfile.Source) checks.Outcome {
		var findings []checks.Finding
		reported := map[checks.Location]bool{}
		ends := map[*dockerfile.Stage]map[string]fetchedLists{}
		for _, stage := range s.Stages {
			lists := map[string]fetchedLists{}
			for manager, l := range ends[stage.Base] {
				lists[manager] = l
			}
			for _, in := range stage.Instructions {
				if in.Keyword != "RUN" {
					continue
				}
				f, ok := judgeLists(in, lists)
				if ok && stage.Reachable && !reported[f.Location] {
					reported[f.Location] = true // once for all stages built from it
					findings = append(findings, f)
				}
			}
			ends[stage] = lists
		}
		return checks.Found(findings...)
	},
}

// fetchedLists are those that an earlier RUN has left.
type fetchedLists struct {
	call  dockerfile.Call // that fetched them
	alone bool            // whether that RUN installs nothing from them
}

// judgeLists judges a RUN by the lists that it finds, and enters those that it
// leaves.
func judgeLists(in *dockerfile.Instruction, lists map[string]fetchedLists) (f checks.Finding, found bool) {
	var updates, installs map[string]dockerfile.Call // the first of each manager
	note := func(calls map[string]dockerfile.Call, manager string, call dockerfile.Call) map[string]dockerfile.Call {
		if calls == nil {
			calls = map[string]dockerfile.Call{}
		}
		if _, ok := calls[manager]; !ok {
			calls[manager] = call
		}
		return calls
	}
	removed, opaque := false, false
	for _, call := range in.Calls {
		if call.Program() == "rm" {
			removed = removed || slices.ContainsFunc(call.Words, func(w string) bool {
				return strings.Contains(w, "/var/lib/apt/lists") || strings.Contains(w, "/var/cache/apk")
			})
		}
		opaque = opaque || mayUpdate(call)
		p, ok := parsePackages(call)
		if !ok || p.manager != "apt" && p.manager != "apk" {
			continue
		}
		switch {
		case p.action == actionUpdate || p.manager == "apk" && p.has("-U", "--update-cache", "--update", "--no-cache"):
			updates = note(updates, p.manager, call)
			if p.action == actionInstall || p.action == actionUpgrade {
				installs = note(installs, p.manager, call)
			}
		case p.action != actionClean && p.action != actionRemove && p.action != "" && !onlyFiles(p):
			installs = note(installs, p.manager, call)
		}
	}
	for _, manager := range []string{"apt", "apk"} {
		update, updated := updates[manager]
		install, installed := installs[manager]
		if updated {
			if removed {
				delete(lists, manager)
			} else if p, _ := parsePackages(update); !p.has("--no-cache") {
				lists[manager] = fetchedLists{call: update, alone: !installed}
			}
			continue
		}
		old, stale := lists[manager]
		if !installed || !stale || opaque {
			continue
		}
		if old.alone {
			f = checks.At(old.call.Location, "%s stands in a RUN of its own, and line %d installs from its lists, which the build cache keeps", commandOf(old.call), install.Location.Line)
			f.Fix = fmt.Sprintf("Move it into the RUN of line %d, before %s", install.Location.Line, commandOf(install))
		} else {
			f = checks.At(install.Location, "%s installs from the lists of %s in line %d, which the build cache keeps", commandOf(install), commandOf(old.call), old.call.Location.Line)
			f.Severity = checks.Medium
			f.Fix = "Write " + commandOf(old.call) + " && before it, or install all packages in one RUN"
		}
		f.Subject = manager
		delete(lists, manager) // once is enough
		return f, true
	}
	return checks.Finding{}, false
}

// mayUpdate reports whether a call may fetch the lists by itself: a script, such
// as those that add a repository.
func mayUpdate(call dockerfile.Call) bool {
	switch call.Program() {
	case "add-apt-repository", "apt-add-repository", "make", "source", ".":
		return true
	}
	script := strings.Contains(call.Words[0], "/") && !strings.HasPrefix(call.Words[0], "/usr/bin/") && !strings.HasPrefix(call.Words[0], "/bin/")
	return script || dockerfile.IsShell(call.Words[0]) || strings.HasSuffix(call.Words[0], ".sh")
}

// onlyFiles reports whether a call installs files that are there already.
func onlyFiles(p packages) bool {
	return len(p.operands) > 0 && !slices.ContainsFunc(p.operands, func(o packageOperand) bool { return !o.elsewhere })
}

func commandOf(call dockerfile.Call) string {
	p, _ := parsePackages(call)
	return p.command
}
