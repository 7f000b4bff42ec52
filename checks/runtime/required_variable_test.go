package runtime

import (
	"fmt"
	"testing"
)

func TestRequiredVariable(t *testing.T) {
	refusal := func(variable string, empty bool, observation string) string {
		return fmt.Sprintf(`{"variable": %q, "empty": %t, "observation": {"args": ["/app"], "startOnly": true, %s}}`, variable, empty, observation)
	}
	document := func(refusals string) string {
		return `{"args": ["/app"], "refusals": [` + refusals + `], ` + stoppedWell
	}
	const (
		refuses = `"early": {"code": 1, "at": 12000000}, "output": {"head": "panic: DB_URL is not set\n"}`
		silent  = `"early": {"code": 1, "at": 12000000}, "output": {"head": "OLD_DB_URL, DB_URLS\n"}`
		healthy = `"health": {"healthy": true, "at": 400000000}`
		done    = `"early": {"code": 0, "at": 12000000}, "output": {"head": "DB_URL is not set\n"}`
	)
	testVerdicts(t, requiredVariable, map[string]verdict{
		"none": {document(``), "skipped no variable is named as required: # Required: NAME in the Dockerfile, LABEL io.imagegate.required or --required names one"},
		"refuses": {document(refusal("DB_URL", false, refuses) + "," + refusal("DB_URL", true, refuses) + "," + refusal("PORT", false, `"early": {"code": -1, "signal": "SIGABRT"}, "output": {"tail": "'PORT'"}`)),
			"pass ends without DB_URL, PORT, and says so"},
		"names it as it cannot be started": {document(refusal("DB_URL", false, `"startError": "DB_URL"`)), "pass ends without DB_URL, and says so"},
		"turns healthy": {document(refusal("DB_URL", false, healthy) + "," + refusal("DB_URL", true, refuses)),
			"HIGH without DB_URL the application turned healthy after 400ms, as if nothing were missing"},
		"turns healthy with it empty": {document(refusal("DB_URL", false, refuses) + "," + refusal("DB_URL", true, healthy)),
			"MEDIUM with DB_URL empty the application turned healthy after 400ms, as if nothing were missing"},
		"turns healthy in both": {document(refusal("DB_URL", false, healthy) + "," + refusal("DB_URL", true, healthy)),
			"HIGH without DB_URL, or with it empty, the application turned healthy after 400ms, as if nothing were missing"},
		"stays up": {document(refusal("DB_URL", false, `"listenAt": 1`)),
			"HIGH without DB_URL the main process stayed up, as if nothing were missing"},
		"waits": {document(refusal("DB_URL", false, `"health": {"healthy": false, "timedOut": true, "at": 120000000000}`)),
			"HIGH without DB_URL the main process was still up after 2m0s, not healthy, instead of ending"},
		"grows": {document(refusal("DB_URL", false, `"exceeded": {"what": "memory"}, "early": {"code": -1, "signal": "SIGKILL"}`)),
			"HIGH without DB_URL the application went beyond its limit of memory instead of ending"},
		"status 0": {document(refusal("DB_URL", false, done) + "," + refusal("DB_URL", true, done)),
			"HIGH without DB_URL, or with it empty, the main process exited with status 0 after 12ms: an orchestrator takes that for a success"},
		"does not say": {document(refusal("DB_URL", false, silent) + "," + refusal("DB_URL", true, silent)),
			"LOW without DB_URL, or with it empty, the main process ended, as it should, and did not name DB_URL in its output: it exited with status 1 after 12ms; its last output: OLD_DB_URL, DB_URLS"},
		"cannot be started": {document(refusal("DB_URL", false, `"startError": "no"`)),
			"LOW without DB_URL the main process ended, as it should, and did not name DB_URL in its output: it could not be started: no"},
		"two variables": {document(refusal("A_URL", true, healthy) + "," + refusal("B_URL", true, healthy)),
			"MEDIUM with A_URL empty the application turned healthy after 400ms, as if nothing were missing\n" +
				"MEDIUM with B_URL empty the application turned healthy after 400ms, as if nothing were missing"},
		"not observed": {document(`{"variable": "DB_URL"}`), "error the start without DB_URL was not observed: run the gate again"},
		"ended early":  {`{"args": ["/app"], "early": {"code": 1}}`, "skipped the main process did not stay up: runtime/start says why"},
	})
}
