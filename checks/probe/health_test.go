package probe

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		healthcheck Healthcheck
		timeout     time.Duration
		shell       []string
		healthy     bool
		timedOut    bool
		// runs is the least number of runs; last are words of the errors and output of
		// those that tell.
		runs int
		last string
	}{
		"passes":                  {Healthcheck{Test: []string{"CMD", "true"}}, patient, nil, true, false, 1, ""},
		"passes in a shell":       {Healthcheck{Test: []string{"CMD-SHELL", "true && exit 0 || exit 1"}}, patient, nil, true, false, 1, ""},
		"shell of the image":      {Healthcheck{Test: []string{"CMD-SHELL", "said $0"}}, patient, []string{"/bin/echo", "words"}, true, false, 1, "words said $0"},
		"passes late":             {Healthcheck{Test: []string{"CMD-SHELL", "echo x >> runs; test $(wc -l < runs) -ge 4"}, Interval: time.Millisecond, Retries: 4}, patient, nil, true, false, 4, ""},
		"passes after a signal":   {Healthcheck{Test: []string{"CMD-SHELL", "mkdir once && kill -KILL $$; exit 0"}}, patient, nil, true, false, 2, ""},
		"never passes":            {Healthcheck{Test: []string{"CMD-SHELL", "echo refused; exit 7"}, Interval: time.Millisecond, Retries: 3}, patient, nil, false, false, 3, "refused"},
		"default of 3 retries":    {Healthcheck{Test: []string{"CMD", "false"}, Interval: time.Millisecond}, patient, nil, false, false, 3, ""},
		"program not there":       {Healthcheck{Test: []string{"CMD", "no-such-curl", "-f"}, Interval: time.Millisecond}, patient, nil, false, false, 3, "no-such-curl is in no directory of PATH"},
		"program not there in sh": {Healthcheck{Test: []string{"CMD-SHELL", "no-such-curl -f || exit 1"}, Interval: time.Millisecond}, patient, nil, false, false, 3, "no-such-curl: not found"},
		"shell not there":         {Healthcheck{Test: []string{"CMD-SHELL", "true"}, Interval: time.Millisecond}, patient, []string{"/no/sh", "-c"}, false, false, 3, "/no/sh is not in the image"},
		"names nothing":           {Healthcheck{Test: []string{"CMD"}, Interval: time.Millisecond}, patient, nil, false, false, 3, "names no program"},
		"killed":                  {Healthcheck{Test: []string{"CMD-SHELL", "kill -SEGV $$"}, Interval: time.Millisecond}, patient, nil, false, false, 3, "ended by SIGSEGV"},
		"hangs":                   {Healthcheck{Test: []string{"CMD-SHELL", "sleep 3600 | sleep 3600"}, Interval: time.Millisecond, Timeout: 50 * time.Millisecond}, patient, nil, false, false, 3, "still running at its timeout of 50ms"},
		"hangs without end":       {Healthcheck{Test: []string{"CMD", "sleep", "3600"}, Timeout: time.Hour}, 200 * time.Millisecond, nil, false, true, 1, "still running when the time to start was over"},
		"hangs, had failed":       {Healthcheck{Test: []string{"CMD-SHELL", "mkdir once 2> /dev/null && echo refused && exit 1; sleep 3600"}, Interval: time.Millisecond, Timeout: time.Hour, Retries: 100}, 2 * time.Second, nil, false, true, 2, "still running when the time to start was over; refused"},
		"decides, and cut short":  {Healthcheck{Test: []string{"CMD-SHELL", "mkdir once 2> /dev/null && exit 1; sleep 3600"}, Interval: time.Millisecond, Timeout: time.Hour, Retries: 2}, 2 * time.Second, nil, false, true, 2, "still running when the time to start was over"},
		"patient beyond bounds":   {Healthcheck{Test: []string{"CMD", "false"}, Interval: time.Hour}, 200 * time.Millisecond, nil, false, true, 1, ""},
		"writes a lot":            {Healthcheck{Test: []string{"CMD-SHELL", "head -c 100000 /dev/zero | tr '\\0' x"}}, patient, nil, true, false, 1, strings.Repeat("x", keptRunOutput)},
		"leaves its output open":  {Healthcheck{Test: []string{"CMD-SHELL", "sleep 3600 & echo up"}}, patient, nil, true, false, 1, "up\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := observe(t, Spec{
				Args: []string{"sleep", "3600"}, WorkingDir: t.TempDir(), Shell: c.shell, Healthcheck: &c.healthcheck,
				StartTimeout: c.timeout, Settle: time.Nanosecond, GracePeriod: patient,
			})
			h := o.Health
			if h == nil || len(h.Last) == 0 {
				t.Fatalf("got %+v", o)
			}
			if h.Healthy != c.healthy || h.TimedOut != c.timedOut || h.Runs < c.runs || len(h.Last) > keptRuns {
				t.Errorf("got %+v", h)
			}
			last := h.Last[len(h.Last)-1]
			var said []string
			for _, run := range h.Telling() {
				said = append(said, run.Error+run.Output)
			}
			if c.healthy != (last.Code == 0) || !strings.Contains(strings.Join(said, "; "), c.last) || len(last.Output) > keptRunOutput || last.Took == 0 {
				t.Errorf("the last run is %+v, which says %q, want %q", last, said, c.last)
			}
			if o.Stop == nil {
				t.Errorf("an application that is not healthy is asked to stop all the same; got %+v", o)
			}
		})
	}
}

// No failure within the start period decides, however many there are.
func TestHealthStartPeriod(t *testing.T) {
	t.Parallel()
	const period = 400 * time.Millisecond
	o := observe(t, Spec{
		Args: []string{"sleep", "3600"}, StartTimeout: patient, Settle: time.Nanosecond,
		Healthcheck: &Healthcheck{Test: []string{"CMD", "false"}, Interval: time.Millisecond, StartPeriod: period, StartInterval: time.Millisecond, Retries: 1},
	})
	h := o.Health
	if h == nil || h.Healthy || h.TimedOut || h.Runs < 2 || h.Last[len(h.Last)-1].At < period {
		t.Errorf("got %+v", h)
	}
}

// A test that hangs is killed with all that it started, and nothing of it is
// taken for the application's.
func TestHealthKillsGroup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := observe(t, Spec{
		Args: []string{app, "-on-stop=0"}, WorkingDir: dir, GracePeriod: patient, Settle: time.Nanosecond, StartTimeout: patient,
		Healthcheck: &Healthcheck{Test: []string{"CMD-SHELL", "sh -c 'echo $$ >> pids; exec sleep 3600' & wait"}, Timeout: 500 * time.Millisecond, Interval: time.Millisecond, Retries: 2},
	})
	if o.Health.Healthy || o.Stop == nil || len(o.Stop.Left) > 0 {
		t.Errorf("got %+v", o)
	}
	for _, id := range o.Identities {
		if !id.Main {
			t.Errorf("%+v is a process of the healthcheck", id)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "pids"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range strings.Fields(string(text)) {
		if name, err := os.ReadFile("/proc/" + pid + "/comm"); err == nil && string(name) == "sleep\n" {
			t.Errorf("process %s is still there", pid)
		}
	}
}

// What a healthcheck leaves behind in a session of its own is ended with it, and
// not taken for the application's.
func TestHealthKillsStrays(t *testing.T) {
	t.Parallel()
	o := observe(t, Spec{
		Args: []string{app, "-on-stop=0", "-listen=" + filepath.Join(t.TempDir(), "socket")}, GracePeriod: patient, Settle: patient, StartTimeout: patient,
		Healthcheck: &Healthcheck{Test: []string{"CMD", app, "-first=linger", "-exit=0"}},
	})
	if got := verdict(o); got != "exit 0" || !o.Health.Healthy || len(o.Stop.Left) > 0 || o.Resources.Processes != 1 {
		t.Errorf("got %q: %+v", got, o)
	}
	for _, id := range o.Identities {
		if !id.Main {
			t.Errorf("%+v is a process of the healthcheck", id)
		}
	}
}

// A test that would be run at longer and longer intervals is not where that is not
// wanted.
func TestCheckInterval(t *testing.T) {
	t.Parallel()
	const runs = 40 // with pauses of up to a second, of 36 s and more
	o := observe(t, Spec{
		Args: []string{app, "-on-stop=0", "-listen=" + filepath.Join(t.TempDir(), "socket")}, WorkingDir: t.TempDir(), GracePeriod: patient, Settle: patient,
		Healthcheck:  &Healthcheck{Test: []string{"CMD-SHELL", fmt.Sprintf("echo x >> runs; test $(wc -l < runs) -ge %d", runs)}},
		StartTimeout: 35 * time.Second, CheckInterval: time.Millisecond,
	})
	if !o.Health.Healthy || o.Health.Runs != runs {
		t.Errorf("got %+v", o.Health)
	}
}

func TestHealthEndsWithMain(t *testing.T) {
	t.Parallel()
	o := observe(t, Spec{
		Args: []string{"sh", "-c", "sleep 0.1; exit 5"}, StartTimeout: patient, Settle: patient,
		Healthcheck: &Healthcheck{Test: []string{"CMD", "sleep", "3600"}, Timeout: time.Hour},
	})
	if got := verdict(o); got != "early exit 5" || o.Health.Healthy || o.Health.Runs != 1 {
		t.Errorf("got %q: %+v", got, o)
	}
}

func TestHealthOfNoTest(t *testing.T) {
	for _, h := range []*Healthcheck{nil, {}, {Test: []string{"NONE"}}, {Test: []string{"", "curl"}}, {Test: []string{"EXEC", "curl"}}} {
		if h.Declared() {
			t.Errorf("%+v counts as a healthcheck", h)
		}
	}
	for _, h := range []*Healthcheck{{Test: []string{"CMD", "curl"}}, {Test: []string{"CMD-SHELL", "curl"}}} {
		if !h.Declared() {
			t.Errorf("%+v does not count as a healthcheck", h)
		}
	}
}

// The probe is never stricter than Docker, whose monitor is played here: every
// run takes as long as it may.
func TestPatience(t *testing.T) {
	for _, h := range []Healthcheck{
		{},
		{Interval: time.Second, Timeout: 2 * time.Second, Retries: 1},
		{Interval: 10 * time.Second, Timeout: 5 * time.Second, StartPeriod: 30 * time.Second},
		{Interval: time.Second, StartPeriod: 7 * time.Second, Retries: 5},
		{Interval: time.Second, StartPeriod: 9 * time.Second, StartInterval: 4 * time.Second, Timeout: 3 * time.Second, Retries: 2},
		{Interval: time.Minute, StartPeriod: time.Second, StartInterval: time.Millisecond},
	} {
		h = h.withDefaults()
		for _, took := range []time.Duration{0, h.Timeout / 2, h.Timeout} {
			var began time.Duration
			for clock, failures := time.Duration(0), 0; failures < h.Retries; clock = began + took {
				began = clock + h.Interval
				if clock < h.StartPeriod {
					began = clock + h.StartInterval
				}
				if began >= h.StartPeriod {
					failures++
				}
			}
			if got := h.patience(took); got < began {
				t.Errorf("%+v: gives up at %s, Docker not before %s", h, got, began)
			}
		}
	}
}
