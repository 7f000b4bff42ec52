package probe

import (
	"fmt"
	"sync"
	"syscall"
	"time"
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
	// main is the application's main process, mainEnded whether it was collected, and
	// cpu the processor time of all of the application's that were, with what they
	// had collected themselves.
	main      int
	mainEnded bool
	cpu       time.Duration
	// stops gets the threads that stopped because they are traced.
	stops chan stopOf
}

func newReaper() (*reaper, error) {
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
	return r.startLocked(path, args, attr)
}

// startMain is start for the application's main process.
func (r *reaper) startMain(path string, args []string, attr *syscall.ProcAttr) (int, <-chan syscall.WaitStatus, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	pid, ended, err := r.startLocked(path, args, attr)
	r.main = pid
	return pid, ended, err
}

func (r *reaper) startLocked(path string, args []string, attr *syscall.ProcAttr) (int, <-chan syscall.WaitStatus, error) {
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
		var usage syscall.Rusage
		pid, err := syscall.Wait4(-1, &status, 0, &usage)
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
			ended, ok := r.running[pid]
			if ok {
				ended <- status
				delete(r.running, pid)
			}
			// What the application leaves behind falls to its main process as long as
			// that lives, and to the probe after that. Before, what the probe has not
			// started is of a healthcheck, or a traced thread.
			r.mainEnded = r.mainEnded || pid == r.main
			if pid == r.main || r.mainEnded && !ok {
				r.cpu += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
			}
			r.mu.Unlock()
		}
	}
}

// spent returns the processor time of the application's processes that have ended.
// What a parent has the kernel collect for it, unseen, is not in it.
func (r *reaper) spent() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cpu
}
