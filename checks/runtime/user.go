package runtime

import (
	"fmt"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/probe"
)

var user = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/user",
		Title:     "no process of the running image is root",
		Severity:  checks.High,
		Why:       "Whoever takes over a process that runs as root is root in the container, with its capabilities, and one kernel fault away from the host.",
		Fix:       "end the Dockerfile's last stage with USER and the number of a user that is not root, as in USER 10001; where the entrypoint changes to that user by itself, let the image start as it",
		Reference: "https://docs.docker.com/build/building/best-practices/#user",
	},
	Good: `{"args": ["/app"], "identities": [{"main": true, "name": "app", "uids": [1001, 1001, 1001, 1001], "gids": [1001, 1001, 1001, 1001], "effective": "0000000000000000"}], "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Bad:  `{"args": ["/app"], "identities": [{"main": true, "name": "app", "uids": [0, 0, 0, 0], "gids": [0, 0, 0, 0], "effective": "00000000a80425fb"}], "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Judge: func(o *Run) checks.Outcome {
		if out, ok := seen(o); !ok {
			return out
		}
		var findings []checks.Finding
		for _, life := range lives(o.Identities) {
			f, ok := asRoot(o.User, life)
			if ok && !slices.ContainsFunc(findings, func(g checks.Finding) bool { return g.Message == f.Message }) {
				findings = append(findings, f)
			}
			// What a main process that is root starts is root for that reason; whether
			// it was seen depends on when the probe looked.
			if life[0].Main && len(findings) > 0 {
				break
			}
		}
		if len(findings) > 0 {
			return checks.Found(findings...)
		}
		first := o.Identities[0]
		capabilities := "no effective capabilities"
		if strings.Trim(first.Effective, "0") != "" {
			capabilities = "effective capabilities " + line(first.Effective)
		}
		return checks.Passed("uid %d, gid %d, %s", first.UIDs[1], first.GIDs[1], capabilities)
	},
}

// asRoot reports a process that was root at some time of its life: from its start
// to its end, until it gave that up, or after it had been somebody else.
func asRoot(configured string, life []probe.Identity) (checks.Finding, bool) {
	at := slices.IndexFunc(life, isRoot)
	if at < 0 {
		return checks.Finding{}, false
	}
	root, last := life[at], life[len(life)-1]
	which := process(root)
	if configured != "" {
		which = fmt.Sprintf("config says user %q, but %s", configured, which)
	}
	const bits = "remove the set-user-ID program (sudo, su and the like) from the image, or its bit (chmod u-s), and run all programs as the user of the image"
	switch {
	case at > 0:
		f := checks.At(checks.Location{}, "%s runs as uid 0 from %s after the start on, having run as uid %d: real, effective, saved and file system uid are %s",
			which, short(root.At), life[at-1].UIDs[1], words(root.UIDs))
		f.Fix = bits
		return f, true
	case !isRoot(last):
		f := checks.At(checks.Location{}, "%s runs as uid 0 until it becomes uid %d, %s after the start: milder than to stay root, but all that it does before is done as root, and Kubernetes does not start it where runAsNonRoot is set",
			which, last.UIDs[1], short(last.At))
		f.Fix = fmt.Sprintf("end the Dockerfile's last stage with USER %d, own the files that the start changes by that user in the Dockerfile (COPY --chown), and leave gosu, su-exec, setpriv or the like out", last.UIDs[1])
		return f, true
	}
	f := checks.At(checks.Location{}, "%s runs as uid 0: real, effective, saved and file system uid are %s", which, words(root.UIDs))
	if root.UIDs[0] != 0 && root.UIDs[1] == 0 {
		f.Fix = bits
	}
	return f, true
}
