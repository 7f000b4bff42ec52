package runtime

import (
	"fmt"
	"slices"
	"strings"

	"github.com/imagegate/imagegate/checks"
)

var user = checks.Check[*Run]{
	Rule: checks.Rule{
		ID:        "runtime/user",
		Title:     "no process of the running image is root",
		Severity:  checks.High,
		Why:       "Whoever takes over a process that runs as root is root in the container, with its capabilities, and one kernel fault away from the host.",
		Fix:       "end the Dockerfile's last stage with USER and a user whose uid is not 0, and drop no privileges at run time that the image need not have had",
		Reference: "https://docs.docker.com/build/building/best-practices/#user",
	},
	Good: `{"args": ["/app"], "identities": [{"main": true, "name": "app", "uids": [1001, 1001, 1001, 1001], "gids": [1001, 1001, 1001, 1001], "effective": "0000000000000000"}], "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Bad:  `{"args": ["/app"], "identities": [{"main": true, "name": "app", "uids": [0, 0, 0, 0], "gids": [0, 0, 0, 0], "effective": "00000000a80425fb"}], "stop": {"signal": "SIGTERM", "exit": {"code": 0}}}`,
	Judge: func(o *Run) checks.Outcome {
		if len(o.Identities) == 0 {
			if out, ok := started(o); !ok {
				return out
			}
			return checks.Broken(fmt.Errorf("the probe did not see the main process: run the gate again"))
		}
		var findings []checks.Finding
		for _, id := range o.Identities {
			if slices.Contains(id.UIDs[:], 0) {
				which := "a process of the application"
				if id.Main {
					which = "the main process"
				}
				if o.User != "" {
					which = fmt.Sprintf("config says user %q, but %s", o.User, which)
				}
				findings = append(findings, checks.At(checks.Location{}, "%s (%s) runs as uid 0: real, effective, saved and file system uid are %s",
					which, line(id.Name), words(id.UIDs)))
			}
		}
		if len(findings) > 0 {
			return checks.Found(findings...)
		}
		first := o.Identities[0]
		capabilities := "no effective capabilities"
		if strings.Trim(first.Effective, "0") != "" {
			capabilities = "effective capabilities " + first.Effective
		}
		return checks.Passed("uid %d, gid %d, %s", first.UIDs[1], first.GIDs[1], capabilities)
	},
}

func words(ids [4]int) string {
	return strings.Trim(fmt.Sprint(ids), "[]")
}
