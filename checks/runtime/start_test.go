package runtime

import "testing"

func TestFixOfStart(t *testing.T) {
	for expected, want := range map[string]string{
		`{}`:                              "start the image as the gate does",
		`{"composeFile": "compose.yaml"}`: "let --compose=compose.yaml start the services that the image depends on",
	} {
		wantFix(t, `{"args": ["/app"], "early": {"code": 1, "at": 1000000}, "expected": `+expected+`}`, want)
	}
}
