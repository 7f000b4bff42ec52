package build

import (
	"errors"
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestExamples(t *testing.T) {
	for _, c := range All() {
		for text, want := range map[string]checks.Status{c.Good: checks.Pass, c.Bad: checks.Fail} {
			in, err := Example(text)
			if err != nil {
				t.Fatal(err)
			}
			if got := checks.Run([]checks.Check[Attempt]{c}, in)[0]; got.Status != want {
				t.Errorf("%s on %q: %s, want %s", c.ID, text, got.Status, want)
			}
		}
	}
}

func TestImage(t *testing.T) {
	for name, c := range map[string]struct {
		in   Attempt
		want checks.Status
		says string
	}{
		"engine gone":    {Attempt{Err: errors.New("connection reset")}, checks.Error, "connection reset"},
		"long output":    {Attempt{Command: "npm ci", ExitCode: 7, Output: strings.Repeat("noise\n", 1000) + "the reason"}, checks.Fail, "the reason"},
		"one long line":  {Attempt{Command: "make", ExitCode: 2, Output: strings.Repeat("é", 1000)}, checks.Fail, "make ended with status 2"},
		"silent command": {Attempt{Command: "false", ExitCode: 1}, checks.Fail, "false ended with status 1"},
	} {
		t.Run(name, func(t *testing.T) {
			res := checks.Run(All(), c.in)[0]
			text := res.Detail
			if len(res.Findings) > 0 {
				text = res.Findings[0].Message
			}
			if res.Status != c.want || !strings.Contains(text, c.says) || len(text) > 600 {
				t.Errorf("got %s %q", res.Status, text)
			}
		})
	}
}

func TestWithoutTrace(t *testing.T) {
	plain := errors.New("get user: unable to find user [app]")
	if got := WithoutTrace(plain); got != plain {
		t.Errorf("got %v", got)
	}
	traced := errors.New("get user: unable to find user app [traceparent:0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331]")
	if got := WithoutTrace(traced).Error(); got != "get user: unable to find user app" {
		t.Errorf("got %s", got)
	}
}
