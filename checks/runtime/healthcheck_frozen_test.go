package runtime

import "testing"

func TestHealthcheckFrozen(t *testing.T) {
	document := func(frozen string) string {
		return `{"args": ["/app"], "health": {"healthy": true, "at": 400000000, "runs": 1, "last": [{"code": 0}]}, ` + frozen + stoppedWell
	}
	const (
		hung  = `"run": {"at": 500000000, "took": 3000000000, "code": -1, "error": "still running after 3s"}`
		again = `, "again": {"healthy": true, "at": 3600000000, "runs": 1, "last": [{"code": 0}]}`
		never = `, "again": {"healthy": false, "at": 33500000000, "runs": 30, "last": [{"code": 1, "output": "pool is closed"}]}`
	)
	testVerdicts(t, healthcheckFrozen, map[string]verdict{
		"none":         {`{"args": ["/app"], ` + stoppedWell, "skipped the image declares no HEALTHCHECK to run: declare one, as in HEALTHCHECK CMD [\"/app\", \"healthcheck\"]"},
		"not healthy":  {`{"args": ["/app"], "health": {"healthy": false, "runs": 1, "last": [{"code": 1}]}, ` + stoppedWell, "skipped the HEALTHCHECK did not turn healthy: runtime/healthcheck says why"},
		"not run":      {document(``), "error the probe did not run the HEALTHCHECK while the application stood still: run the gate again"},
		"hangs":        {document(`"frozen": {` + hung + again + `}, `), "pass still running after 3s while the application stood still; healthy again 100ms later"},
		"fails":        {document(`"frozen": {"run": {"code": 7}}, `), "pass exited with status 7 while the application stood still"},
		"passes":       {document(`"frozen": {"run": {"code": 0, "took": 4000000, "output": "100%d ok\n"}` + again + `}, `), "HIGH the HEALTHCHECK passed, after 4ms, while every process of the application was stopped by SIGSTOP: it proves nothing about the application; its last output: 100%d ok"},
		"does not end": {document(`"frozen": {"run": {"code": 0, "error": "ended by SIGKILL"}` + again + `}, `), "pass ended by SIGKILL while the application stood still; healthy again 3.6s later"},
		"not again":    {document(`"frozen": {` + hung + never + `}, `), "MEDIUM not healthy again within 30s and 30 runs of the HEALTHCHECK, after the application had stood still for 3s and went on, the last of which: exited with status 1; its last output: pool is closed"},
		"not again, cut short at last": {document(`"frozen": {` + hung + `, "again": {"healthy": false, "timedOut": true, "at": 33500000000, "runs": 30, "last": [{"code": 2, "output": "first"}, {"code": 1, "output": "pool is closed"}, {"code": -1, "error": "still running", "cutShort": true}]}}, `),
			"MEDIUM not healthy again within 30s and 30 runs of the HEALTHCHECK, after the application had stood still for 3s and went on, the last of which: still running; it wrote nothing; the one before it: exited with status 1; its last output: pool is closed"},
	})
	testVerdicts(t, start, map[string]verdict{
		"ends after standing still": {
			`{"args": ["/app"], "health": {"healthy": true}, "frozen": {` + hung + `}, "early": {"code": 1, "at": 3600000000}}`,
			"HIGH the main process (/app) exited with status 1 after 3.6s, without being asked to; it wrote nothing; it had just been stopped by SIGSTOP, for its HEALTHCHECK to notice, and continued",
		},
		"ends later": {
			`{"args": ["/app"], "health": {"healthy": true}, "frozen": {` + hung + again + `}, "early": {"code": 1, "at": 3700000000}}`,
			"HIGH the main process (/app) exited with status 1 after 3.7s, without being asked to; it wrote nothing",
		},
		"listens": {`{"args": ["/app"], "listenAt": 35000000, ` + stoppedWell, "pass listening after 35ms"},
	})
}
