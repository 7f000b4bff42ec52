package main

import (
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/policy"
	"github.com/imagegate/imagegate/checks/suppress"
)

// policiesOf returns the policy of each target: the nearest imagegate.yaml in its
// build context or above.
func policiesOf(targets []target) []suppress.Policy {
	policies := make([]suppress.Policy, len(targets))
	roots := make([]string, len(targets))
	judged := map[string][]string{} // by the directory of the policy
	for i, t := range targets {
		context, err := filepath.Abs(t.context)
		if err != nil {
			continue // the context's own is read
		}
		root := policyDir(context)
		source, err := filepath.Rel(root, context)
		if err != nil {
			continue
		}
		roots[i] = root
		policies[i] = suppress.Policy{Files: os.DirFS(root), Source: filepath.ToSlash(source)}
		judged[root] = append(judged[root], policies[i].Source)
		if !t.composeOnly {
			judged[root] = append(judged[root], path.Join(policies[i].Source, filepath.ToSlash(t.dockerfile)))
		}
	}
	for i, root := range roots {
		policies[i].Judged = judged[root]
	}
	return policies
}

// policyDir returns the directory of the policy for a build context: the nearest one
// that has it, up to the root of the repository or, outside of one, the current
// directory; the context itself if none has.
func policyDir(context string) string {
	var above []string
	for dir := context; ; dir = filepath.Dir(dir) {
		above = append(above, dir)
		if exists(dir, ".git") {
			break
		}
		if dir == filepath.Dir(dir) {
			n := 1
			if current, err := os.Getwd(); err == nil {
				n = max(n, slices.Index(above, current)+1)
			}
			above = above[:n]
			break
		}
	}
	for _, dir := range above {
		if exists(dir, policy.File) {
			return dir
		}
	}
	return context
}

// withoutUsed returns the findings without those by which a waiver is of no use for
// one target, where it is for another one.
func withoutUsed(findings []finding) []finding {
	used := map[checks.Location]bool{}
	for _, f := range findings {
		for _, at := range f.acceptedBy {
			used[at] = true
		}
	}
	return slices.DeleteFunc(findings, func(f finding) bool {
		return f.Check == "suppress/waiver" && used[checks.Location{Path: f.File, Line: f.Line, Column: f.Column}]
	})
}
