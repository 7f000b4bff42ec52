package probe

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	for _, uid := range []int{0, 65532} {
		for name, c := range map[string]struct {
			spec Spec
			want Exceeded
		}{
			"forks without end":          {Spec{Args: []string{"/app/app", "-first=bomb"}, MaxProcesses: 20}, Exceeded{What: "processes", Limit: 20}},
			"forks a little":             {Spec{Args: []string{"/app/app", "-first=linger", "-on-stop=0"}, MaxProcesses: 1}, Exceeded{What: "processes", Limit: 1}},
			"takes memory without end":   {Spec{Args: []string{"/app/app", "-first=hog"}, MaxMemory: 100 << 20}, Exceeded{What: "memory", Limit: 100 << 20}},
			"under both limits, it ends": {Spec{Args: []string{"/app/app", "-first=linger", "-exit=7"}, MaxProcesses: 20, MaxMemory: 100 << 20}, Exceeded{}},
		} {
			t.Run(fmt.Sprintf("%s as %d", name, uid), func(t *testing.T) {
				c.spec.Settle, c.spec.GracePeriod = patient, patient
				o := contained(t, uid, map[string]string{}, c.spec)
				got, want := verdict(o), "early SIGKILL"
				if c.want.What == "" {
					want = "early exit 7"
				}
				if got != want || (o.Exceeded != nil) != (c.want.What != "") {
					t.Fatalf("got %q, want %q: %+v", got, want, o)
				}
				if e := o.Exceeded; e != nil && (e.What != c.want.What || e.Limit != c.want.Limit || e.Seen <= e.Limit || e.At <= 0) {
					t.Errorf("got %+v", *e)
				}
				if o.Resources.Processes == 0 || o.Resources.Memory == 0 && c.spec.MaxMemory > 0 {
					t.Errorf("got %+v", o.Resources)
				}
			})
		}
	}
}

// Where others have processes too, only the probe's descendants are killed.
func TestLimitsBesideOthers(t *testing.T) {
	t.Parallel()
	o := observe(t, Spec{Args: []string{app, "-first=bomb"}, MaxProcesses: 20, Settle: patient, GracePeriod: patient})
	if got := verdict(o); got != "early SIGKILL" || o.Exceeded == nil || o.Exceeded.What != "processes" {
		t.Errorf("got %q: %+v", got, o)
	}
}

// Limits hold while the application is asked to stop as well.
func TestLimitsAtTheEnd(t *testing.T) {
	t.Parallel()
	o := observe(t, Spec{
		Args:         []string{"sh", "-c", "trap 'for i in 1 2 3 4 5 6 7 8; do sleep 3600 & done; wait' TERM; while :; do sleep 0.01; done"},
		MaxProcesses: 6, Settle: 500 * time.Millisecond, GracePeriod: patient,
	})
	if o.Early != nil || o.Stop == nil || o.Stop.Exit == nil || o.Stop.Exit.Signal != "SIGKILL" || o.Exceeded == nil {
		t.Errorf("got %+v", o)
	}
}

// The soft limit of a user's threads is a backstop, far above what may be.
func TestProcessLimit(t *testing.T) {
	t.Parallel()
	for most, want := range map[int]string{10: "4096\n", 1000: "80"} {
		o := contained(t, 65532, map[string]string{}, Spec{Args: []string{"/app/app", "-first=limits", "-exit=0"}, MaxProcesses: most, Settle: patient})
		if !strings.HasPrefix(o.Output.Head, want) {
			t.Errorf("%d processes: the limit is %q, want %q", most, o.Output.Head, want)
		}
	}
	if got := threadsOf("Name:\tx\nThreads:\t12\n"); got != 12 || threadsOf("") != 0 {
		t.Errorf("got %d threads", got)
	}
	if got := threadsOf(readStatus(os.Getpid())); got < 2 {
		t.Errorf("this process has %d threads", got)
	}
}

// The probe outlives an application that leaves no room in the process table for
// as much as a thread.
func TestNoProcessLeft(t *testing.T) {
	t.Parallel()
	const uid = 64999 // nobody else's: the kernel counts by user
	spec := Spec{
		Args: []string{"/app/app", "-first=crowd"}, Settle: time.Second, GracePeriod: patient, StartTimeout: 2 * time.Second,
		Healthcheck: &Healthcheck{Test: []string{"CMD", "/app/app", "-exit=1"}},
	}
	cmd := container(t, syscall.CLONE_NEWNET, uid, map[string]string{}, spec)
	cmd.Env = append(os.Environ(), "PROCESSES=100")
	o := decode(t, cmd, "", spec)
	none := false
	for _, run := range o.Health.Last {
		none = none || strings.Contains(run.Error, "resource temporarily unavailable") || strings.Contains(run.Output, "failed to create new OS thread")
	}
	if !none || o.Resources.Processes < 50 {
		t.Errorf("there was room: %+v, %+v", o, o.Health)
	}
}
