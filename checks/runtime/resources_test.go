package runtime

import "testing"

func TestResources(t *testing.T) {
	testVerdicts(t, resources, map[string]verdict{
		"without limits": {`{"args": ["/app"], "resources": {"memory": 48300000, "cpu": 310000000, "processes": 3}, ` + stoppedWell,
			"pass at most 48.3MB of memory and 3 processes, 310ms of processor time"},
		"within limits": {`{"args": ["/app"], "resources": {"memory": 48300000, "cpu": 310000000, "processes": 3}, "expected": {"maxMemory": 512000000, "maxProcesses": 100}, ` + stoppedWell,
			"pass at most 48.3MB of 512MB of memory and 3 of 100 processes, 310ms of processor time"},
		"fork bomb": {`{"args": ["/app"], "exceeded": {"what": "processes", "limit": 100, "seen": 131, "at": 600000000}, "early": {"code": -1, "signal": "SIGKILL"}, "output": {"head": "forking\n"}}`,
			"HIGH the application (/app) had 131 processes at once, above the limit of 100, 600ms after the start, and was killed; its last output: forking"},
		"ended early": {`{"args": ["/app"], "early": {"code": 1}}`, "skipped the main process did not stay up: runtime/start says why"},
	})
	// Whenever a limit is passed, it is one finding.
	const killed = "skipped the application went beyond a limit and was killed: runtime/resources says which"
	const while = `{"args": ["/app"], "exceeded": {"what": "memory", "limit": 100, "seen": 131}, "health": {"healthy": false}, `
	for _, text := range []string{
		while + `"early": {"code": -1, "signal": "SIGKILL"}}`,
		while + `"stop": {"signal": "SIGTERM", "exit": {"code": -1, "signal": "SIGKILL"}}}`,
		while + `"stop": {"signal": "SIGTERM"}}`,
	} {
		for _, c := range All() {
			switch got := judge(t, c, text); c.ID {
			case "runtime/resources":
				if want := "HIGH the application (/app) had 131B of memory, above the limit of 100B, 0s after the start, and was killed; it wrote nothing"; got != want {
					t.Errorf("%s: %s", text, got)
				}
			case "runtime/secrets-in-output":
				if got != "pass" {
					t.Errorf("%s: %s", text, got)
				}
			default:
				if got != killed {
					t.Errorf("%s: %s: %s", text, c.ID, got)
				}
			}
		}
	}
	testVerdicts(t, zombies, map[string]verdict{
		"none": {`{"args": ["/app"], ` + stoppedWell, "pass"},
		"one":  {`{"args": ["/app"], "resources": {"zombies": ["sh"]}, ` + stoppedWell, "MEDIUM 1 process that had ended was not collected by the parent within a second: sh"},
		"many": {`{"args": ["/app"], "resources": {"zombies": ["sh", "convert", "sh"]}, ` + stoppedWell, "MEDIUM 3 processes that had ended were not collected by the parent within a second: convert, sh"},
	})
}
