package probe

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
)

func TestOrder(t *testing.T) {
	for _, o := range []order{
		{path: "/app/server", args: []string{"server"}, env: []string{}},
		{processes: 4096, path: "/app/server", args: []string{"server", "", "two\nlines"}, env: []string{"A=", "B=\xff", "=C"}},
	} {
		text, err := o.encode()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeOrder(text); err != nil || !reflect.DeepEqual(got, o) {
			t.Errorf("got %+v and %v, want %+v", got, err, o)
		}
	}
	if _, err := (order{path: "/app", args: []string{"a\x00b"}}).encode(); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("a zero byte: got %v", err)
	}
	for _, text := range []string{"", "0", "0\x001\x00", "x\x000\x00/app\x00", "0\x00x\x00/app\x00", "0\x00-1\x00/app\x00", "0\x002\x00/app\x00app\x00"} {
		if got, err := decodeOrder([]byte(text)); err == nil {
			t.Errorf("%q: got %+v, want an error", text, got)
		}
	}
}

// The application finds nothing of the launcher in what it can see of itself.
func TestLauncherLeavesNoTrace(t *testing.T) {
	t.Parallel()
	o := contained(t, 65532, map[string]string{}, Spec{
		Args: []string{"app", "-first=cmdline", "-exit=0"}, Env: []string{"PATH=/app", "HOME=/", "HOSTNAME=h", "GODEBUG=inittrace=1"}, Settle: patient,
	})
	want := "cmdline \"app\\x00-first=cmdline\\x00-exit=0\\x00\"\n" +
		"environ \"PATH=/app\\x00HOME=/\\x00HOSTNAME=h\\x00GODEBUG=inittrace=1\\x00\"\n" +
		"comm \"app\\n\"\n"
	// What Go's runtime says of the packages of the application, it says once.
	if got := o.Output.Head; !strings.HasSuffix(got, want) || strings.Count(got, "init os ") != 1 {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Errors of the launcher are those of executing the program.
func TestLauncherErrors(t *testing.T) {
	t.Parallel()
	o := observe(t, Spec{Args: []string{"sh", "-c", "a\x00b"}})
	if want := "sh could not be started: invalid argument"; !strings.HasSuffix(o.StartError, want) {
		t.Errorf("got %q, want %q", o.StartError, want)
	}
	o = observe(t, Spec{Args: []string{"true", strings.Repeat("x", 1<<20)}})
	if want := "true could not be started: argument list too long"; !strings.HasSuffix(o.StartError, want) {
		t.Errorf("got %q, want %q", o.StartError, want)
	}
	// Arguments and variables are more than a socket holds.
	long := strings.Repeat("x", 100_000)
	o = observe(t, Spec{Args: []string{"sh", "-c", "test ${#1} = 100000 && test ${#A} = 100000 && exit 7", "sh", long, long, long}, Env: []string{"PATH=" + os.Getenv("PATH"), "A=" + long}, Settle: patient})
	if got := verdict(o); got != "early exit 7" {
		t.Errorf("got %q: %q", got, o.StartError)
	}
}
