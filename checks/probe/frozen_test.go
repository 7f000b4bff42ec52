package probe

import (
	"strings"
	"testing"
	"time"
)

func TestFrozen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		test    string
		timeout time.Duration
		want    Run
	}{
		"waits for an answer":          {"-ask=@listening", time.Second, Run{Code: -1, Error: "still running at its timeout of 1s"}},
		"waits for it longer":          {"-ask=@listening", 0, Run{Code: -1, Error: "still running after 3s"}},
		"is content with a connection": {"-dial=@listening", 0, Run{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := contained(t, 65532, map[string]string{}, Spec{
				Args:        []string{"/app/app", "-first=linger", "-on-stop=0", "-listen=@listening"},
				Healthcheck: &Healthcheck{Test: []string{"CMD", "/app/app", c.test}, Timeout: c.timeout},
				GracePeriod: patient, Settle: patient, StartTimeout: patient,
			})
			if got := verdict(o); got != "exit 0" || !o.Health.Healthy || o.Frozen == nil {
				t.Fatalf("got %q: %+v", got, o)
			}
			f := o.Frozen
			if f.Run.Code != c.want.Code || f.Run.Error != c.want.Error {
				t.Errorf("got %+v, want %+v", f.Run, c.want)
			}
			if f.Run.At < o.Health.At || f.Again == nil || !f.Again.Healthy || f.Again.At < f.Run.At+f.Run.Took {
				t.Errorf("got %+v: %+v", f.Run, f.Again)
			}
			if len(o.Resources.Zombies) > 0 {
				t.Errorf("zombies are %q", o.Resources.Zombies)
			}
		})
	}
}

// states is a healthcheck that writes the states of the application's processes,
// and fails where one of them stands still.
const states = "grep -h ^State: $(sed 's,.*,/proc/&/status,' pids); ! grep -q '^State:.T' $(sed 's,.*,/proc/&/status,' pids)"

// All of the application's processes stand still, and nothing of it is seen.
func TestFrozenStandsStill(t *testing.T) {
	t.Parallel()
	o := observe(t, Spec{
		Args:       []string{"sh", "-c", "trap 'exit 0' TERM; (sleep 3600 & echo $! >> pids; echo $$ >> pids; wait) & echo $! >> pids; while :; do sleep 0.01; done"},
		WorkingDir: t.TempDir(), GracePeriod: patient, Settle: time.Second, StartTimeout: patient,
		Healthcheck: &Healthcheck{Test: []string{"CMD-SHELL", "test $(wc -l < pids) = 3 && " + states}},
	})
	if got := verdict(o); got != "exit 0" || o.Frozen == nil {
		t.Fatalf("got %q: %+v", got, o)
	}
	if f := o.Frozen; f.Run.Code != 1 || strings.Count(f.Run.Output, "T (stopped)") != 3 || !f.Again.Healthy || strings.Contains(f.Again.Last[0].Output, "T") {
		t.Errorf("got %+v and %+v", f.Run, f.Again)
	}
}

// One that does not live to go on ended early.
func TestFrozenEnds(t *testing.T) {
	t.Parallel()
	o := observe(t, Spec{
		Args:       []string{"sh", "-c", "trap 'exit 9' CONT; trap 'exit 0' TERM; while :; do sleep 0.01; done"},
		WorkingDir: t.TempDir(), GracePeriod: patient, Settle: time.Second, StartTimeout: patient,
		// The third run is the one after.
		Healthcheck: &Healthcheck{Test: []string{"CMD-SHELL", "echo x >> runs; test $(wc -l < runs) -le 2 || sleep 3600"}, Timeout: time.Hour},
	})
	if got := verdict(o); got != "early exit 9" || o.Frozen == nil || o.Frozen.Run.Code != 0 || o.Frozen.Again != nil && o.Frozen.Again.Healthy {
		t.Errorf("got %q: %+v, %+v", got, o, o.Frozen)
	}
}

// Without a healthcheck that passes there is nothing to find out.
func TestNotFrozen(t *testing.T) {
	t.Parallel()
	for _, h := range []*Healthcheck{nil, {Test: []string{"CMD", "false"}, Interval: time.Millisecond, Retries: 1}} {
		if o := observe(t, Spec{Args: []string{"sleep", "3600"}, Healthcheck: h, Settle: time.Millisecond, StartTimeout: patient}); o.Frozen != nil || o.Stop == nil {
			t.Errorf("got %+v", o)
		}
	}
}
