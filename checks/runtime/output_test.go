package runtime

import "testing"

func TestLogs(t *testing.T) {
	document := func(output string) string {
		return `{"args": ["/app"], "output": {` + output + `}, ` + stoppedWell
	}
	testVerdicts(t, logs, map[string]verdict{
		"nothing":    {document(``), "skipped the application wrote nothing to its standard output or error: log there, at least that it started and on which port"},
		"few":        {document(`"lines": 4, "head": "listening\n"`), "pass 0 of 4 lines structured, too few to judge"},
		"nearly all": {document(`"lines": 10, "structured": 9`), "pass 9 of 10 lines structured"},
		"too few": {document(`"lines": 100, "structured": 89, "head": "{\"level\":30}\n\n\u001b[32m> app@1.0.0 start 100%d\u001b[0m\r\n> node server.js\n"`),
			"LOW 89 of 100 lines are JSON objects with a time and a level; others are as: > app@1.0.0 start 100%d"},
		"objects without a level": {document(`"lines": 5, "head": "{\"msg\":\"x\"}\n"`), "LOW 0 of 5 lines are JSON objects with a time and a level"},
		"ended early":             {`{"args": ["/app"], "early": {"code": 1}, "output": {"lines": 9}}`, "skipped the main process did not stay up: runtime/start says why"},
	})
	const leaks = `{"args": ["/app"], "startOnly": true, "early": {"code": 1}, "output": {"secrets": ["TOKEN", "KEY"]}}`
	testVerdicts(t, secretsInOutput, map[string]verdict{
		"none": {document(``), "pass"},
		"two": {document(`"secrets": ["TOKEN", "KEY"]`), "HIGH the value of KEY appears in what the application writes when it is started\n" +
			"HIGH the value of TOKEN appears in what the application writes when it is started"},
		"of a start that ended": {`{"args": ["/app"], "early": {"code": 1}, "output": {"secrets": ["KEY"]}}`, "HIGH the value of KEY appears in what the application writes when it is started"},
		"of a start without a variable": {
			`{"args": ["/app"], "output": {"secrets": ["TOKEN"]}, "refusals": [{"variable": "A"}, {"variable": "A", "empty": true, "observation": ` + leaks + `}, {"variable": "B", "observation": ` + leaks + `}], ` + stoppedWell,
			"HIGH the value of KEY appears in what the application writes when it is started with A empty\n" +
				"HIGH the value of TOKEN appears in what the application writes when it is started",
		},
		"not started": {`{"args": ["/app"], "startError": "no"}`, "skipped the main process did not stay up: runtime/start says why"},
	})
}
