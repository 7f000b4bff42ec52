package probe

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// app is the path of testdata/app, built without cgo.
var app string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "probe")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	app = filepath.Join(dir, "app")
	build := exec.Command("go", "build", "-o", app, "./testdata/app")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	code := 1
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build testdata/app: %v\n%s", err, out)
	} else if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// patient bounds waits that end for another reason, however busy the machine.
const patient = time.Minute

// observe runs the test's own binary as the probe, in a process of its own, and
// returns its observation.
func observe(t *testing.T, spec Spec) Observation {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, exec.Command(self), write(t, t.TempDir(), spec), spec)
}

func write(t *testing.T, dir string, spec Spec) string {
	t.Helper()
	spec.Version = Version
	text, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "spec.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// decode runs a probe, and fails the test unless it exits with status 0 and
// writes one observation, and nothing else.
func decode(t *testing.T, cmd *exec.Cmd, file string, spec Spec) Observation {
	t.Helper()
	if len(cmd.Args) == 1 {
		cmd.Args = []string{Program, file}
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %v\n%s%s", spec.Args, err, errs.String(), out.String())
	}
	var o Observation
	if err := json.Unmarshal(out.Bytes(), &o); err != nil {
		t.Fatalf("%v: %v\n%s", spec.Args, err, out.String())
	}
	if o.Version != Version {
		t.Errorf("version is %d, want %d", o.Version, Version)
	}
	return o
}

func TestDocumentInAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "observation.json")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Args = []string{Program, write(t, t.TempDir(), Spec{Args: []string{"echo", "done"}, Document: file})}
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var o Observation
	if err := json.Unmarshal(text, &o); err != nil || o.Output.Head != "done\n" {
		t.Errorf("%v\n%s", err, text)
	}
}

// verdict says how the main process fared, in the words of the table below.
func verdict(o Observation) string {
	how := func(e *Exit) string {
		if e.Signal != "" {
			return e.Signal
		}
		return fmt.Sprintf("exit %d", e.Code)
	}
	switch {
	case o.StartError != "":
		return "not started"
	case o.Early != nil:
		return "early " + how(o.Early)
	case o.Stop.Exit == nil:
		return "still there"
	}
	return how(o.Stop.Exit)
}

func TestStop(t *testing.T) {
	t.Parallel()
	const short, long = 300 * time.Millisecond, patient
	for name, c := range map[string]struct {
		args  []string
		grace time.Duration
		want  string
		check func(*testing.T, Observation)
	}{
		"exits":                 {[]string{app, "-on-stop=0"}, long, "exit 0", nil},
		"exits with 143":        {[]string{app, "-on-stop=143"}, long, "exit 143", nil},
		"exits with 137":        {[]string{app, "-on-stop=137"}, long, "exit 137", nil},
		"exits with 1":          {[]string{app, "-on-stop=1"}, long, "exit 1", nil},
		"ignores":               {[]string{app, "-on-stop=ignore"}, short, "still there", nil},
		"no handler":            {[]string{"sleep", "3600"}, long, "SIGTERM", isHandled(false)},
		"handler of Go itself":  {[]string{app}, long, "exit 2", isDropped},
		"raises it again":       {[]string{app, "-on-stop=raise"}, long, "exit 2", isDropped},
		"shell traps":           {[]string{"sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.01; done"}, long, "exit 0", isHandled(true)},
		"shell that waits":      {[]string{"sh", "-c", "sleep 3600 && echo done"}, long, "SIGTERM", isHandled(false)},
		"shell ignores":         {[]string{"sh", "-c", "trap '' TERM; while :; do sleep 0.01; done"}, short, "still there", isHandled(false)},
		"shell executes":        {[]string{"sh", "-c", "exec " + app + " -on-stop=0"}, long, "exit 0", nil},
		"closes its output":     {[]string{app, "-first=close", "-on-stop=0"}, long, "exit 0", nil},
		"ends what started it":  {[]string{app, "-first=term-parent", "-on-stop=0"}, long, "exit 0", nil},
		"logs to process 1":     {[]string{app, "-first=log-to-1", "-on-stop=0"}, long, "exit 0", wrote("a line by way of process 1")},
		"stops itself":          {[]string{"sh", "-c", "kill -STOP $$"}, short, "still there", nil},
		"leaves a child behind": {[]string{app, "-first=linger", "-on-stop=0"}, long, "exit 0", left("exe")},
		"forks twice":           {[]string{app, "-first=fork-twice", "-on-stop=0"}, long, "exit 0", left("exe")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settle := 2 * time.Second
			if c.args[0] == app {
				// One that listens is started as soon as it does.
				settle = patient
				c.args = append(c.args, "-listen="+filepath.Join(t.TempDir(), "socket"))
			}
			o := observe(t, Spec{Args: c.args, GracePeriod: c.grace, Settle: settle})
			if got := verdict(o); got != c.want {
				t.Fatalf("got %q, want %q: %+v", got, c.want, o)
			}
			if c.check != nil {
				c.check(t, o)
			}
			if o.Stop.Signal != "SIGTERM" || o.Stop.Number != 15 || len(o.Identities) == 0 || !o.Identities[0].Main {
				t.Errorf("got %+v", o)
			}
		})
	}
}

func TestStaysUp(t *testing.T) {
	t.Parallel()
	for stayUp, want := range map[time.Duration]string{0: "SIGTERM", patient: "early exit 7"} {
		o := observe(t, Spec{Args: []string{"sh", "-c", "sleep 5; exit 7"}, Settle: time.Millisecond, StayUp: stayUp})
		if got := verdict(o); got != want {
			t.Errorf("with %s: got %q, want %q", stayUp, got, want)
		}
	}
}

func isHandled(want bool) func(*testing.T, Observation) {
	return func(t *testing.T, o Observation) {
		if o.Stop.Handled != want {
			t.Errorf("handled is %v, want %v", o.Stop.Handled, want)
		}
	}
}

func isDropped(t *testing.T, o Observation) {
	if !o.Stop.Handled || !o.Stop.AsInit || !o.Stop.Dropped {
		t.Errorf("got %+v, want a signal handled, raised again and dropped", *o.Stop)
	}
}

func wrote(want string) func(*testing.T, Observation) {
	return func(t *testing.T, o Observation) {
		if !strings.Contains(o.Output.Head, want) {
			t.Errorf("output is %q, want %q in it", o.Output.Head, want)
		}
	}
}

func left(want ...string) func(*testing.T, Observation) {
	return func(t *testing.T, o Observation) {
		if !slices.Equal(o.Stop.Left, want) {
			t.Errorf("left behind are %q, want %q", o.Stop.Left, want)
		}
	}
}

func TestStopSignalOfTheImage(t *testing.T) {
	t.Parallel()
	for signal, want := range map[string]string{"SIGUSR1": "exit 10", "12": "exit 12", "hup": "exit 1"} {
		o := observe(t, Spec{
			Args:       []string{"sh", "-c", "trap 'exit 10' USR1; trap 'exit 12' USR2; trap 'exit 1' HUP; while :; do sleep 0.01; done"},
			StopSignal: signal, GracePeriod: patient, Settle: time.Second,
		})
		if got := verdict(o); got != want {
			t.Errorf("%s: got %q, want %q", signal, got, want)
		}
	}
	if o := observe(t, Spec{Args: []string{app}, StopSignal: "SIGNOPE"}); !strings.Contains(o.StartError, "SIGNOPE") {
		t.Errorf("got %+v", o)
	}
}

// An application is not asked to stop before it had the time to install its
// handler, however early its healthcheck passes.
func TestStopAwaitsHandler(t *testing.T) {
	t.Parallel()
	o := observe(t, Spec{
		Args:        []string{"sh", "-c", "sleep 0.3; trap 'exit 0' TERM; while :; do sleep 0.01; done"},
		Healthcheck: &Healthcheck{Test: []string{"CMD", "true"}},
		GracePeriod: patient, Settle: 3 * time.Second,
	})
	if got := verdict(o); got != "exit 0" || !o.Health.Healthy {
		t.Errorf("got %q: %+v", got, o)
	}
}

// An application that listens and handles its stop signal has started: the bound
// is not waited out.
// TestLateHandler has an application that is longer at its start than one that
// handles its stop signal gets.
func TestLateHandler(t *testing.T) {
	t.Parallel()
	o := observe(t, Spec{
		Args:        []string{"sh", "-c", "sleep 1.2; trap 'exit 0' TERM; while :; do sleep 0.01; done"},
		GracePeriod: patient, Settle: time.Second,
	})
	if got := verdict(o); got != "exit 0" {
		t.Errorf("got %q: %+v", got, o)
	}
}

func TestSettles(t *testing.T) {
	t.Parallel()
	o := observe(t, Spec{
		Args:        []string{app, "-on-stop=0", "-listen=" + filepath.Join(t.TempDir(), "socket")},
		GracePeriod: patient, Settle: time.Hour,
	})
	if got := verdict(o); got != "exit 0" {
		t.Errorf("got %q: %+v", got, o)
	}
}

func TestEarly(t *testing.T) {
	t.Parallel()
	healthcheck := &Healthcheck{Test: []string{"CMD", "false"}}
	for name, c := range map[string]struct {
		args   []string
		want   string
		output string
	}{
		"exits":           {[]string{"sh", "-c", "echo no DATABASE_URL >&2; exit 3"}, "early exit 3", "no DATABASE_URL\n"},
		"exits with 143":  {[]string{app, "-exit=143"}, "early exit 143", ""},
		"exits with 137":  {[]string{app, "-exit=137"}, "early exit 137", ""},
		"exits with 0":    {[]string{"true"}, "early exit 0", ""},
		"kills itself":    {[]string{"sh", "-c", "kill -KILL $$"}, "early SIGKILL", ""},
		"kills its group": {[]string{"sh", "-c", "kill -KILL 0"}, "early SIGKILL", ""},
		"daemonizes":      {[]string{app, "-first=linger", "-exit=0"}, "early exit 0", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, h := range []*Healthcheck{nil, healthcheck} {
				o := observe(t, Spec{Args: c.args, Healthcheck: h, Settle: patient, StartTimeout: patient})
				if got := verdict(o); got != c.want || o.Output.Head != c.output || o.Stop != nil {
					t.Errorf("got %q, want %q: %+v", got, c.want, o)
				}
			}
		})
	}
}

// Where only the start is asked for, nothing is stopped, but all of it is ended.
func TestStartOnly(t *testing.T) {
	t.Parallel()
	never := &Healthcheck{Test: []string{"CMD", "false"}, Interval: time.Hour}
	for name, c := range map[string]struct {
		args    []string
		health  *Healthcheck
		timeout time.Duration
		want    string
	}{
		"healthy":              {[]string{"sleep", "3600"}, &Healthcheck{Test: []string{"CMD", "true"}}, patient, "healthy"},
		"not healthy in time":  {[]string{"sleep", "3600"}, never, 200 * time.Millisecond, "timed out"},
		"ends before":          {[]string{"sh", "-c", "exit 3"}, never, patient, "early exit 3"},
		"no healthcheck":       {[]string{"sleep", "3600"}, nil, patient, "up"},
		"ends, no healthcheck": {[]string{"sh", "-c", "sleep 0.1; exit 3"}, nil, patient, "early exit 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := observe(t, Spec{Args: c.args, Healthcheck: c.health, StartOnly: true, StartTimeout: c.timeout, Settle: 300 * time.Millisecond, GracePeriod: patient})
			got := "up"
			switch {
			case o.Early != nil:
				got = verdict(o)
			case o.Health != nil && o.Health.Healthy:
				got = "healthy"
			case o.Health != nil && o.Health.TimedOut:
				got = "timed out"
			}
			if got != c.want || !o.StartOnly || o.Stop != nil || o.Frozen != nil || o.Resources.Processes == 0 {
				t.Errorf("got %q, want %q: %+v", got, c.want, o)
			}
		})
	}
}

func TestFlood(t *testing.T) {
	t.Parallel()
	o := observe(t, Spec{Args: []string{app, "-first=flood", "-on-stop=0", "-listen=" + filepath.Join(t.TempDir(), "socket")}, GracePeriod: patient, Settle: patient})
	if got := verdict(o); got != "exit 0" {
		t.Fatalf("got %q: %+v", got, o)
	}
	const written = 60_000*1_000 + len("\nend of flood\n")
	if o.Output.Bytes != int64(written) || len(o.Output.Head) != keptOutput || len(o.Output.Tail) != keptOutput || !strings.HasSuffix(o.Output.Tail, "\nend of flood\n") {
		t.Errorf("kept %d and %d of %d bytes, the last %q", len(o.Output.Head), len(o.Output.Tail), o.Output.Bytes, o.Output.Tail[max(0, len(o.Output.Tail)-40):])
	}
}

func TestNotStarted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for name, c := range map[string]struct {
		spec Spec
		want string
	}{
		"nothing":             {Spec{}, "names no program to start: set ENTRYPOINT or CMD"},
		"not on PATH":         {Spec{Args: []string{"no-such-program"}}, "no-such-program is in no directory of PATH (/usr/local/sbin:"},
		"empty PATH":          {Spec{Args: []string{"sh"}, Env: []string{"PATH=/nowhere"}}, "sh is in no directory of PATH (/nowhere)"},
		"not there":           {Spec{Args: []string{"/app/server"}}, "/app/server is not in the image"},
		"a directory":         {Spec{Args: []string{"/tmp"}}, "/tmp is a directory"},
		"not executable":      {Spec{Args: []string{file("plain", "text", 0o644)}}, "plain is not executable for uid"},
		"no program":          {Spec{Args: []string{file("script", "echo", 0o755)}}, "a script needs a first line"},
		"no interpreter":      {Spec{Args: []string{file("bash", "#!/no/bash -e\n", 0o755)}}, `is a script for "/no/bash"`},
		"carriage return":     {Spec{Args: []string{file("crlf", "#!/bin/sh\r\necho\r\n", 0o755)}}, `is a script for "/bin/sh\r"`},
		"no working dir":      {Spec{Args: []string{"sh"}, WorkingDir: "/no/such"}, "working directory /no/such"},
		"relative to workdir": {Spec{Args: []string{"./no"}, WorkingDir: dir}, dir + "/no is not in the image"},
	} {
		t.Run(name, func(t *testing.T) {
			o := observe(t, c.spec)
			if !strings.Contains(o.StartError, c.want) || o.Early != nil || o.Stop != nil || o.Health != nil {
				t.Errorf("got %+v, want a start error with %q", o, c.want)
			}
		})
	}
}

// The application starts with every signal at its default, and with no file of
// the probe's open.
func TestInherits(t *testing.T) {
	t.Parallel()
	args := []string{"sh", "-c", "grep -E 'Sig(Ign|Blk)' /proc/self/status; set -- /proc/$$/fd/*; echo $# files; readlink /proc/$$/fd/0; exit 7"}
	cmd := exec.Command(args[0], args[1:]...)
	direct, _ := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code != 7 {
		t.Fatalf("exit %d: %s", code, direct)
	}
	// A test under nohup hands down an ignored SIGHUP; the probe must not.
	want := regexp.MustCompile(`SigIgn:\t[0-9a-f]+`).ReplaceAllString(string(direct), "SigIgn:\t0000000000000000")
	if o := observe(t, Spec{Args: args, Settle: patient}); o.Output.Head != want {
		t.Errorf("got %q, want %q", o.Output.Head, want)
	}
}

func TestMainErrors(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "spec.json")
	for text, want := range map[string]string{
		"":                "unexpected end of JSON",
		"{":               "unexpected end of JSON",
		"[]":              "decode the specification",
		`{"version": 99}`: "version 99",
	} {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{Program, file}, {"/mounted/" + Program, file}} {
			cmd := exec.Cmd{Path: self, Args: args}
			if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), want) {
				t.Errorf("%q: got %v and %q, want an error with %q", text, err, out, want)
			}
		}
	}
	for _, args := range [][]string{{Program}, {Program, "/no/such/file"}, {Program, file, "more"}} {
		cmd := exec.Cmd{Path: self, Args: args}
		if out, err := cmd.CombinedOutput(); err == nil || !strings.HasPrefix(string(out), "imagegate probe: ") {
			t.Errorf("%q: got %v and %q, want an error", args, err, out)
		}
	}
}

// What is kept of identities is bounded, but root is never left out.
func TestNote(t *testing.T) {
	var a application
	for uid := 1; uid <= 2*keptIdentities; uid++ {
		a.note(Identity{Name: "worker", UIDs: [4]int{uid, uid, uid, uid}})
		a.note(Identity{Name: "same, by another name", UIDs: [4]int{uid, uid, uid, uid}})
	}
	a.note(Identity{UIDs: [4]int{7, 7, 0, 7}})
	a.note(Identity{Main: true, UIDs: [4]int{0, 0, 0, 0}})
	root := 0
	for _, id := range a.identities {
		if slices.Contains(id.UIDs[:], 0) {
			root++
		}
	}
	if len(a.identities) != keptIdentities || !a.identities[0].Main || root != 2 {
		t.Errorf("got %d, %d of them root: %+v", len(a.identities), root, a.identities)
	}
}
