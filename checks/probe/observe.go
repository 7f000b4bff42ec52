package probe

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// sampleEvery is how often the process table is looked at: a process may
	// change its user at any time.
	sampleEvery = 50 * time.Millisecond
	// keptOutput is how many bytes of the application's output are kept from its
	// beginning, and from its end.
	keptOutput = 16 << 10
	// keptIdentities bounds how many distinct identities are reported.
	keptIdentities = 32
	// killWait bounds the time that killing what is left may take.
	killWait = 5 * time.Second
)

// application is the program under test.
type application struct {
	spec    Spec
	env     []string
	dir     string
	reaper  *reaper
	pid     int
	began   time.Time
	streams *os.File
	null    *os.File

	// ended is closed when the main process has ended; exit is how.
	ended chan struct{}
	exit  Exit

	mu         sync.Mutex
	excluded   map[int]bool
	identities []Identity
}

// Observe starts the program of the specification in place of the probe's own,
// watches it, and stops it. Whatever the program does is an observation; an
// error means that the probe itself failed.
func Observe(spec Spec) (*Observation, error) {
	// The application's pipes, and ours, may break at any time.
	signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP)
	stop, err := parseSignal(spec.StopSignal)
	if err != nil {
		return &Observation{Version: Version, StartError: err.Error(), Args: spec.Args}, nil
	}
	r, err := newReaper()
	if err != nil {
		return nil, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", os.DevNull, err)
	}
	defer null.Close()
	out, w, err := newCapture(keptOutput)
	if err != nil {
		return nil, fmt.Errorf("make a pipe for the application's output: %w", err)
	}
	a := &application{
		spec: spec, env: environment(spec.Env), dir: spec.WorkingDir, reaper: r, null: null,
		ended: make(chan struct{}), excluded: map[int]bool{},
	}
	if a.dir == "" {
		a.dir = "/"
	}
	o := &Observation{Version: Version, Args: slices.Clone(spec.Args)}
	err = a.start(o, w)
	w.Close()
	if err != nil {
		o.StartError = err.Error()
		return o, nil
	}
	stopSampling := a.sample()
	if spec.Healthcheck.Declared() {
		o.Health = a.awaitHealthy(spec.Healthcheck, spec.StartTimeout)
	} else {
		a.endsWithin(spec.Settle)
	}
	if a.endsWithin(0) {
		exit := a.exit
		o.Early = &exit
	} else {
		o.Stop = a.stop(stop)
	}
	stopSampling()
	a.killRest()
	select {
	case <-out.ended:
	case <-time.After(outputDelay):
	}
	o.Identities, o.Output = a.identities, out.output()
	return o, nil
}

func (a *application) start(o *Observation, w *os.File) error {
	name := ""
	if len(o.Args) > 0 {
		name = o.Args[0]
	}
	path, err := lookup(name, a.env, a.dir)
	if err != nil {
		return err
	}
	if info, err := os.Stat(a.dir); err != nil || !info.IsDir() {
		return fmt.Errorf("the working directory %s is not a directory that uid %d can reach", a.dir, os.Getuid())
	}
	a.began = time.Now()
	pid, ended, err := a.launch(path, o.Args, w)
	if errors.Is(err, syscall.ENOEXEC) {
		return fmt.Errorf("%s is no program for this machine: a script needs a first line as in #!/bin/sh, a binary the platform of the image", path)
	}
	if err != nil {
		return fmt.Errorf("%s could not be started: %w", path, err)
	}
	o.Args[0], a.pid = path, pid
	go func() {
		a.exit = exitOf(<-ended, time.Since(a.began))
		close(a.ended)
	}()
	return nil
}

// launch starts a program of the image in a session of its own, with nothing to
// read and its output to w.
func (a *application) launch(path string, args []string, w *os.File) (int, <-chan syscall.WaitStatus, error) {
	return a.reaper.start(path, args, &syscall.ProcAttr{
		Dir: a.dir, Env: a.env,
		Files: []uintptr{a.null.Fd(), w.Fd(), w.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
}

func exitOf(status syscall.WaitStatus, at time.Duration) Exit {
	if status.Signaled() {
		return Exit{Code: -1, Signal: signalName(status.Signal()), At: at}
	}
	return Exit{Code: status.ExitStatus(), At: at}
}

// endsWithin reports whether the main process ends within a time, or has ended.
func (a *application) endsWithin(d time.Duration) bool {
	select {
	case <-a.ended:
		return true
	default:
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-a.ended:
		return true
	case <-timer.C:
		return false
	}
}

// stop does what docker stop does: it sends the stop signal to the main process,
// only, and waits.
func (a *application) stop(s syscall.Signal) *Stop {
	stop := &Stop{Signal: signalName(s), GracePeriod: a.spec.GracePeriod}
	if p, ok := readStat(filepath.Join("/proc", fmt.Sprint(a.pid))); ok {
		stop.Name = p.name
	}
	a.look() // as whom it runs when it is asked to stop
	var dropped *atomic.Bool
	if stop.Handled = handles(a.pid, s); stop.Handled {
		stop.AsInit, dropped = a.reaper.asInit(a.pid, s, a.ended)
	}
	sent := time.Since(a.began)
	_ = syscall.Kill(a.pid, s)
	if a.endsWithin(a.spec.GracePeriod) {
		exit := a.exit
		exit.At -= sent
		stop.Exit = &exit
	}
	if dropped != nil {
		stop.Dropped = dropped.Load()
	}
	if stop.Exit != nil {
		for _, p := range a.processes() {
			if !p.zombie {
				stop.Left = append(stop.Left, p.name)
			}
		}
		slices.Sort(stop.Left)
		stop.Left = slices.Compact(stop.Left)
	}
	return stop
}

// killRest ends what is left of the application, and returns when nothing is, or
// when that takes too long: the container's end takes the rest.
func (a *application) killRest() {
	deadline := time.NewTimer(killWait)
	defer deadline.Stop()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		alive := false
		for _, p := range a.processes() {
			if !p.zombie {
				alive = true
				_ = syscall.Kill(p.pid, syscall.SIGKILL)
			}
		}
		if !alive {
			return
		}
		select {
		case <-deadline.C:
			return
		case <-again.C:
		}
	}
}

// exclude keeps the processes of a session, a healthcheck's, from being taken
// for the application's.
func (a *application) exclude(session int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.excluded[session] = true
}

func (a *application) processes() []process {
	a.mu.Lock()
	defer a.mu.Unlock()
	return processes(func(session int) bool { return a.excluded[session] })
}

// sample looks at the application's processes now and then until the returned
// function is called.
func (a *application) sample() (stop func()) {
	a.look()
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(sampleEvery)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				a.look()
			}
		}
	}()
	return func() {
		close(done)
		<-stopped
	}
}

// look notes as whom the application's processes run.
func (a *application) look() {
	for _, p := range a.processes() {
		if p.zombie {
			continue
		}
		id, ok := identity(p.pid)
		if !ok {
			continue
		}
		id.Main, id.At = p.pid == a.pid, time.Since(a.began)
		a.note(id)
	}
}

func (a *application) note(id Identity) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, seen := range a.identities {
		if sameIdentity(seen, id) {
			return
		}
	}
	if len(a.identities) < keptIdentities {
		a.identities = append(a.identities, id)
		slices.SortStableFunc(a.identities, func(x, y Identity) int {
			switch {
			case x.Main == y.Main:
				return 0
			case x.Main:
				return -1
			}
			return 1
		})
	}
}

func sameIdentity(a, b Identity) bool {
	return a.Main == b.Main && a.Name == b.Name && a.UIDs == b.UIDs && a.GIDs == b.GIDs && slices.Equal(a.Groups, b.Groups) &&
		a.Effective == b.Effective && a.Bounding == b.Bounding && a.NoNewPrivs == b.NoNewPrivs && a.Seccomp == b.Seccomp
}
