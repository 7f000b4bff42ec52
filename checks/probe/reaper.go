package probe

import (
	"fmt"
	"sync"
	"syscall"
)

// reaper starts processes and collects every child that ends: its own, and those
// that the application leaves behind, which fall to the probe as process 1 or as
// subreaper.
type reaper struct {
	mu      sync.Mutex
	started *sync.Cond
	running map[int]chan syscall.WaitStatus
	// total counts the processes ever started.
	total int
	// stops gets the threads that stopped because they are traced.
	stops chan stopOf
}

func newReaper() (*reaper, error) {
	const prSetChildSubreaper = 36
	if _, _, errno := syscall.Syscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); errno != 0 {
		return nil, fmt.Errorf("become the reaper of the application's processes: %w", errno)
	}
	r := &reaper{running: map[int]chan syscall.WaitStatus{}, stops: make(chan stopOf, 64)}
	r.started = sync.NewCond(&r.mu)
	go r.reap()
	return r, nil
}

// start starts a process and returns its id, and a channel that gets its status
// when it has ended.
func (r *reaper) start(path string, args []string, attr *syscall.ProcAttr) (int, <-chan syscall.WaitStatus, error) {
	// Locked, so that a process that ends at once is known before it is collected.
	r.mu.Lock()
	defer r.mu.Unlock()
	pid, err := syscall.ForkExec(path, args, attr)
	if err != nil {
		return 0, nil, err
	}
	ended := make(chan syscall.WaitStatus, 1)
	r.running[pid] = ended
	r.total++
	r.started.Signal()
	return pid, ended, nil
}

func (r *reaper) reap() {
	for {
		r.mu.Lock()
		total := r.total
		r.mu.Unlock()
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case err == syscall.ECHILD:
			// No child: none can come before one is started.
			r.mu.Lock()
			for r.total == total {
				r.started.Wait()
			}
			r.mu.Unlock()
		case err == nil && status.Stopped():
			r.stops <- stopOf{pid, status}
		case err == nil && (status.Exited() || status.Signaled()):
			r.mu.Lock()
			if ended, ok := r.running[pid]; ok {
				ended <- status
				delete(r.running, pid)
			}
			r.mu.Unlock()
		}
	}
}
