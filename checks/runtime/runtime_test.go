package runtime

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
)

func TestExamples(t *testing.T) {
	for _, c := range All() {
		for text, want := range map[string]checks.Status{c.Good: checks.Pass, c.Bad: c.Severity.Status()} {
			got := checks.Run([]checks.Check[*Run]{c}, example(t, text))[0]
			if got.Status != want {
				t.Errorf("%s on %s: %s (%s), want %s", c.ID, text, got.Status, got.Detail, want)
			}
		}
	}
}

// TestBadExamples wants each bad example to be found by its own check only: one
// cause is one finding.
func TestBadExamples(t *testing.T) {
	for _, c := range All() {
		for _, res := range checks.Run(All(), example(t, c.Bad)) {
			if found := len(res.Findings); (found == 1) != (res.Check == c.ID) || found > 1 {
				t.Errorf("%s finds %d on the bad example of %s: %+v", res.Check, found, c.ID, res.Findings)
			}
		}
	}
}

// good is an application that has nothing against it.
const good = `{
	"args": ["/app"],
	"identities": [
		{"pid": 2, "main": true, "name": "app", "uids": [1001, 1001, 1001, 1001], "gids": [1001, 1001, 1001, 1001], "effective": "0000000000000000", "permitted": "0000000000000000", "ambient": "0000000000000000", "bounding": "00000000a80425fb"},
		{"pid": 9, "name": "worker", "uids": [1001, 1001, 1001, 1001], "gids": [1001, 1001, 1001, 1001], "effective": "0000000000000000", "permitted": "0000000000000000", "ambient": "0000000000000000", "at": 50000000}
	],
	"listenAt": 35000000,
	"sockets": [{"network": "tcp", "address": "127.0.0.1", "port": 6060, "process": "app"}, {"network": "tcp6", "address": "::", "port": 8080, "process": "app"}],
	"health": {"healthy": true, "at": 400000000, "runs": 1, "last": [{"code": 0}]},
	"frozen": {"run": {"at": 500000000, "took": 3000000000, "code": -1, "error": "still running after 3s"}, "again": {"healthy": true, "at": 3600000000, "runs": 1, "last": [{"code": 0}]}},
	"metrics": {"path": "/metrics", "port": 8080, "status": 200, "contentType": "text/plain; version=0.0.4", "samples": 12},
	"resources": {"memory": 48300000, "cpu": 310000000, "processes": 2},
	"stop": {"signal": "SIGTERM", "number": 15, "name": "app", "handled": true, "asInit": true, "gracePeriod": 10000000000, "exit": {"code": 0, "at": 900000000},
		"request": {"path": "/slow", "port": 8080, "status": 200, "took": 1400000000},
		"connections": {"accepted": 1, "refused": 44, "lastAccepted": 2000000}},
	"output": {"bytes": 600, "head": "{}", "lines": 8, "structured": 8},
	"expected": {"exposed": ["8080/tcp"], "writable": ["/tmp", "/data"], "maxMemory": 512000000, "maxProcesses": 1000},
	"refusals": [
		{"variable": "DATABASE_URL", "observation": {"args": ["/app"], "startOnly": true, "early": {"code": 1, "at": 9000000}, "output": {"head": "DATABASE_URL is not set"}}},
		{"variable": "DATABASE_URL", "empty": true, "observation": {"args": ["/app"], "startOnly": true, "early": {"code": 1, "at": 9000000}, "output": {"head": "DATABASE_URL is not set"}}}
	],
	"changes": {"added": ["/data/index/", "/data/index/1", "/tmp/upload"], "modified": ["/data/", "/tmp/"]}
}`

// TestGood wants every check to pass on it, and to say the same each time.
func TestGood(t *testing.T) {
	first := checks.Run(All(), example(t, good))
	for _, res := range first {
		if res.Status != checks.Pass {
			t.Errorf("%s: %s %s %+v", res.Check, res.Status, res.Detail, res.Findings)
		}
	}
	if diff := cmp.Diff(first, checks.Run(All(), example(t, good))); diff != "" {
		t.Error(diff)
	}
}

func example(t *testing.T, text string) *Run {
	t.Helper()
	o, err := Example(text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return o
}

// judge returns the status of a check, and what it says: its detail, or its
// findings' severities and messages.
func judge(t *testing.T, c checks.Check[*Run], text string) string {
	t.Helper()
	res := checks.Run([]checks.Check[*Run]{c}, example(t, text))[0]
	if len(res.Findings) == 0 {
		return strings.TrimSpace(string(res.Status) + " " + res.Detail)
	}
	var said []string
	for _, f := range res.Findings {
		said = append(said, string(f.Severity)+" "+f.Message)
	}
	return strings.Join(said, "\n")
}

// verdict is what a check says of one document.
type verdict struct{ text, want string }

func testVerdicts(t *testing.T, c checks.Check[*Run], verdicts map[string]verdict) {
	t.Helper()
	for name, v := range verdicts {
		if diff := cmp.Diff(v.want, judge(t, c, v.text)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// stoppedWell ends a document whose application stopped well.
const stoppedWell = `"stop": {"signal": "SIGTERM", "number": 15, "name": "app", "exit": {"code": 0}}}`

func TestVerdicts(t *testing.T) {
	id := func(main bool, uid int) string {
		return fmt.Sprintf(`{"main": %v, "name": "app", "uids": [%d, %d, %d, %d], "gids": [5, 5, 5, 5], "effective": "0000000000000000"}`, main, uid, uid, uid, uid)
	}
	const stopped = `"stop": {"signal": "SIGTERM", "number": 15, "name": "app", "gracePeriod": 10000000000, "exit": {"code": 0, "at": 4000000}}`
	for name, c := range map[string]struct {
		document string
		// want maps a check to its status and words of its message.
		want map[string]string
	}{
		"well behaved": {
			`{"args": ["/app"], "identities": [` + id(true, 1001) + `], "health": {"healthy": true, "at": 400000000, "runs": 1, "last": [{"code": 0}]}, "frozen": {"run": {"code": 1}}, ` + stopped + `}`,
			map[string]string{"start": "pass ", "user": "pass uid 1001, gid 5, no effective capabilities", "healthcheck": "pass healthy after 400ms, 1 run", "stop-signal": "pass exit 0, 4ms after SIGTERM"},
		},
		"entrypoint not there": {
			`{"args": ["nodee"], "startError": "nodee is in no directory of PATH (/bin)"}`,
			map[string]string{"start": "fail nodee is in no directory", "user": "skipped runtime/start", "healthcheck": "skipped runtime/start", "stop-signal": "skipped runtime/start"},
		},
		"crash before healthy": {
			`{"args": ["/app"], "identities": [` + id(true, 1001) + `], "health": {"healthy": false, "runs": 3, "last": [{"code": 1}]}, "early": {"code": 3, "at": 500000000}, "output": {"head": "starting\nno DATABASE_URL\n"}}`,
			map[string]string{"start": "fail exited with status 3 after 500ms, without being asked to; its last output: starting | no DATABASE_URL", "user": "pass uid 1001", "healthcheck": "skipped ", "stop-signal": "skipped "},
		},
		"killed by the kernel": {
			`{"args": ["/app"], "identities": [` + id(true, 1001) + `], "early": {"code": -1, "signal": "SIGKILL"}}`,
			map[string]string{"start": "fail was killed by SIGKILL", "user": "pass", "healthcheck": "skipped", "stop-signal": "skipped"},
		},
		"root child": {
			`{"args": ["/app"], "identities": [` + id(true, 1001) + `, ` + id(false, 0) + `], ` + stopped + `}`,
			map[string]string{"start": "pass", "user": "fail a process of the application (app) runs as uid 0", "healthcheck": "skipped declares no HEALTHCHECK", "stop-signal": "pass"},
		},
		"root that drops privileges": {
			`{"args": ["/app"], "identities": [` + id(true, 0) + `, ` + id(true, 1001) + `], ` + stopped + `}`,
			map[string]string{"start": "pass", "user": "fail the main process (app) runs as uid 0 until it becomes uid 1001", "healthcheck": "skipped", "stop-signal": "pass"},
		},
		"nobody seen": {
			`{"args": ["/app"], ` + stopped + `}`,
			map[string]string{"start": "pass", "user": "error did not see", "capabilities": "error did not see", "setuid": "error did not see", "healthcheck": "skipped", "stop-signal": "pass"},
		},
		"healthcheck hangs": {
			`{"args": ["/app"], "identities": [` + id(true, 1) + `], "health": {"healthy": false, "at": 40000000000, "runs": 9, "last": [{"code": -1, "error": "still running at its timeout of 3s"}]}, ` + stopped + `}`,
			map[string]string{"start": "pass", "user": "pass", "healthcheck": "fail not healthy after 40s and 9 runs of the HEALTHCHECK, the last of which: still running at its timeout", "stop-signal": "pass"},
		},
		"signal not handled": {
			`{"args": ["/app"], "identities": [` + id(true, 1) + `], "stop": {"signal": "SIGTERM", "number": 15, "name": "app", "exit": {"code": -1, "signal": "SIGTERM"}}}`,
			map[string]string{"start": "pass", "user": "pass", "healthcheck": "skipped", "stop-signal": "fail does not handle SIGTERM"},
		},
		"shell killed": {
			`{"args": ["/bin/sh"], "identities": [` + id(true, 1) + `], "stop": {"signal": "SIGTERM", "number": 15, "name": "sh", "exit": {"code": -1, "signal": "SIGTERM"}}}`,
			map[string]string{"start": "pass", "user": "pass", "healthcheck": "skipped", "stop-signal": "fail is a shell (sh)"},
		},
		"shell form": {
			`{"args": ["/bin/sh", "-c", "migrate && node server.js"], "identities": [` + id(true, 1) + `], "stop": {"signal": "SIGTERM", "number": 15, "name": "sh", "program": "sh", "exit": {"code": -1, "signal": "SIGTERM"}, "left": ["node"]}}`,
			map[string]string{"stop-signal": "fail the main process is a shell (sh -c \"migrate && node server.js\"), which does not pass SIGTERM on to node: as process 1 it ignores"},
		},
		"package manager": {
			`{"args": ["/usr/bin/npm", "start"], "identities": [` + id(true, 1) + `], "stop": {"signal": "SIGTERM", "number": 15, "name": "npm start", "program": "npm start", "handled": true, "gracePeriod": 10000000000}}`,
			map[string]string{"stop-signal": "fail the main process (npm start) has a handler for SIGTERM, and was still there 10s after it"},
		},
		"only started": {
			`{"args": ["/app"], "startOnly": true, "identities": [` + id(true, 1) + `], "health": {"healthy": true, "at": 4000000, "runs": 1, "last": [{"code": 0}]}}`,
			map[string]string{"start": "pass", "healthcheck": "pass healthy after 4ms", "healthcheck-frozen": "skipped only started", "stop-signal": "skipped only started", "requests-in-flight": "skipped only started"},
		},
		"shell waits": {
			`{"args": ["/bin/bash"], "identities": [` + id(true, 1) + `], "stop": {"signal": "SIGTERM", "number": 15, "name": "bash", "gracePeriod": 10000000000}}`,
			map[string]string{"start": "pass", "user": "pass", "healthcheck": "skipped", "stop-signal": "fail is a shell (bash)"},
		},
		"exit 143": {
			`{"args": ["/app"], "identities": [` + id(true, 1) + `], "stop": {"signal": "SIGTERM", "number": 15, "name": "java", "exit": {"code": 143}}}`,
			map[string]string{"start": "pass", "user": "pass", "healthcheck": "skipped", "stop-signal": "pass exit 143"},
		},
		"exit 1": {
			`{"args": ["/app"], "identities": [` + id(true, 1) + `], "stop": {"signal": "SIGTERM", "number": 15, "name": "app", "exit": {"code": 1}}}`,
			map[string]string{"start": "pass", "user": "pass", "healthcheck": "skipped", "stop-signal": "warn exited with status 1"},
		},
		"Go without a handler": {
			`{"args": ["/app"], "identities": [` + id(true, 1) + `], "stop": {"signal": "SIGTERM", "number": 15, "name": "app", "handled": true, "asInit": true, "dropped": true, "exit": {"code": 2}}}`,
			map[string]string{"start": "pass", "user": "pass", "healthcheck": "skipped", "stop-signal": "fail does not handle SIGTERM: it raised the signal again, which ends no process 1, and then exited with status 2"},
		},
		"raises again and exits": {
			`{"args": ["/app"], "identities": [` + id(true, 1) + `], "stop": {"signal": "SIGTERM", "number": 15, "name": "uvicorn", "handled": true, "asInit": true, "dropped": true, "exit": {"code": 0}}}`,
			map[string]string{"start": "pass", "user": "pass", "healthcheck": "skipped", "stop-signal": "pass exit 0"},
		},
		"raises again, untraced": {
			`{"args": ["/app"], "identities": [` + id(true, 1) + `], "stop": {"signal": "SIGTERM", "number": 15, "name": "node", "handled": true, "exit": {"code": -1, "signal": "SIGTERM"}}}`,
			map[string]string{"start": "pass", "user": "pass", "healthcheck": "skipped", "stop-signal": "warn could not be seen"},
		},
		"raises again and stays": {
			`{"args": ["/app"], "identities": [` + id(true, 1) + `], "stop": {"signal": "SIGTERM", "number": 15, "name": "node", "handled": true, "asInit": true, "dropped": true, "gracePeriod": 10000000000}}`,
			map[string]string{"start": "pass", "user": "pass", "healthcheck": "skipped", "stop-signal": "fail raised the signal again, which ends no process 1, and was still there 10s later"},
		},
		"status of another signal": {
			`{"args": ["/app"], "identities": [` + id(true, 1) + `], "stop": {"signal": "SIGTERM", "number": 15, "name": "app", "exit": {"code": 130}}}`,
			map[string]string{"start": "pass", "user": "pass", "healthcheck": "skipped", "stop-signal": "warn exited with status 130"},
		},
		"status of its own signal": {
			`{"args": ["/app"], "identities": [` + id(true, 1) + `], "stop": {"signal": "SIGQUIT", "number": 3, "name": "nginx", "exit": {"code": 131}}}`,
			map[string]string{"start": "pass", "user": "pass", "healthcheck": "skipped", "stop-signal": "pass exit 131"},
		},
		"script without exec": {
			`{"args": ["/entrypoint.sh"], "identities": [` + id(true, 1) + `], "stop": {"signal": "SIGTERM", "number": 15, "name": "entrypoint.sh", "program": "sh", "exit": {"code": -1, "signal": "SIGTERM"}}}`,
			map[string]string{"start": "pass", "user": "pass", "healthcheck": "skipped", "stop-signal": "fail is a shell (sh /entrypoint.sh), which does not pass SIGTERM on"},
		},
		"unhealthy within the time to start": {
			`{"args": ["/app"], "identities": [` + id(true, 1) + `], "health": {"healthy": false, "timedOut": true, "at": 120000000000, "runs": 9, "last": [{"code": 1, "output": "\u001b[31mrefused\u001b[0m\n"}]}, ` + stopped + `}`,
			map[string]string{"start": "pass", "user": "pass", "healthcheck": "fail exited with status 1; its last output: refused; Docker would have gone on trying, but the time to start was over", "stop-signal": "pass"},
		},
		"root by a user's name": {
			`{"args": ["/app"], "user": "app", "identities": [` + id(true, 0) + `], ` + stopped + `}`,
			map[string]string{"start": "pass", "user": "fail config says user \"app\", but the main process (app) runs as uid 0", "healthcheck": "skipped", "stop-signal": "pass"},
		},
		"root by its saved uid": {
			`{"args": ["/app"], "identities": [{"main": true, "name": "app", "uids": [5, 5, 0, 5], "gids": [5, 5, 5, 5]}], ` + stopped + `}`,
			map[string]string{"start": "pass", "user": "fail the main process (app) runs as uid 0: real, effective, saved and file system uid are 5 5 0 5", "healthcheck": "skipped", "stop-signal": "pass"},
		},
		"script as an argument": {
			`{"args": ["sh", "-c", "a &&\n\tb"], "identities": [` + id(true, 1) + `], "early": {"code": 0}}`,
			map[string]string{"start": "fail the main process (sh -c a && b) exited with status 0", "user": "pass", "healthcheck": "skipped", "stop-signal": "skipped"},
		},
		"crash on stop": {
			`{"args": ["/app"], "identities": [` + id(true, 1) + `], "stop": {"signal": "SIGTERM", "number": 15, "name": "app", "exit": {"code": -1, "signal": "SIGSEGV"}}}`,
			map[string]string{"start": "pass", "user": "pass", "healthcheck": "skipped", "stop-signal": "fail killed by SIGSEGV"},
		},
		"orphans": {
			`{"args": ["/app"], "identities": [` + id(true, 1) + `], "stop": {"signal": "SIGTERM", "number": 15, "name": "app", "exit": {"code": 0}, "left": ["worker"]}}`,
			map[string]string{"start": "pass", "user": "pass", "healthcheck": "skipped", "stop-signal": "warn left others behind when it ended: worker"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, res := range checks.Run(All(), example(t, c.document)) {
				want, ok := c.want[strings.TrimPrefix(res.Check, "runtime/")]
				if !ok {
					if res.Status != checks.Pass && res.Status != checks.Skipped {
						t.Errorf("%s: %s %s %+v", res.Check, res.Status, res.Detail, res.Findings)
					}
					continue
				}
				got := string(res.Status) + " " + res.Detail
				for _, f := range res.Findings {
					got += f.Message
				}
				status, words, _ := strings.Cut(want, " ")
				if string(res.Status) != status || !strings.Contains(got, words) {
					t.Errorf("%s: got %q, want %s with %q", res.Check, got, status, words)
				}
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "wrote nothing",
		"panic: runtime error":           "decode",
		`{"version": 2, "args": ["/a"`:   "decode",
		`{"version": 99}`:                "version 99",
		`{"version": 2, "args": ["/a"]}`: "incomplete",
		`{"version": 2, "startError": "no", "stop": {}}`: "contradicts",
		`{"version": 2, "early": {}} and more`:           "decode",
		"a line\n" + `{"version": 2, "early": {}}`:       "decode",
	} {
		if _, err := Decode(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", text, err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range All() {
		f.Add(c.Good)
		f.Add(c.Bad)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := Example(text)
		if err != nil {
			return
		}
		for _, res := range checks.Run(All(), o) {
			if strings.Contains(res.Detail, "panicked") {
				t.Errorf("%s", res.Detail)
			}
		}
	})
}

// TestNotRun wants one error, however many checks could not be judged.
func TestNotRun(t *testing.T) {
	results := NotRun(io.ErrUnexpectedEOF)
	if len(results) != len(All()) {
		t.Errorf("%d results of %d checks", len(results), len(All()))
	}
	for _, res := range results {
		switch {
		case res.Check == start.ID:
			if res.Status != checks.Error || res.Err != io.ErrUnexpectedEOF {
				t.Errorf("%+v", res)
			}
		case res.Status != checks.Skipped || res.Detail != "the image could not be run: runtime/start says why":
			t.Errorf("%+v", res)
		}
	}
}
