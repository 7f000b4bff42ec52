package runtime

import (
	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/probe"
)

var setuid = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/setuid",
		Title:     "no process takes on the user or group of a set-user-ID or set-group-ID program",
		Severity:  checks.Medium,
		Why:       "A program with the set-user-ID or set-group-ID bit gives its power to whoever can start it, and whoever takes over the application can. Where privileges cannot be gained (allowPrivilegeEscalation: false, no-new-privileges) the bit has no effect, and the application breaks. A process that becomes root is runtime/user's finding.",
		Fix:       "run all programs as the user of the image, and take the bits away in the Dockerfile, as in RUN chmod a-s /usr/local/bin/program",
		Reference: "https://kubernetes.io/docs/tasks/configure-pod-container/security-context/",
	},
	Good: `{"args": ["/app"], "identities": [{"pid": 7, "main": true, "name": "app", "uids": [1001, 1001, 1001, 1001], "gids": [1001, 1001, 1001, 1001]}], "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Bad:  `{"args": ["/app"], "identities": [{"pid": 7, "main": true, "name": "app", "uids": [1001, 1001, 1001, 1001], "gids": [1001, 1001, 1001, 1001]}, {"pid": 9, "name": "spool", "uids": [1001, 2000, 2000, 2000], "gids": [1001, 1001, 1001, 1001]}], "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Judge: func(o *Run) checks.Outcome {
		if out, ok := seen(o); !ok {
			return out
		}
		var findings []checks.Finding
		for _, life := range lives(o.Identities) {
			if f, ok := changed(life); ok {
				findings = append(findings, f)
			}
		}
		return checks.Found(findings...)
	},
}

// changed reports a process that has another's identity, or took one on. What
// root does to itself is not of this kind.
func changed(life []probe.Identity) (checks.Finding, bool) {
	for i, id := range life {
		switch {
		case isRoot(id):
			return checks.Finding{}, false
		case id.UIDs[0] != id.UIDs[1]:
			return checks.At(checks.Location{}, "%s was started by uid %d and runs as uid %d: real, effective, saved and file system uid are %s",
				process(id), id.UIDs[0], id.UIDs[1], words(id.UIDs)), true
		case id.GIDs[0] != id.GIDs[1]:
			return checks.At(checks.Location{}, "%s was started by gid %d and runs as gid %d: real, effective, saved and file system gid are %s",
				process(id), id.GIDs[0], id.GIDs[1], words(id.GIDs)), true
		case i > 0 && id.UIDs != life[i-1].UIDs:
			return checks.At(checks.Location{}, "%s ran as uid %d, and as uid %d from %s after the start on",
				process(life[i-1]), life[i-1].UIDs[1], id.UIDs[1], short(id.At)), true
		case i > 0 && id.GIDs != life[i-1].GIDs:
			return checks.At(checks.Location{}, "%s ran as gid %d, and as gid %d from %s after the start on",
				process(life[i-1]), life[i-1].GIDs[1], id.GIDs[1], short(id.At)), true
		}
	}
	return checks.Finding{}, false
}
