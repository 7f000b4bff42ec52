package probe

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// The kernel drops a signal that process 1 does not handle, where it would end
// any other process. The application is process 1 in production and a child of
// the probe here, which matters to programs that end by raising the stop signal
// again once they have handled it: as process 1, uvicorn then exits by itself,
// and Node.js without a handler of its own goes on for ever. So while the
// application is stopped the probe traces it, and drops what the kernel would.

// stopOf is a traced thread that has stopped, and why.
type stopOf struct {
	tid    int
	status syscall.WaitStatus
}

const (
	ptraceSeize     = 0x4206
	ptraceListen    = 0x4208
	ptraceEventStop = 128
)

// asInit makes a signal reach the process as it would reach process 1, until the
// process ends. It returns whether that could be arranged, and a flag that is set
// once the signal was dropped.
func (r *reaper) asInit(pid int, s syscall.Signal, ended <-chan struct{}) (bool, *atomic.Bool) {
	dropped := new(atomic.Bool)
	arranged := make(chan bool)
	go func() {
		// Only the thread that traces may go on doing so; it is not given back.
		runtime.LockOSThread()
		if err := seize(pid); err != nil {
			arranged <- false
			return
		}
		arranged <- true
		for {
			select {
			case <-ended:
				return
			case stop := <-r.stops:
				proceed(pid, stop, s, dropped)
			}
		}
	}()
	return <-arranged, dropped
}

// seize traces every thread of a process, and those that they start.
func seize(pid int) error {
	seized := map[int]bool{}
	for {
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/[0-9]*", pid))
		if err != nil || len(tasks) == 0 {
			return fmt.Errorf("list the threads of process %d: %w", pid, os.ErrProcessDone)
		}
		fresh := false
		for _, task := range tasks {
			tid, err := strconv.Atoi(filepath.Base(task))
			if err != nil || seized[tid] {
				continue
			}
			_, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, ptraceSeize, uintptr(tid), 0, syscall.PTRACE_O_TRACECLONE, 0, 0)
			// A thread that another one started since is traced already; one that has
			// ended needs not be.
			if errno != 0 && !(len(seized) > 0 && (errno == syscall.EPERM || errno == syscall.ESRCH)) {
				return fmt.Errorf("trace thread %d: %w", tid, errno)
			}
			seized[tid], fresh = true, true
		}
		if !fresh {
			return nil
		}
	}
}

// proceed lets a stopped thread go on: with the signal that it stopped for,
// unless that is one that the kernel would not have let process 1 have.
func proceed(pid int, stop stopOf, s syscall.Signal, dropped *atomic.Bool) {
	sig, event := stop.status.StopSignal(), int(stop.status)>>16
	switch {
	case event == ptraceEventStop && sig != syscall.SIGTRAP:
		_, _, _ = syscall.Syscall6(syscall.SYS_PTRACE, ptraceListen, uintptr(stop.tid), 0, 0, 0, 0)
	case event != 0:
		_ = syscall.PtraceCont(stop.tid, 0)
	case sig == s && !handles(pid, s):
		dropped.Store(true)
		_ = syscall.PtraceCont(stop.tid, 0)
	default:
		_ = syscall.PtraceCont(stop.tid, int(sig))
	}
}

// handles reports whether a process has a handler for a signal now.
func handles(pid int, s syscall.Signal) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return err == nil && caught(string(text), s)
}

// caught reports whether the text of /proc/PID/status has a handler for a signal.
func caught(status string, s syscall.Signal) bool {
	for line := range strings.Lines(status) {
		if mask, ok := strings.CutPrefix(line, "SigCgt:"); ok {
			bits, err := strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
			return err == nil && bits>>(uint(s)-1)&1 == 1
		}
	}
	return false
}
