package probe

import (
	"fmt"
	"syscall"
	"time"
)

// Docker's defaults for what a HEALTHCHECK leaves unset:
// https://docs.docker.com/reference/dockerfile/#healthcheck
const (
	defaultInterval = 30 * time.Second
	defaultTimeout  = 30 * time.Second
	defaultRetries  = 3
)

// The probe runs the test at once and then more often than Docker would, so as
// not to wait out an interval for an application that is long up.
const (
	firstPause = 50 * time.Millisecond
	mostPause  = time.Second
)

const (
	// keptRuns is how many of the last runs are reported; Docker keeps as many.
	keptRuns = 5
	// keptRunOutput is how many bytes of a run's output are, as with Docker.
	keptRunOutput = 4096
	// outputDelay is how long the output of a test that has ended may stay open
	// in the hands of what it left behind.
	outputDelay = 200 * time.Millisecond
)

// patience returns how long Docker would wait, at the longest, before it starts
// the run that turns the image unhealthy: the start period, in which failures do
// not count, and then an interval for each retry. A test that has not passed by
// then has failed by Docker's clock too, so the probe is never stricter.
func (h *Healthcheck) patience() time.Duration {
	interval, retries := h.Interval, h.Retries
	if interval == 0 {
		interval = defaultInterval
	}
	if retries == 0 {
		retries = defaultRetries
	}
	return h.StartPeriod + time.Duration(retries)*interval
}

func (h *Healthcheck) timeout() time.Duration {
	if h.Timeout == 0 {
		return defaultTimeout
	}
	return h.Timeout
}

// args returns the command of the test.
func (h *Healthcheck) args(shell []string) []string {
	if h.Test[0] != "CMD-SHELL" {
		return h.Test[1:]
	}
	if len(shell) == 0 {
		shell = []string{"/bin/sh", "-c"}
	}
	return append(append([]string{}, shell...), h.Test[1:]...)
}

// awaitHealthy runs the test until it passes, the main process ends, or Docker
// would have given up; the last run begins no earlier than that.
func (a *application) awaitHealthy(h *Healthcheck, bound time.Duration) *Health {
	health := &Health{}
	deadline := min(h.patience(), bound)
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		last := time.Since(a.began) >= deadline
		run := a.check(h)
		health.Runs++
		health.Last = append(health.Last, run)
		if len(health.Last) > keptRuns {
			health.Last = health.Last[1:]
		}
		health.At = time.Since(a.began)
		health.Healthy = run.Code == 0 && run.Error == ""
		if health.Healthy || last {
			return health
		}
		if left := deadline - time.Since(a.began); left > 0 {
			pause = min(pause, left)
		}
		if a.endsWithin(pause) {
			return health
		}
	}
}

// check runs the test once, as a process group of its own, which is killed whole
// when the test takes longer than its timeout.
func (a *application) check(h *Healthcheck) Run {
	run := Run{At: time.Since(a.began), Code: -1}
	defer func() { run.Took = time.Since(a.began) - run.At }()
	args := h.args(a.spec.Shell)
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	path, err := lookup(name, a.env, a.dir)
	if err != nil {
		run.Error = err.Error()
		return run
	}
	out, w, err := newCapture(keptRunOutput)
	if err != nil {
		run.Error = err.Error()
		return run
	}
	pid, ended, err := a.launch(path, args, w)
	w.Close()
	if err != nil {
		run.Error = fmt.Sprintf("%s could not be started: %v", path, err)
		return run
	}
	a.exclude(pid)
	timeout := time.NewTimer(h.timeout())
	defer timeout.Stop()
	select {
	case status := <-ended:
		if status.Signaled() {
			run.Error = "ended by " + signalName(status.Signal())
		} else {
			run.Code = status.ExitStatus()
		}
	case <-timeout.C:
		run.Error = fmt.Sprintf("still running at its timeout of %s", h.timeout())
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	drain := time.NewTimer(outputDelay)
	defer drain.Stop()
	select {
	case <-out.ended:
	case <-drain.C:
	}
	run.Output = out.output().Head
	return run
}
