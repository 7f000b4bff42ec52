package runtime

import (
	"fmt"
	"testing"
)

// as is an identity: of the main process where pid is 2, with uids and gids as
// Linux lists them.
func as(pid int, name, uids, gids string, capabilities string, at int) string {
	return fmt.Sprintf(`{"pid": %d, "main": %t, "name": %q, "uids": [%s], "gids": [%s], "effective": %q, "at": %d}`, pid, pid == 2, name, uids, gids, capabilities, at)
}

func TestUser(t *testing.T) {
	const root, one, two = "0, 0, 0, 0", "1001, 1001, 1001, 1001", "1002, 1002, 1002, 1002"
	document := func(identities string) string {
		return `{"args": ["/app"], "user": "app", "identities": [` + identities + `], ` + stoppedWell
	}
	testVerdicts(t, user, map[string]verdict{
		"gives root up": {
			document(as(2, "gosu", root, root, "a80425fb", 0) + "," + as(2, "app", one, one, "0", 30e6) + "," + as(7, "chown", root, root, "a80425fb", 10e6)),
			`HIGH config says user "app", but the main process (gosu) runs as uid 0 until it becomes uid 1001, 30ms after the start: milder than to stay root, but all that it does before is done as root, and Kubernetes does not start it where runAsNonRoot is set`,
		},
		"workers of a root main process": {
			document(as(2, "nginx", root, root, "a80425fb", 0) + "," + as(7, "nginx", root, root, "a80425fb", 0) + "," + as(7, "nginx", two, two, "0", 0)),
			`HIGH config says user "app", but the main process (nginx) runs as uid 0: real, effective, saved and file system uid are 0 0 0 0`,
		},
		"becomes root": {
			document(as(2, "sh", one, one, "0", 0) + "," + as(7, "sudo", "1001, 0, 0, 0", one, "a80425fb", 60e6) + "," + as(7, "sudo", root, root, "a80425fb", 110e6)),
			`HIGH config says user "app", but a process of the application (sudo) runs as uid 0: real, effective, saved and file system uid are 1001 0 0 0`,
		},
		"became root": {
			document(as(2, "sh", one, one, "0", 0) + "," + as(2, "su", root, root, "a80425fb", 60e6)),
			`HIGH config says user "app", but the main process (su) runs as uid 0 from 60ms after the start on, having run as uid 1001: real, effective, saved and file system uid are 0 0 0 0`,
		},
		"ended early": {
			`{"args": ["/app"], "early": {"code": 1}}`,
			"skipped the main process did not stay up: runtime/start says why",
		},
	})
	testVerdicts(t, setuid, map[string]verdict{
		"what root does": {document(as(2, "gosu", root, root, "a80425fb", 0) + "," + as(2, "gosu", root, one, "a80425fb", 0) + "," + as(2, "app", one, one, "0", 30e6)), "pass"},
		"set-group-ID": {
			document(as(2, "app", one, one, "0", 0) + "," + as(7, "ssh-agent", one, "1001, 101, 101, 101", "0", 0)),
			"MEDIUM a process of the application (ssh-agent) was started by gid 1001 and runs as gid 101: real, effective, saved and file system gid are 1001 101 101 101",
		},
		"changes its user": {
			document(as(2, "app", one, one, "0", 0) + "," + as(2, "app", two, one, "0", 60e6)),
			"MEDIUM the main process (app) ran as uid 1001, and as uid 1002 from 60ms after the start on",
		},
		"changes its group": {
			document(as(2, "app", one, one, "0", 0) + "," + as(2, "app", one, two, "0", 60e6)),
			"MEDIUM the main process (app) ran as gid 1001, and as gid 1002 from 60ms after the start on",
		},
		"processes of two users": {document(as(2, "app", one, one, "0", 0) + "," + as(7, "app", two, two, "0", 60e6)), "pass"},
	})
	testVerdicts(t, capabilities, map[string]verdict{
		"root": {document(as(2, "app", root, root, "a80425fb", 0)), "pass"},
		"low ports": {
			document(as(2, "caddy", one, one, "0000000000000400", 0)),
			"LOW the main process (caddy) runs as uid 1001 and has CAP_NET_BIND_SERVICE: effective, permitted and ambient sets are 0000000000000400  ",
		},
		"raw sockets": {
			document(as(2, "app", one, one, "0", 0) + "," + as(7, "ping", one, one, "0000000000002400", 0) + "," + as(8, "ping", one, one, "0000000000002400", 0)),
			"MEDIUM a process of the application (ping) runs as uid 1001 and has CAP_NET_BIND_SERVICE, CAP_NET_RAW: effective, permitted and ambient sets are 0000000000002400  ",
		},
		"newer than the list": {
			document(as(2, "app", one, one, "0000020000000002", 0)),
			"HIGH the main process (app) runs as uid 1001 and has CAP_DAC_OVERRIDE, capability 41: effective, permitted and ambient sets are 0000020000000002  ",
		},
		"only permitted": {
			document(`{"main": true, "name": "app", "uids": [1, 1, 1, 1], "gids": [1, 1, 1, 1], "effective": "0", "permitted": "80", "ambient": "0"}`),
			"HIGH the main process (app) runs as uid 1 and has CAP_SETUID: effective, permitted and ambient sets are 0 80 0",
		},
		"no mask": {
			document(as(2, "app", one, one, "all", 0)),
			`error read the capabilities of the main process (app): strconv.ParseUint: parsing "all": invalid syntax`,
		},
	})
}
