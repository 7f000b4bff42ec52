package probe

import (
	"cmp"
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
	// leaveDelay is how long other processes may outlive the main process that
	// told them to end: theirs is then an end of their own.
	leaveDelay = 200 * time.Millisecond
	// pollEvery is how often the end of other processes is looked for.
	pollEvery = 5 * time.Millisecond
)

// application is the program under test.
type application struct {
	spec   Spec
	env    []string
	dir    string
	reaper *reaper
	pid    int
	began  time.Time
	null   *os.File

	// ended is closed when the main process has ended; exit is how.
	ended chan struct{}
	exit  Exit

	// secrets are the values that the application is given.
	secrets *secrets
	// foreign are the sockets that were there before the application.
	foreign map[string]bool

	mu         sync.Mutex
	excluded   map[int]bool
	identities []Identity
	listenAt   time.Duration
	lookAgain  time.Time
}

// Observe starts the program of the specification in place of the probe's own,
// watches it, and stops it. Whatever the program does is an observation; an
// error means that the probe itself failed.
//
// It is for a process of its own: it collects every child, catches every signal,
// and lends its standard output to the application.
func Observe(spec Spec) (*Observation, error) {
	// The application may send any signal to process 1 or to its parent, and our
	// pipes may break at any time. Signals that are caught, unlike ignored ones,
	// are back at their default in what the probe starts.
	signal.Notify(make(chan os.Signal, 1))
	spec.GracePeriod = cmp.Or(spec.GracePeriod, defaultGracePeriod)
	spec.StartTimeout = cmp.Or(spec.StartTimeout, defaultStartTimeout)
	spec.Settle = cmp.Or(spec.Settle, defaultSettle)
	o := &Observation{Version: Version, Args: slices.Clone(spec.Args), User: spec.User, StartOnly: spec.StartOnly}
	given, err := secretVariables(spec.Secrets)
	if err != nil {
		return nil, err
	}
	hidden := newSecrets(given)
	defer hidden.conceal(o)
	stop, err := parseSignal(spec.StopSignal)
	if err != nil {
		o.StartError = err.Error()
		return o, nil
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
	out, w, err := newCapture(keptOutput, hidden)
	if err != nil {
		return nil, fmt.Errorf("make a pipe for the application's output: %w", err)
	}
	a := &application{
		spec: spec, env: environment(slices.Concat(spec.Env, given)), dir: spec.WorkingDir, reaper: r, null: null,
		ended: make(chan struct{}), excluded: map[int]bool{},
		secrets: hidden, foreign: inodes(openSockets()),
	}
	if a.dir == "" {
		a.dir = "/"
	}
	// Applications log to /proc/1/fd/1, which is ours here.
	if err := syscall.Dup3(int(w.Fd()), 1, 0); err != nil {
		return nil, fmt.Errorf("lend the standard output to the application: %w", err)
	}
	err = a.start(o, w)
	w.Close()
	if err != nil {
		o.StartError = err.Error()
		return o, nil
	}
	stopSampling := a.sample()
	if spec.Healthcheck.Declared() {
		o.Health = a.awaitHealthy(*spec.Healthcheck, spec.StartTimeout)
	}
	a.settle(stop)
	o.Sockets = a.sockets()
	o.Metrics = a.metrics(o.Sockets)
	flight := a.request(o.Sockets)
	if a.endsWithin(0) {
		exit := a.exit
		o.Early = &exit
	} else {
		o.Stop = a.stop(stop, flight)
	}
	stopSampling()
	a.killRest()
	if err := syscall.Dup3(int(null.Fd()), 1, 0); err != nil {
		return nil, fmt.Errorf("take the standard output back from the application: %w", err)
	}
	out.drain(outputDelay)
	o.Identities, o.ListenAt, o.Output = a.identities, a.listenAt, out.output()
	return o, nil
}

func (a *application) start(o *Observation, w *os.File) error {
	if len(o.Args) == 0 {
		return errors.New("the image names no program to start: set ENTRYPOINT or CMD")
	}
	path, err := lookup(o.Args[0], a.env, a.dir)
	if err != nil {
		return err
	}
	if info, err := os.Stat(a.dir); err != nil || !info.IsDir() || syscall.Access(a.dir, 1) != nil {
		return fmt.Errorf("the working directory %s is not a directory that uid %d can reach", a.dir, os.Getuid())
	}
	a.began = time.Now()
	pid, ended, err := a.launch(path, o.Args, w)
	if err != nil {
		return explain(path, err)
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

// launchApart is launch for what is not of the application: its session is kept
// from being taken for the application's from the start.
func (a *application) launchApart(path string, args []string, w *os.File) (int, <-chan syscall.WaitStatus, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	pid, ended, err := a.launch(path, args, w)
	if err == nil {
		a.excluded[pid] = true
	}
	return pid, ended, err
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

// settle waits until the application looks started: it listens, and has a
// handler for its stop signal, at two looks in a row. An application that shows
// neither has until the bound, and is started if it lives. Docker asks nobody to
// stop this early; an application that was on the point of installing its handler
// would be taken for one without, so that one without has several times as long:
// on a busy machine an interpreter takes seconds to load an application.
func (a *application) settle(s syscall.Signal) {
	for before := false; ; {
		handled := handles(a.pid, s)
		now := handled && a.listens(a.processes())
		bound := a.spec.Settle
		if !handled {
			bound *= withoutHandler
		}
		left := bound - time.Since(a.began)
		if now && before || left <= 0 || a.endsWithin(min(sampleEvery, left)) {
			return
		}
		before = now
	}
}

// stop does what docker stop does: it sends the stop signal to the main process,
// only, and waits. A request may be in flight.
func (a *application) stop(s syscall.Signal, flight *inFlight) *Stop {
	stop := &Stop{Signal: signalName(s), Number: int(s), Program: program(a.pid), GracePeriod: a.spec.GracePeriod}
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
	flight.signalled(a, sent)
	if a.endsWithin(a.spec.GracePeriod) {
		exit := a.exit
		exit.At = max(0, exit.At-sent)
		stop.Exit = &exit
	}
	if dropped != nil {
		stop.Dropped = dropped.Load()
	}
	if stop.Exit != nil {
		for _, p := range a.outlive(leaveDelay) {
			stop.Left = append(stop.Left, p.name)
		}
		slices.Sort(stop.Left)
		stop.Left = slices.Compact(stop.Left)
	}
	stop.Request, stop.Connections = flight.end(a)
	return stop
}

// outlive returns the processes that are there after a delay; none as soon as
// there are none.
func (a *application) outlive(d time.Duration) []process {
	deadline := time.NewTimer(d)
	defer deadline.Stop()
	again := time.NewTicker(pollEvery)
	defer again.Stop()
	for {
		left := a.processes()
		if len(left) == 0 {
			return nil
		}
		select {
		case <-deadline.C:
			return left
		case <-again.C:
		}
	}
}

// killRest ends whatever was started, and returns when nothing is left, or when
// that takes too long: the container's end takes the rest.
func (a *application) killRest() {
	deadline := time.NewTimer(killWait)
	defer deadline.Stop()
	again := time.NewTicker(pollEvery)
	defer again.Stop()
	for {
		left := processes(func(int) bool { return false })
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
	found := a.processes()
	for _, p := range found {
		id, ok := identity(p.pid)
		if !ok {
			continue
		}
		id.Main, id.At = p.pid == a.pid, time.Since(a.began)
		a.note(id)
	}
	a.noteListening(found)
}

func (a *application) note(id Identity) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, seen := range a.identities {
		if sameIdentity(seen, id) {
			return
		}
	}
	if len(a.identities) == keptIdentities {
		// Root takes the place of the last that is not.
		last := len(a.identities) - 1
		for last >= 0 && a.identities[last].root() {
			last--
		}
		if last < 0 || !id.root() {
			return
		}
		a.identities = slices.Delete(a.identities, last, last+1)
	}
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

func (id Identity) root() bool { return slices.Contains(id.UIDs[:], 0) }

// sameIdentity compares two identities by all but their name: a program that
// starts others has as many names as it likes.
func sameIdentity(a, b Identity) bool {
	return a.Main == b.Main && a.UIDs == b.UIDs && a.GIDs == b.GIDs && slices.Equal(a.Groups, b.Groups) &&
		a.Effective == b.Effective && a.Bounding == b.Bounding && a.NoNewPrivs == b.NoNewPrivs && a.Seccomp == b.Seccomp
}
