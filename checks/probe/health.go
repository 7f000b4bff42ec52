package probe

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"
)

// Docker's defaults for what a HEALTHCHECK leaves unset:
// https://docs.docker.com/reference/dockerfile/#healthcheck
const (
	defaultInterval      = 30 * time.Second
	defaultTimeout       = 30 * time.Second
	defaultStartInterval = 5 * time.Second
	defaultRetries       = 3
)

// The probe runs the test at once and then more often than Docker would, so as
// not to wait out an interval for an application that is long up.
const (
	firstPause           = 50 * time.Millisecond
	defaultCheckInterval = time.Second
)

const (
	// keptRuns is how many of the last runs are reported; Docker keeps as many.
	keptRuns = 5
	// keptRunOutput is how many bytes of a run's output are, as with Docker.
	keptRunOutput = 4096
	// outputDelay is how long the output of what has ended may stay open in the
	// hands of what it left behind.
	outputDelay = 200 * time.Millisecond
)

// withDefaults returns the healthcheck with Docker's defaults where it leaves
// something unset.
func (h Healthcheck) withDefaults() Healthcheck {
	for _, d := range []struct {
		value    *time.Duration
		standard time.Duration
	}{
		{&h.Interval, defaultInterval}, {&h.Timeout, defaultTimeout}, {&h.StartInterval, defaultStartInterval},
	} {
		if *d.value <= 0 {
			*d.value = d.standard
		}
	}
	if h.Retries <= 0 {
		h.Retries = defaultRetries
	}
	return h
}

// patience returns the latest time at which Docker would begin the run that
// turns the image unhealthy, where no run takes longer than the given time.
//
// Docker's first run that counts begins one interval after the start or, with a
// start period, at most one start interval after its end, where the interval
// may be the longer. Each further run begins one interval after the end of the
// one before, and the Retries-th that fails decides. A run may be on its way
// when the start period ends, so Retries of them may have to be waited for.
//
// An application that does not pass the test at that time, after no fewer runs
// that counted, is unhealthy by Docker's clock too: the probe is never stricter.
func (h Healthcheck) patience(slowest time.Duration) time.Duration {
	first := h.Interval
	if h.StartPeriod > 0 {
		first = max(h.Interval, h.StartInterval)
	}
	retries := time.Duration(h.Retries)
	return h.StartPeriod + first + (retries-1)*h.Interval + retries*slowest
}

// args returns the command of the test.
func (h Healthcheck) args(shell []string) []string {
	if h.Test[0] != "CMD-SHELL" {
		return h.Test[1:]
	}
	if len(shell) == 0 {
		shell = []string{"/bin/sh", "-c"}
	}
	return append(append([]string{}, shell...), h.Test[1:]...)
}

// Telling returns the runs, two at most, that say why the test did not pass, the last
// one first: one that was cut short may hang, or have begun a moment before, so that
// the one before it says more.
func (h Health) Telling() []Run {
	last := slices.Clone(h.Last)
	slices.Reverse(last)
	if len(last) > 1 && last[0].CutShort {
		return last[:2]
	}
	return last[:min(len(last), 1)]
}

// awaitHealthy runs the test from now on until it passes, the main process ends,
// Docker would have given up, or the bound.
func (a *application) awaitHealthy(h Healthcheck, bound time.Duration) *Health {
	h = h.withDefaults()
	health := &Health{}
	var slowest time.Duration
	counted := 0
	start := time.Now()
	for pause := min(firstPause, a.spec.CheckInterval); ; pause = min(2*pause, a.spec.CheckInterval) {
		began := time.Since(start)
		last := began >= h.patience(slowest) && counted+1 >= h.Retries
		run := a.check(h, bound-began, "still running when the time to start was over")
		health.Runs++
		health.Last = append(health.Last, run)
		if len(health.Last) > keptRuns {
			health.Last = health.Last[1:]
		}
		took := time.Since(start)
		health.At = time.Since(a.began)
		health.Healthy = run.Code == 0 && run.Error == ""
		if health.Healthy || last && !run.CutShort || a.endsWithin(0) {
			return health
		}
		if began >= h.StartPeriod {
			counted++
		}
		slowest = max(slowest, run.Took)
		wait := min(pause, bound-took)
		if left := h.patience(slowest) - took; left > 0 {
			wait = min(wait, left)
		}
		if a.endsWithin(wait) {
			return health
		}
		if time.Since(start) >= bound {
			health.TimedOut = true
			return health
		}
	}
}

// check runs the test once, as a process group of its own, which is killed whole
// when the test takes longer than its timeout or than the bound, of which over
// tells, or when the main process ends, as every process of a container then is.
func (a *application) check(h Healthcheck, bound time.Duration, over string) Run {
	run := Run{At: time.Since(a.began), Code: -1}
	out, err := a.test(&run, h, bound, over)
	if err != nil {
		run.Error = err.Error()
	}
	run.Output = out
	run.Took = time.Since(a.began) - run.At
	return run
}

// test runs the test and notes its exit status. It returns what the test wrote,
// and why it has no exit status.
func (a *application) test(run *Run, h Healthcheck, bound time.Duration, over string) (string, error) {
	args := h.args(a.spec.Shell)
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	path, err := lookup(name, a.env, a.dir)
	if err != nil {
		return "", err
	}
	out, w, err := newCapture(keptRunOutput, a.secrets)
	if err != nil {
		return "", err
	}
	pid, ended, err := a.launchApart(path, args, w)
	w.Close()
	if err != nil {
		return "", explain(path, err)
	}
	timeout := time.NewTimer(min(h.Timeout, bound))
	defer timeout.Stop()
	select {
	case status := <-ended:
		if status.Signaled() {
			err = fmt.Errorf("ended by %s", signalName(status.Signal()))
		} else {
			run.Code = status.ExitStatus()
		}
	case <-a.ended:
		err = fmt.Errorf("ended with the main process")
	case <-timeout.C:
		err = fmt.Errorf("still running at its timeout of %s", h.Timeout)
		if bound < h.Timeout {
			run.CutShort, err = true, errors.New(over)
		}
	}
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	a.killStrays()
	out.drain(outputDelay)
	return out.output().Head, err
}

// killStrays ends what a healthcheck left behind that is no longer of its group.
func (a *application) killStrays() {
	deadline := time.NewTimer(killWait)
	defer deadline.Stop()
	again := time.NewTicker(pollEvery)
	defer again.Stop()
	for {
		strays := a.strays()
		if len(strays) == 0 {
			return
		}
		for _, p := range strays {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
		select {
		case <-deadline.C:
			return
		case <-again.C:
		}
	}
}
