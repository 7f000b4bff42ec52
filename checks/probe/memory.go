package probe

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// shareEvery is how often it is looked up what processes share, while they do not
// have more than when that was last done.
const shareEvery = 500 * time.Millisecond

// memoryPeak is the most that was seen.
type memoryPeak struct {
	most int64
	// sum is the most that the processes were seen to have when what they share is
	// counted for each of them, and sharesAt when it was last looked up what that is.
	sum      int64
	sharesAt time.Time
}

// memory is what a process has in memory, in bytes.
type memory struct {
	// own is what it has now that is not backed by files: private memory, and shared
	// memory that it uses. peak is the most that it had, as far as is known.
	own, peak int64
}

// parseMemory reads the text of /proc/PID/status.
func parseMemory(status string) memory {
	values := kilobytes(status, "RssAnon", "RssShmem", "RssFile", "VmHWM")
	own := values["RssAnon"] + values["RssShmem"]
	// The kernel keeps the peak of all that is in memory, files mapped too: those
	// stay where they are, mostly.
	return memory{own: own, peak: max(own, values["VmHWM"]-values["RssFile"])}
}

// shareOf returns the process's part of the memory that it shares with others, and
// all that it does not, in bytes: nothing where it has ended since, and all of what
// it uses where the kernel does not tell.
func shareOf(pid int, own int64) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
	if errors.Is(err, syscall.ESRCH) || errors.Is(err, fs.ErrNotExist) && readStatus(pid) == "" {
		return 0
	}
	values := kilobytes(string(text), "Pss_Anon", "Pss_Shmem")
	if err != nil || len(values) < 2 {
		return own
	}
	return values["Pss_Anon"] + values["Pss_Shmem"]
}

// kilobytes returns, in bytes, the values of the named lines of a text of /proc.
func kilobytes(text string, names ...string) map[string]int64 {
	values := map[string]int64{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		for _, wanted := range names {
			if name != wanted {
				continue
			}
			if n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64); err == nil {
				values[name] = n << 10
			}
		}
	}
	return values
}

// note notes what the processes have in memory together, and returns the
// most that they, or one of them alone, were seen to have. What several of them
// share is looked up only where it would make a difference: the kernel has to walk
// all of it.
func (m *memoryPeak) note(found map[int]memory, now time.Time) int64 {
	var sum int64
	for _, p := range found {
		sum += p.own
		m.most = max(m.most, p.peak)
	}
	if sum > m.most && len(found) > 1 {
		if sum <= m.sum && now.Sub(m.sharesAt) < shareEvery {
			return m.most
		}
		m.sum, m.sharesAt = max(m.sum, sum), now
		// One that begins or ends to share what another one has changes the part of
		// both, of which only its own may be seen: not so the second time.
		sum = min(together(found), together(found))
	}
	m.most = max(m.most, sum)
	return m.most
}

// together returns what processes have, with what they share counted once.
func together(found map[int]memory) int64 {
	var sum int64
	for pid, p := range found {
		sum += shareOf(pid, p.own)
	}
	return sum
}
