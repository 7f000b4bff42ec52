package probe

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serving is a service's process, run by the test's own binary.
type serving struct {
	t     *testing.T
	cmd   *exec.Cmd
	ready string
	out   *bufio.Reader
	errs  bytes.Buffer
}

// serve starts a service; its ReadyPort is one that is free.
func serve(t *testing.T, s Service) *serving {
	t.Helper()
	s.Version, s.Name, s.ReadyPort = Version, "db", freePort(t)
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "service.json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	v := &serving{t: t, cmd: exec.Command(self), ready: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.ReadyPort))}
	v.cmd.Args = []string{Program, ServeCommand, file}
	v.cmd.Stderr = &v.errs
	out, err := v.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	v.out = bufio.NewReader(out)
	if err := v.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if v.cmd.ProcessState == nil {
			_ = v.cmd.Process.Signal(syscall.SIGTERM) // which ends the service too
			_, _ = v.end()
		}
	})
	return v
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// isReady reports whether the service says that it is ready now.
func (v *serving) isReady() bool {
	conn, err := net.Dial("tcp", v.ready)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// awaitReady returns once the service says that it is ready.
func (v *serving) awaitReady() {
	v.t.Helper()
	for began := time.Now(); !v.isReady(); time.Sleep(pollEvery) {
		if time.Since(began) > patient {
			v.t.Fatalf("not ready within %s: %s", patient, v.errs.String())
		}
	}
}

// end returns the exit status, and what is left of the output.
func (v *serving) end() (int, string) {
	v.t.Helper()
	left, err := io.ReadAll(v.out)
	if err != nil {
		v.t.Fatal(err)
	}
	_ = v.cmd.Wait() // the status is the answer
	return v.cmd.ProcessState.ExitCode(), string(left)
}

func TestServe(t *testing.T) {
	t.Parallel()
	const script = `trap 'echo stopping; exit 3' TERM; echo "as it is"; while :; do sleep 0.01; done`
	v := serve(t, Service{Args: []string{"sh", "-c", script}, Healthcheck: &Healthcheck{Test: []string{"CMD-SHELL", "true"}}})
	if line, err := v.out.ReadString('\n'); err != nil || line != "as it is\n" {
		t.Errorf("got %q, %v", line, err)
	}
	v.awaitReady()
	if err := v.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	code, out := v.end()
	if code != 3 || out != "stopping\n" || v.errs.Len() > 0 {
		t.Errorf("ended with status %d after %q, %q", code, out, v.errs.String())
	}
}

// TestServeWaitsForItsPorts has a service that is healthy before others can reach
// it, as PostgreSQL's image is while it sets up its database.
func TestServeWaitsForItsPorts(t *testing.T) {
	t.Parallel()
	port, dir := freePort(t), t.TempDir()
	script := fmt.Sprintf(`while [ ! -e %s/go ]; do sleep 0.01; done; exec %s -tcp=:%d -on-stop=0`, dir, app, port)
	v := serve(t, Service{
		Args: []string{"sh", "-c", script}, Ports: []int{1, port},
		Healthcheck: &Healthcheck{Test: []string{"CMD-SHELL", "echo >> " + dir + "/healthy"}},
	})
	for began := time.Now(); ; time.Sleep(pollEvery) {
		if _, err := os.Stat(dir + "/healthy"); err == nil {
			break
		}
		if time.Since(began) > patient {
			t.Fatal("the healthcheck was not run")
		}
	}
	if v.isReady() {
		t.Error("ready before it listens")
	}
	if err := os.WriteFile(dir+"/go", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	v.awaitReady()
	if runs, err := os.ReadFile(dir + "/healthy"); err != nil || len(runs) < 2 {
		t.Errorf("the healthcheck was not run again once it listened: %v", err)
	}
}

// TestServeLeavesWhatItStartsAlone has a service that starts a server by a process
// that ends, as PostgreSQL's image does to set up its database.
func TestServeLeavesWhatItStartsAlone(t *testing.T) {
	t.Parallel()
	pid := filepath.Join(t.TempDir(), "pid")
	script := fmt.Sprintf(`sh -c 'sleep 3600 & echo $! > %[1]s'; trap "kill $(cat %[1]s); exit 0" TERM; while :; do sleep 0.01; done`, pid)
	v := serve(t, Service{Args: []string{"sh", "-c", script}, Healthcheck: &Healthcheck{Test: []string{"CMD", "test", "-s", pid}}})
	v.awaitReady()
	text, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := strconv.Atoi(strings.TrimSpace(string(text))); err != nil || syscall.Kill(n, 0) != nil {
		t.Errorf("process %d is gone: %v", n, err)
	}
}

func TestServeOfOneThatCompletes(t *testing.T) {
	t.Parallel()
	v := serve(t, Service{Args: []string{"echo", "migrated"}, Completes: true})
	v.awaitReady()
	if err := v.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code, out := v.end(); code != 0 || out != "migrated\n" {
		t.Errorf("ended with status %d after %q", code, out)
	}
}

func TestServeKeepsTheEnginesVariablesToItself(t *testing.T) {
	env := strings.Join(serviceEnvironment([]string{"A=1", "OTEL_X=2", "TRACEPARENT=3", "IMAGEGATE_STARTED=4", "B=OTEL_"}), " ")
	if env != "A=1 B=OTEL_" {
		t.Errorf("got %q", env)
	}
}

func TestServeFailures(t *testing.T) {
	t.Parallel()
	const moment = 300 * time.Millisecond
	for name, c := range map[string]struct {
		service Service
		want    string
	}{
		"never healthy": {
			Service{
				Args:        []string{"sleep", "3600"},
				Healthcheck: &Healthcheck{Test: []string{"CMD-SHELL", "echo no response; exit 2"}}, StartTimeout: moment,
			},
			"db did not turn healthy within 300ms: its healthcheck (echo no response; exit 2) was run ",
		},
		"never healthy, and hangs at last": {
			Service{
				Args:        []string{"sleep", "3600"},
				Healthcheck: &Healthcheck{Test: []string{"CMD-SHELL", "mkdir " + filepath.Join(t.TempDir(), "once") + " 2> /dev/null && echo no response && exit 2; sleep 3600"}}, StartTimeout: 2 * time.Second,
			},
			"the last run: still running when the time to start was over; it wrote nothing; the run before it: exited with status 2; its output: no response",
		},
		"unhealthy": {
			Service{
				Args:        []string{"sleep", "3600"},
				Healthcheck: &Healthcheck{Test: []string{"CMD", "false"}, Interval: time.Millisecond, Retries: 2}, StartTimeout: patient,
			},
			"db turned unhealthy: its healthcheck (false) was run ",
		},
		"healthcheck that is not there": {
			Service{
				Args:        []string{"sleep", "3600"},
				Healthcheck: &Healthcheck{Test: []string{"CMD", "/no/such"}}, StartTimeout: moment,
			},
			"the last run: /no/such is not in the image",
		},
		"exits": {
			Service{Args: []string{"sh", "-c", "exit 7"}, Ports: []int{1}, StartTimeout: patient},
			"db exited with status 7 before it was ready",
		},
		"exits under its healthcheck": {
			Service{Args: []string{"sh", "-c", "exit 7"}, Healthcheck: &Healthcheck{Test: []string{"CMD", "sleep", "3600"}}, StartTimeout: patient},
			"db exited with status 7 before it was ready",
		},
		"does not listen": {
			Service{Args: []string{"sleep", "3600"}, Ports: []int{1, 2}, StartTimeout: moment},
			"db does not listen on any of its ports (1, 2) within 300ms",
		},
		"does not complete": {
			Service{Args: []string{"sleep", "3600"}, Completes: true, StartTimeout: moment},
			"db has not completed within 300ms",
		},
		"completes with an error": {
			Service{Args: []string{"false"}, Completes: true},
			"db was to complete, and exited with status 1",
		},
		"no such program": {
			Service{Args: []string{"/no/such"}},
			"db could not be started: /no/such is not in the image",
		},
		"no program": {Service{}, "db could not be started: its image names no program"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := serve(t, c.service)
			code, _ := v.end()
			errs := v.errs.String()
			if code == 0 || !strings.HasPrefix(errs, ServiceFailure) || !strings.Contains(errs, c.want) {
				t.Errorf("ended with status %d and %q, want %q", code, errs, c.want)
			}
			if strings.Count(errs, "\n") != 1 {
				t.Errorf("%q is not one line", errs)
			}
		})
	}
}
