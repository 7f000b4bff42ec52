package runtime

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var readOnlyRootfs = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/read-only-rootfs",
		Title:     "the application runs with a read-only root file system",
		Severity:  checks.Medium,
		Why:       "A read-only root file system (readOnlyRootFilesystem, docker run --read-only) keeps whoever takes over the application from changing its programs or bringing others, and what is written outside of volumes is lost with the container anyhow. Dagger's engine cannot start a container with a read-only root file system, so the gate compares the file system before and after instead.",
		Fix:       "write below /tmp or a volume, and mount those: VOLUME in the Dockerfile, docker run --tmpfs, an emptyDir; tell the gate of what is mounted with --tmpfs",
		Reference: "https://kubernetes.io/docs/concepts/security/pod-security-standards/",
	},
	Good: `{"args": ["/app"], "expected": {"writable": ["/tmp", "/data"]}, "changes": {"added": ["/tmp/upload-1", "/data/index"], "modified": ["/dev/null"]}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Bad:  `{"args": ["/app"], "expected": {"writable": ["/tmp", "/data"]}, "changes": {"added": ["/app/cache/", "/app/cache/a.json", "/app/cache/b.json"], "modified": ["/app/", "/app/settings.ini"]}, "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Judge: func(o *Run) checks.Outcome {
		if out, ok := compared(o); !ok {
			return out
		}
		written := slices.DeleteFunc(changes(o), change.isLog)
		if len(written) == 0 {
			return checks.Passed("")
		}
		what := "a path"
		if len(written) > 1 {
			what = fmt.Sprintf("%d paths", len(written))
		}
		f := checks.At(checks.Location{}, "the application changes %s of the root file system: %s", what, some(places(o, written), keptPaths))
		if !slices.ContainsFunc(written, func(c change) bool { return !strings.Contains(c.path, "/__pycache__/") }) {
			f.Fix = "compile in the Dockerfile (RUN python -m compileall /app), or set ENV PYTHONDONTWRITEBYTECODE=1"
		}
		return checks.Found(f)
	},
}

// places returns the directories of changes, with how many there are in each and
// the first of them, the fullest directory first. What is in a directory that is
// new itself, however deep, counts there.
func places(o *Run, written []change) []string {
	added := map[string]bool{}
	for _, p := range o.Changes.Added {
		added[path.Join("/", p)] = true
	}
	byDir := map[string][]string{}
	for _, c := range written {
		place := path.Dir(c.path)
		for dir := place; dir != "/"; dir = path.Dir(dir) {
			if added[dir] {
				place = dir
			}
		}
		byDir[place] = append(byDir[place], c.path)
	}
	dirs := slices.SortedFunc(maps.Keys(byDir), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(byDir[b]), len(byDir[a])), strings.Compare(a, b))
	})
	const named = 2
	for i, dir := range dirs {
		var names []string
		for _, p := range byDir[dir] {
			names = append(names, line(strings.TrimPrefix(strings.TrimPrefix(p, dir), "/")))
		}
		dirs[i] = fmt.Sprintf("%s (%s)", line(dir), some(names, named))
	}
	return dirs
}
