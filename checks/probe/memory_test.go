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
	if share, ok := shareOf(os.Getpid()); !ok || share < 1<<20 {
		t.Errorf("the share of this process: got %d", share)
	}
}

func TestMemoryPeak(t *testing.T) {
	var m memoryPeak
	now := time.Now()
	const gone = 1 << 30 // nobody's process id: what it shares is not known
	for _, c := range []struct {
		found map[int]memory
		want  int64
	}{
		{map[int]memory{gone: {10, 15}}, 15},
		{map[int]memory{gone: {10, 15}, gone + 1: {20, 20}}, 30},
		{map[int]memory{gone: {5, 15}}, 30},
		{map[int]memory{gone: {5, 40}, gone + 1: {1, 1}}, 40},
		{map[int]memory{}, 40},
	} {
		if got := m.note(c.found, now); got != c.want {
			t.Errorf("%+v: got %d, want %d", c.found, got, c.want)
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
