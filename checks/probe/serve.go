package probe

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Service says how the image of a service that the application needs is run: as it
// says itself, with its log where the engine expects it. It is not judged.
type Service struct {
	Version int `json:"version"`
	// Name is what it is called in messages.
	Name string `json:"name"`
	// Args is its entrypoint and command; the environment, the user and the working
	// directory are those of the probe.
	Args []string `json:"args"`
	// Shell is what a healthcheck of the form CMD-SHELL is run by; /bin/sh -c if empty.
	Shell       []string     `json:"shell,omitempty"`
	Healthcheck *Healthcheck `json:"healthcheck,omitempty"`
	// Ports are the TCP ports that it may listen on: it is not ready before it does on
	// one of them; they do not matter if empty. Without this, a database that is
	// restarted once it has been set up, as PostgreSQL's image does, would be ready
	// too early.
	Ports []int `json:"ports,omitempty"`
	// Completes is whether it is ready once it has ended with status 0.
	Completes bool `json:"completes,omitempty"`
	// StartTimeout bounds the time to ready; 2 min if 0.
	StartTimeout time.Duration `json:"startTimeout"`
	// ReadyPort is the TCP port that is listened on from when the service is ready.
	ReadyPort int `json:"readyPort"`
}

// ServeCommand is the probe's first argument where the second names the file of a
// Service.
const ServeCommand = "serve"

// ServiceFailure is what the line on standard error begins with that says why a
// service did not become ready.
const ServiceFailure = "imagegate: service "

// serveMain is the main function of a service's process: it starts the service,
// passes signals on to it, listens on its ReadyPort from when it is ready, and
// returns the exit status that it ended with. That of one that does not become
// ready is not 0.
func serveMain(file string, errs io.Writer) int {
	fail := func(err error) int {
		fmt.Fprintf(errs, "%s%v\n", ServiceFailure, err)
		return 1
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fail(fmt.Errorf("read the specification: %w", err))
	}
	var s Service
	if err := json.Unmarshal(text, &s); err != nil {
		return fail(fmt.Errorf("decode the specification: %w", err))
	}
	if s.Version != Version {
		return fail(fmt.Errorf("the specification is of version %d, this probe of %d", s.Version, Version))
	}
	s.StartTimeout = cmp.Or(s.StartTimeout, defaultStartTimeout)
	code, err := s.run()
	if err != nil {
		return fail(fmt.Errorf("%s %w", s.Name, err))
	}
	return code
}

// passedOn are the signals that a service gets when its process does.
var passedOn = []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2}

// checkServiceEvery is the longest pause between two runs of a service's
// healthcheck.
const checkServiceEvery = 500 * time.Millisecond

// run runs the service to its end, and returns its exit status.
func (s Service) run() (int, error) {
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, passedOn...)
	a, err := s.start()
	if err != nil {
		return 0, err
	}
	go func() {
		for sig := range signals {
			// One that has completed is still there for the signal's sender.
			if a.endsWithin(0) {
				os.Exit(0)
			}
			_ = syscall.Kill(a.pid, sig.(syscall.Signal))
		}
	}()
	if err := a.awaitReady(s); err != nil {
		a.killAll()
		return 0, err
	}
	listener, err := net.Listen("tcp", ":"+strconv.Itoa(s.ReadyPort))
	if err != nil {
		return 0, fmt.Errorf("could not say that it is ready: %w", err)
	}
	go func() {
		for {
			if conn, err := listener.Accept(); err == nil {
				conn.Close()
			}
		}
	}()
	if s.Completes {
		select {}
	}
	<-a.ended
	return a.status, nil
}

// served is the program of a service.
type served struct {
	*application
	// status is how it ended, as a shell says it; once ended is closed.
	status int
}

func (s Service) start() (*served, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("could not be started: find its working directory: %w", err)
	}
	r, err := newReaper()
	if err != nil {
		return nil, err
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("could not be started: %w", err)
	}
	a := &served{application: &application{
		spec: Spec{Shell: s.Shell, CheckInterval: checkServiceEvery},
		env:  serviceEnvironment(os.Environ()), dir: dir, reaper: r, null: null,
		ended: make(chan struct{}), excluded: map[int]bool{}, secrets: newSecrets(nil),
	}}
	if len(s.Args) == 0 {
		return nil, errors.New("could not be started: its image names no program, and neither does who uses it")
	}
	path, err := lookup(s.Args[0], a.env, a.dir)
	if err != nil {
		return nil, fmt.Errorf("could not be started: %w", err)
	}
	a.began = time.Now()
	pid, ended, err := a.launchMain(path, s.Args, os.Stdout, os.Stderr)
	if err != nil {
		return nil, fmt.Errorf("could not be started: %w", explain(path, err))
	}
	a.pid = pid
	go func() {
		status := <-ended
		a.exit, a.status = exitOf(status, time.Since(a.began)), status.ExitStatus()
		if status.Signaled() {
			a.status = 128 + int(status.Signal())
		}
		close(a.ended)
	}()
	return a, nil
}

// serviceEnvironment leaves out what the engine puts into the environment of what
// it runs.
func serviceEnvironment(env []string) []string {
	return slices.DeleteFunc(env, func(e string) bool {
		for _, prefix := range []string{"OTEL_", "TRACEPARENT=", "TRACESTATE=", "BAGGAGE=", "IMAGEGATE_"} {
			if strings.HasPrefix(e, prefix) {
				return true
			}
		}
		return false
	})
}

// awaitReady returns nil once the service is ready, and otherwise why it is not.
func (a *served) awaitReady(s Service) error {
	switch {
	case s.Completes:
		if !a.endsWithin(s.StartTimeout) {
			return fmt.Errorf("has not completed within %s", s.StartTimeout)
		}
		if a.status != 0 {
			return fmt.Errorf("was to complete, and %s", a.ending())
		}
		return nil
	case !s.Healthcheck.Declared():
		return a.awaitListening(s.Ports, s.StartTimeout)
	}
	for {
		listened := len(s.Ports) == 0 || listensOn(s.Ports)
		health := a.awaitHealthy(*s.Healthcheck, s.StartTimeout)
		switch {
		case a.endsWithin(0):
			return a.endedEarly()
		case !health.Healthy:
			return unhealthy(health, *s.Healthcheck, s.StartTimeout)
		case listened:
			return nil
		}
		if err := a.awaitListening(s.Ports, s.StartTimeout); err != nil {
			return err
		}
	}
}

// awaitListening waits until the service listens on one of the ports; without any
// it is ready at once.
func (a *served) awaitListening(ports []int, bound time.Duration) error {
	for len(ports) > 0 && !listensOn(ports) {
		if time.Since(a.began) >= bound {
			return fmt.Errorf("does not listen on any of its ports (%s) within %s", joinPorts(ports), bound)
		}
		if a.endsWithin(sampleEvery) {
			return a.endedEarly()
		}
	}
	return nil
}

func listensOn(ports []int) bool {
	return slices.ContainsFunc(openSockets(), func(s openSocket) bool {
		return strings.HasPrefix(s.Network, "tcp") && slices.Contains(ports, s.Port)
	})
}

func joinPorts(ports []int) string {
	var words []string
	for _, p := range ports {
		words = append(words, strconv.Itoa(p))
	}
	return strings.Join(words, ", ")
}

func (a *served) endedEarly() error { return fmt.Errorf("%s before it was ready", a.ending()) }

func (a *served) ending() string {
	if a.exit.Signal != "" {
		return "was killed by " + a.exit.Signal
	}
	return fmt.Sprintf("exited with status %d", a.exit.Code)
}

// unhealthy says why a service is taken for unhealthy, with what its healthcheck
// wrote at last, on one line.
func unhealthy(health *Health, check Healthcheck, bound time.Duration) error {
	what := "turned unhealthy"
	if health.TimedOut {
		what = fmt.Sprintf("did not turn healthy within %s", bound)
	}
	message := fmt.Sprintf("%s: its healthcheck (%s) was run %d times", what, strings.Join(check.Test[1:], " "), health.Runs)
	for i, run := range health.Telling() {
		how := run.Error
		if how == "" {
			how = fmt.Sprintf("exited with status %d", run.Code)
		}
		output := strings.Join(strings.Fields(run.Output), " ")
		if output == "" {
			output = "it wrote nothing"
		} else {
			output = "its output: " + output
		}
		message += fmt.Sprintf("; the %s: %s; %s", []string{"last run", "run before it"}[i], how, output)
	}
	return errors.New(message)
}
