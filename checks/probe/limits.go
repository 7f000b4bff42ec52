package probe

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A container engine limits what a container may take; the one that builds sets no
// limits. So the probe does, by looking: what goes beyond a limit between two looks
// is killed at the next.

const (
	rlimitProcesses = 6 // RLIMIT_NPROC
	// leastProcesses is the least limit of RLIMIT_NPROC that is set.
	leastProcesses = 4096
	// manyTimes the processes that there may be are too many, whatever they are.
	manyTimes = 2
)

// processLimit returns the soft limit of RLIMIT_NPROC for the application; 0 for
// none. It is a backstop only, for a program that forks faster than the probe
// looks. The kernel counts the threads of the user in all containers together,
// those that are out of sight too, and does not tell how many that is: so the
// limit is far above what the application may have, lest it fails for what others
// do. The kernel does not apply it to root.
func (a *application) processLimit() uint64 {
	if a.spec.MaxProcesses <= 0 || os.Getuid() == 0 {
		return 0
	}
	threads := 0
	for _, pid := range pids() {
		n, err := strconv.Atoi(pid)
		if err != nil {
			continue
		}
		text := readStatus(n)
		if id, ok := parseStatus(text); ok && id.UIDs[0] == os.Getuid() {
			threads += threadsOf(text)
		}
	}
	return uint64(max(leastProcesses, threads+8*a.spec.MaxProcesses))
}

// threadsOf returns the number of threads in the text of /proc/PID/status.
func threadsOf(status string) int {
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, "Threads:"); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(value))
			return n
		}
	}
	return 0
}

// limitProcesses lowers the soft limit of RLIMIT_NPROC of this process.
func limitProcesses(to uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(rlimitProcesses, &limit); err != nil {
		return err
	}
	limit.Cur = min(limit.Cur, to)
	return syscall.Setrlimit(rlimitProcesses, &limit)
}

// enforce kills everything where the application has more than it may. It reports
// whether it did.
func (a *application) enforce(what string, seen, limit int64) bool {
	if limit <= 0 || seen <= limit {
		return false
	}
	if a.exceeded == nil {
		a.exceeded = &Exceeded{What: what, Limit: limit, Seen: seen, At: time.Since(a.began)}
	}
	a.killAll()
	return true
}

// watch kills everything, until done, as soon as there are so many processes that it
// would take too long to look at each: a program that forks without end leaves little
// time for anything else. So it has a thread of its own, which sleeps in the kernel:
// where thousands of processes wait for a processor, each hand-over from one thread of
// the probe to another takes seconds.
func (a *application) watch(done <-chan struct{}) {
	if a.spec.MaxProcesses <= 0 || os.Getpid() != 1 {
		return // others have processes here too
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pause := syscall.NsecToTimespec(int64(watchEvery))
	for {
		select {
		case <-done:
			return
		default:
		}
		_ = syscall.Nanosleep(&pause, nil)
		seen := len(pids()) - 1
		if seen <= manyTimes*a.spec.MaxProcesses {
			continue
		}
		// At once: who looks at them meanwhile is not done soon.
		_ = syscall.Kill(-1, syscall.SIGKILL)
		a.looking.Lock()
		a.most = max(a.most, seen)
		a.enforce("processes", int64(seen), int64(a.spec.MaxProcesses))
		a.looking.Unlock()
	}
}

// killAll ends whatever was started, and returns when nothing is left, or when
// that takes too long: the container's end takes the rest.
func (a *application) killAll() {
	deadline := time.NewTimer(killWait)
	defer deadline.Stop()
	again := time.NewTicker(pollEvery)
	defer again.Stop()
	self := os.Getpid()
	all := func() []process { return living(readTable().descendants(self, 0)) }
	if self != 1 {
		// A program that forks is to find no room where another was killed.
		halt(all, haltWait, nil)
	}
	for {
		if self == 1 {
			// All others at once: nobody can fork meanwhile.
			_ = syscall.Kill(-1, syscall.SIGKILL)
		}
		left := all()
		if len(left) == 0 {
			return
		}
		for _, p := range left {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
		select {
		case <-deadline.C:
			return
		case <-again.C:
		}
	}
}
