package probe

import (
	"syscall"
	"testing"
)

func TestParseSignal(t *testing.T) {
	for text, want := range map[string]syscall.Signal{
		"": syscall.SIGTERM, "SIGTERM": syscall.SIGTERM, "TERM": syscall.SIGTERM, "sigquit": syscall.SIGQUIT, "15": 15, "9": syscall.SIGKILL,
		"64": 64, "SIGRTMIN": 34, "SIGRTMIN+3": 37, "RTMAX": 64, "SIGRTMAX-14": 50,
	} {
		if got, err := parseSignal(text); err != nil || got != want {
			t.Errorf("%q: got %v and %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"0", "-1", "65", "SIG", "SIGNOPE", "SIGRTMIN-1", "SIGRTMAX+1", "SIGRTMIN+31", "SIGRTMIN+x", "SIGTERM ", "15.0"} {
		if got, err := parseSignal(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		}
	}
	for name, s := range signals {
		if got := signalName(s); got != name {
			t.Errorf("%d is called %s and %s", s, name, got)
		}
	}
	if got := signalName(37); got != "37" {
		t.Errorf("got %q for a signal without a name", got)
	}
}

func FuzzParseSignal(f *testing.F) {
	for _, text := range []string{"", "SIGTERM", "15", "SIGRTMIN+3", "RTMAX-64", "SIGRTMIN+9223372036854775807"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := parseSignal(text); err == nil && (s < 1 || s > realTimeMax) {
			t.Errorf("%q is signal %d", text, s)
		}
	})
}
