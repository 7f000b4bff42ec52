package probe

import (
	"fmt"
	"syscall"
	"time"
)

const (
	// frozenTimeout bounds the run of the healthcheck while the application stands
	// still.
	frozenTimeout = 3 * time.Second
	// haltWait bounds the wait until all processes have stopped.
	haltWait = time.Second
	// haltTries is how often it is tried to stop all processes: one that waits for a
	// child of its own to execute a program stops only after that.
	haltTries = 5
)

// frozen runs the healthcheck once while all of the application's processes are
// stopped, lets them go on, and waits until it passes again. It returns nil where
// they could not all be stopped.
func (a *application) frozen(h Healthcheck) *Frozen {
	h = h.withDefaults()
	a.pauseZombies(true)
	stopped := map[int]uint64{}
	still := false
	for try := 0; try < haltTries && !still && !a.endsWithin(0); try++ {
		if still = halt(a.processes, haltWait, stopped); !still {
			a.thaw(stopped)
		}
	}
	var f *Frozen
	if still && !a.endsWithin(0) {
		f = &Frozen{Run: a.check(h, frozenTimeout, fmt.Sprintf("still running after %s", frozenTimeout))}
	}
	a.thaw(stopped)
	a.pauseZombies(false)
	if f != nil && !a.endsWithin(0) {
		f.Again = a.awaitHealthy(h, a.spec.StartTimeout)
	}
	return f
}

// halt stops processes until a look finds all of them stopped, and reports whether
// one did. Those that it stops are added to the map by process id, with the time
// that they began at, unless that is nil. Parents come before children, so that
// they do not see these stop.
func halt(list func() []process, bound time.Duration, stopped map[int]uint64) bool {
	deadline := time.NewTimer(bound)
	defer deadline.Stop()
	again := time.NewTicker(pollEvery)
	defer again.Stop()
	for {
		running := false
		for _, p := range list() {
			if p.stopped {
				continue
			}
			running = true
			if syscall.Kill(p.pid, syscall.SIGSTOP) == nil && stopped != nil {
				stopped[p.pid] = p.began
			}
		}
		if !running {
			return true
		}
		select {
		case <-deadline.C:
			return false
		case <-again.C:
		}
	}
}

// thaw lets the stopped processes go on, children before parents.
func (a *application) thaw(stopped map[int]uint64) {
	found := a.processes()
	for i := len(found) - 1; i >= 0; i-- {
		if began, ok := stopped[found[i].pid]; ok && began == found[i].began {
			_ = syscall.Kill(found[i].pid, syscall.SIGCONT)
		}
	}
	clear(stopped)
}
