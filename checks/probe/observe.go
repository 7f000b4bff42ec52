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
	// watchEvery is how often the processes are counted.
	watchEvery = 10 * time.Millisecond
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
	foreign func() map[string]bool

	mu sync.Mutex
	// excluded are the sessions of healthchecks.
	excluded   map[int]bool
	identities []Identity
	listenAt   time.Duration
	lookAgain  time.Time

	looking sync.Mutex
	// most is how many processes lived at once.
	most     int
	memory   memoryPeak
	zombies  zombies
	exceeded *Exceeded
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
	reserveThreads()
	spec.GracePeriod = cmp.Or(spec.GracePeriod, defaultGracePeriod)
	spec.StartTimeout = cmp.Or(spec.StartTimeout, defaultStartTimeout)
	spec.Settle = cmp.Or(spec.Settle, defaultSettle)
	spec.CheckInterval = cmp.Or(spec.CheckInterval, defaultCheckInterval)
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
		secrets: hidden, foreign: foreignSockets(),
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
	var flight *inFlight
	switch {
	case !spec.StartOnly:
		a.settle(stop)
		o.Sockets = a.sockets()
		o.Metrics = a.metrics(o.Sockets)
		if o.Health != nil && o.Health.Healthy && !a.endsWithin(0) {
			o.Frozen = a.frozen(*spec.Healthcheck)
		}
		a.awaitZombies()
		a.endsWithin(spec.StayUp - time.Since(a.began))
		flight = a.request(o.Sockets)
	case o.Health == nil:
		a.settle(stop)
		a.endsWithin(spec.Settle - time.Since(a.began))
	}
	if a.endsWithin(0) {
		exit := a.exit
		o.Early = &exit
	} else if !spec.StartOnly {
		o.Stop = a.stop(stop, flight)
	}
	stopSampling()
	a.killAll()
	if err := syscall.Dup3(int(null.Fd()), 1, 0); err != nil {
		return nil, fmt.Errorf("take the standard output back from the application: %w", err)
	}
	out.drain(outputDelay)
	o.Identities, o.ListenAt, o.Output, o.Exceeded = a.identities, a.listenAt, out.output(), a.exceeded
	o.Resources = Resources{Memory: a.memory.most, CPU: r.spent(), Processes: a.most, Zombies: a.zombies.names}
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
	pid, ended, err := a.launchMain(path, o.Args, w, w)
	if err != nil {
		return explain(path, err)
	}
	o.Args[0], a.pid, a.began, a.most = path, pid, time.Now(), 1
	go func() {
		a.exit = exitOf(<-ended, time.Since(a.began))
		close(a.ended)
	}()
	return nil
}

// launchApart starts a program of the image that is not of the application, in a
// session of its own, with nothing to read and its output to w. Its session is
// kept from being taken for the application's from the start.
func (a *application) launchApart(path string, args []string, w *os.File) (int, <-chan syscall.WaitStatus, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	pid, ended, err := a.reaper.start(path, args, &syscall.ProcAttr{
		Dir: a.dir, Env: a.env,
		Files: []uintptr{a.null.Fd(), w.Fd(), w.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
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
// on a busy machine an interpreter takes seconds to load an application. The time that
// it waits for a processor there, up to the StartTimeout, does not count.
func (a *application) settle(s syscall.Signal) {
	for before := false; ; {
		handled := handles(a.pid, s)
		processes := a.processes()
		now := handled && a.listens(processes)
		bound := a.spec.Settle
		if !handled {
			bound *= withoutHandler
		}
		bound += min(awaitedProcessor(processes), a.spec.StartTimeout)
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
	stop := &Stop{Signal: signalName(s), Number: int(s), Command: commandLine(a.pid), GracePeriod: a.spec.GracePeriod}
	if len(stop.Command) > 0 && stop.Command[0] != "" {
		stop.Program = filepath.Base(stop.Command[0])
	}
	if p, ok := readStat(filepath.Join("/proc", fmt.Sprint(a.pid))); ok {
		stop.Name = p.name
	}
	a.look() // as whom it runs when it is asked to stop
	a.pauseZombies(true)
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

// processes returns the application's that live.
func (a *application) processes() []process {
	found, _ := a.descendants()
	return living(found)
}

// descendants returns the application's processes, zombies too, parents before
// children, and whether the main process lives. As long as it does, they are that
// and all its descendants. When it ends, what it leaves behind falls to the probe,
// like what healthchecks leave behind.
func (a *application) descendants() ([]process, bool) {
	t := readTable()
	if t.lives(a.pid) && !a.endsWithin(0) {
		return slices.Insert(t.descendants(a.pid, 0), 0, t[a.pid]), true
	}
	return slices.DeleteFunc(t.descendants(os.Getpid(), 0), a.isApart), false
}

// strays returns the processes that healthchecks started and that live.
func (a *application) strays() []process {
	t := readTable()
	// If the main process ended while the table was read, its children may seem to
	// be strays.
	if p, ok := readStat(fmt.Sprintf("/proc/%d", a.pid)); ok && !p.zombie && !a.endsWithin(0) {
		return living(t.descendants(os.Getpid(), a.pid))
	}
	return living(slices.DeleteFunc(t.descendants(os.Getpid(), 0), func(p process) bool { return !a.isApart(p) }))
}

// isApart reports whether a process is of a healthcheck's session.
func (a *application) isApart(p process) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.excluded[p.session]
}

// sample looks at the application's processes now and then until the returned
// function is called.
func (a *application) sample() (stop func()) {
	a.look()
	done := make(chan struct{})
	var sampling sync.WaitGroup
	sampling.Go(func() { a.watch(done) })
	sampling.Go(func() {
		look := time.NewTicker(sampleEvery)
		defer look.Stop()
		for {
			select {
			case <-done:
				return
			case <-look.C:
				a.look()
			}
		}
	})
	return func() {
		close(done)
		sampling.Wait()
	}
}

// look notes what the application's processes are, and kills them where they take
// more than they may.
func (a *application) look() {
	a.looking.Lock()
	defer a.looking.Unlock()
	found, mainLives := a.descendants()
	alive := living(slices.Clone(found))
	a.most = max(a.most, len(alive))
	if mainLives {
		a.zombies.note(found, time.Now())
	}
	// Zombies have a place in the process table too.
	if a.enforce("processes", int64(len(found)), int64(a.spec.MaxProcesses)) {
		return
	}
	has := map[int]memory{}
	for _, p := range alive {
		text := readStatus(p.pid)
		id, ok := parseStatus(text)
		if !ok {
			continue
		}
		has[p.pid] = parseMemory(text)
		id.Main, id.At = p.pid == a.pid, time.Since(a.began)
		a.note(id)
	}
	a.noteListening(alive)
	a.enforce("memory", a.memory.note(has, time.Now()), a.spec.MaxMemory)
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

// sameIdentity compares two identities by all but their name and process id: a
// program that starts others has as many as it likes.
func sameIdentity(a, b Identity) bool {
	return a.Main == b.Main && a.UIDs == b.UIDs && a.GIDs == b.GIDs && slices.Equal(a.Groups, b.Groups) &&
		a.Effective == b.Effective && a.Permitted == b.Permitted && a.Ambient == b.Ambient && a.Bounding == b.Bounding &&
		a.NoNewPrivs == b.NoNewPrivs && a.Seccomp == b.Seccomp
}
