package probe

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestParseMemory(t *testing.T) {
	for text, want := range map[string]memory{
		"VmHWM:\t   100 kB\nVmRSS:\t    90 kB\nRssAnon:\t    30 kB\nRssFile:\t    40 kB\nRssShmem:\t    20 kB\n": {own: 50 << 10, peak: 60 << 10},
		"VmHWM:\t    90 kB\nRssAnon:\t    30 kB\nRssFile:\t    50 kB\nRssShmem:\t    20 kB\n":                    {own: 50 << 10, peak: 50 << 10},
		"Name:\tkworker\n": {},
		"RssAnon:\tx kB\n": {},
	} {
		if got := parseMemory(text); got != want {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
	if got := parseMemory(readStatus(os.Getpid())); got.own < 1<<20 || got.peak < got.own {
		t.Errorf("of this process: got %+v", got)
	}
	const own = 7
	if share := shareOf(os.Getpid(), own); share < 1<<20 {
		t.Errorf("the share of this process: got %d", share)
	}
	if share := shareOf(gone, own); share != 0 {
		t.Errorf("the share of a process that has ended: got %d", share)
	}
}

// gone is nobody's process id.
const gone = 1 << 30

func TestMemoryPeak(t *testing.T) {
	self := os.Getpid()
	alone := shareOf(self, 0)
	most := 2 * alone // of this process, for others to share with it
	var m memoryPeak
	now := time.Now()
	for _, c := range []struct {
		found       map[int]memory
		least, most int64
	}{
		{map[int]memory{self: {10, 15}}, 15, 15},
		{map[int]memory{self: {10, 15}, gone: {20, 20}}, alone / 2, most},
		{map[int]memory{}, alone / 2, most},
		{map[int]memory{self: {5, 10 * alone}}, 10 * alone, 10 * alone},
	} {
		if got := m.note(c.found, now); got < c.least || got > c.most {
			t.Errorf("%+v: got %d, want %d to %d", c.found, got, c.least, c.most)
		}
	}
}

// What two processes share is counted once.
func TestSharedMemory(t *testing.T) {
	t.Parallel()
	o := observe(t, Spec{
		Args: []string{app, "-first=share", "-on-stop=0", "-listen=" + filepath.Join(t.TempDir(), "socket")}, GracePeriod: patient, Settle: patient,
	})
	const shared = 64 << 20
	if got := o.Resources.Memory; verdict(o) != "exit 0" || got < shared || got > shared*3/2 || o.Resources.Processes != 2 {
		t.Errorf("got %+v, want little more than %d bytes in 2 processes: %+v", o.Resources, shared, o)
	}
}

// What a process collects is counted with it, and only once.
func TestProcessorTime(t *testing.T) {
	t.Parallel()
	o := observe(t, Spec{
		Args: []string{app, "-first=burn", "-on-stop=0", "-listen=" + filepath.Join(t.TempDir(), "socket")}, GracePeriod: patient, Settle: patient,
	})
	const burnt = time.Second // half in the child
	if got := o.Resources.CPU; verdict(o) != "exit 0" || got < burnt || got >= burnt*3/2 {
		t.Errorf("got %s, want %s and little more: %+v", got, burnt, o)
	}
}
