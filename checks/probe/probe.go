// Package probe runs inside a copy of the image under test, in the place of its
// main process, which it starts and watches: as whom it runs, whether its
// HEALTHCHECK turns healthy, and how it ends when it is asked to. It judges
// nothing; package runtime does.
//
// The probe is the Dagger module's own binary, mounted into the container (see
// takeover.go), so it needs nothing of the image: no shell, no libc, no user in
// /etc/passwd, no writable directory. It imports the standard library only.
package probe

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"
)

// Version is the version of Spec and Observation: a document of another one is
// refused.
const Version = 2

// Spec says how the image is to be started: as Docker would, from its
// configuration.
type Spec struct {
	Version int `json:"version"`
	// Args is the image's entrypoint and command.
	Args []string `json:"args"`
	// User is whom the image's configuration names; the probe runs as that user
	// already, and only reports the name.
	User string `json:"user,omitempty"`
	// Env is the environment as KEY=VALUE, a later one before an earlier of the
	// same name. HOME, HOSTNAME and PATH are added, as Docker does, where missing.
	Env        []string `json:"env"`
	WorkingDir string   `json:"workingDir"`
	// Shell is what a healthcheck of the form CMD-SHELL is run by; /bin/sh -c if empty.
	Shell       []string     `json:"shell"`
	Healthcheck *Healthcheck `json:"healthcheck,omitempty"`
	// StopSignal is a name or a number; SIGTERM if empty.
	StopSignal string `json:"stopSignal"`
	// GracePeriod is how long the main process has to end after its stop signal;
	// 10 s if 0, as for docker stop.
	GracePeriod time.Duration `json:"gracePeriod"`
	// StartTimeout bounds the time to healthy, however patient the healthcheck is;
	// 2 min if 0.
	StartTimeout time.Duration `json:"startTimeout"`
	// Settle bounds the wait for the application to have started where that cannot
	// be seen: until it listens and handles its stop signal; 2 s if 0. It is five
	// times that while the signal is not handled. Time for which a thread waits for a
	// processor, up to StartTimeout, does not count.
	Settle time.Duration `json:"settle"`
	// StayUp is how long after its start the main process is stopped at the earliest:
	// one that crashes soon after it was healthy is seen to.
	StayUp time.Duration `json:"stayUp,omitempty"`
	// CheckInterval is the longest pause between two runs of the healthcheck; 1 s
	// if 0. Whether the image turns healthy does not depend on it.
	CheckInterval time.Duration `json:"checkInterval,omitempty"`
	// StartOnly ends the observation as soon as it is known whether the image
	// starts: its main process has ended, it is healthy, or StartTimeout is over.
	// What is left is killed.
	StartOnly bool `json:"startOnly,omitempty"`
	// Secrets are the names of variables whose values the probe takes from its own
	// environment, gives to the application, and looks for in its output, where they
	// are at least 4 bytes long. Each has to be set there.
	Secrets []string `json:"secrets,omitempty"`
	// SlowPath is an HTTP path whose answer takes at least half a second: a request
	// for it is in flight when the stop signal is sent. None is if it is empty.
	SlowPath string `json:"slowPath,omitempty"`
	// MetricsPath is the HTTP path that is asked for metrics; none if empty.
	MetricsPath string `json:"metricsPath,omitempty"`
	// Ports are the TCP ports that HTTP requests may go to, the first that the
	// application listens on; any that it listens on if empty.
	Ports []int `json:"ports,omitempty"`
	// MaxMemory is how many bytes of memory of their own the application's processes
	// may have together, and MaxProcesses how many processes there may be: beyond
	// it, all are killed. 0 is no limit.
	MaxMemory    int64 `json:"maxMemory,omitempty"`
	MaxProcesses int   `json:"maxProcesses,omitempty"`
	// Document is the path of the file to write the Observation to; standard output
	// if it is empty. The engine writes *** for what is equal to a secret on standard
	// output, be it a number of the document.
	Document string `json:"document,omitempty"`
}

const (
	defaultGracePeriod  = 10 * time.Second
	defaultStartTimeout = 2 * time.Minute
	defaultSettle       = 2 * time.Second
	withoutHandler      = 5 // times as long
)

// Healthcheck is an image's HEALTHCHECK; 0 stands for Docker's default.
type Healthcheck struct {
	// Test begins with NONE, CMD or CMD-SHELL.
	Test          []string      `json:"test"`
	Interval      time.Duration `json:"interval"`
	Timeout       time.Duration `json:"timeout"`
	StartPeriod   time.Duration `json:"startPeriod"`
	StartInterval time.Duration `json:"startInterval"`
	Retries       int           `json:"retries"`
}

// Declared reports whether there is a test to run. A test of an unknown kind is
// none, as for Docker.
func (h *Healthcheck) Declared() bool {
	return h != nil && len(h.Test) > 0 && (h.Test[0] == "CMD" || h.Test[0] == "CMD-SHELL")
}

// Observation is what was seen. Times are since the start of the main process,
// by a monotonic clock.
type Observation struct {
	Version int `json:"version"`
	// StartError is why the main process could not be started; empty if it was.
	StartError string `json:"startError,omitempty"`
	// Args is what was started, with the program's path resolved.
	Args []string `json:"args"`
	// User and StartOnly are the specification's.
	User      string `json:"user,omitempty"`
	StartOnly bool   `json:"startOnly,omitempty"`
	// Identities are as whom the application's processes ran: each distinct one
	// once, by the name and at the time that it was first seen, the main process's
	// before others'.
	Identities []Identity `json:"identities,omitempty"`
	// ListenAt is when the application was first seen to accept connections; 0 if
	// it never was.
	ListenAt time.Duration `json:"listenAt,omitempty"`
	// Sockets are those that the application had open to be reached by, once it was
	// healthy or had settled, sorted by port, network and address.
	Sockets []Socket `json:"sockets,omitempty"`
	// Health is nil where there is no healthcheck, or nothing was started.
	Health *Health `json:"health,omitempty"`
	// Frozen is how the healthcheck answered while the application stood still; nil
	// where it had not turned healthy before, had ended, or could not be made to stand
	// still.
	Frozen *Frozen `json:"frozen,omitempty"`
	// Metrics is nil where none were asked for, or the main process had ended.
	Metrics *Metrics `json:"metrics,omitempty"`
	// Exceeded is the limit for which everything was killed; nil if none was.
	Exceeded  *Exceeded `json:"exceeded,omitempty"`
	Resources Resources `json:"resources"`
	// Early is how the main process ended before it was asked to; nil if it did not.
	Early *Exit `json:"early,omitempty"`
	// Stop is nil where the main process did not live to be asked, or was not to be.
	Stop   *Stop  `json:"stop,omitempty"`
	Output Output `json:"output"`
}

// Identity is as whom a process runs, from /proc/PID/status.
type Identity struct {
	// PID is the process's id where it was first seen so. A process that changes its
	// identity has several of the same id.
	PID int `json:"pid"`
	// Main is whether it is the main process.
	Main bool `json:"main"`
	// Name is the program's, as the kernel has it (15 bytes at most).
	Name string `json:"name"`
	// UIDs and GIDs are the real, effective, saved and file system ones.
	UIDs   [4]int `json:"uids"`
	GIDs   [4]int `json:"gids"`
	Groups []int  `json:"groups,omitempty"`
	// Effective, Permitted, Ambient and Bounding are capability sets, as hexadecimal
	// masks.
	Effective  string        `json:"effective"`
	Permitted  string        `json:"permitted"`
	Ambient    string        `json:"ambient"`
	Bounding   string        `json:"bounding"`
	NoNewPrivs bool          `json:"noNewPrivs"`
	Seccomp    int           `json:"seccomp"`
	At         time.Duration `json:"at"`
}

// Health is what became of the healthcheck.
type Health struct {
	Healthy bool `json:"healthy"`
	// TimedOut is whether StartTimeout ended the wait, where Docker's would have
	// gone on.
	TimedOut bool `json:"timedOut"`
	// At is when that was known.
	At time.Duration `json:"at"`
	// Runs is how many times the test was run; Last are the last few of them.
	Runs int   `json:"runs"`
	Last []Run `json:"last"`
}

// Socket is one that others reach the application by.
type Socket struct {
	// Network is tcp, tcp6, udp or udp6. Over tcp6, and udp6, IPv4 comes in as well
	// where the address is unspecified (::). Over an IPv6 socket of an IPv4 address
	// nothing else does: it is tcp, or udp.
	Network string `json:"network"`
	// Address is the local address, as in 0.0.0.0 or ::1.
	Address string `json:"address"`
	Port    int    `json:"port"`
	// Process is the name of a process that holds it.
	Process string `json:"process"`
}

// Frozen is what became of the healthcheck while all of the application's
// processes were stopped by SIGSTOP, and after SIGCONT.
type Frozen struct {
	// Run is the one run of the test meanwhile. One that still hung after 3 s, or at
	// its own timeout if that is shorter, was ended then: it would only have been
	// killed later.
	Run Run `json:"run"`
	// Again is what became of the test after that; nil where the main process had
	// ended.
	Again *Health `json:"again,omitempty"`
}

// Metrics is the answer to a request for metrics.
type Metrics struct {
	Path string `json:"path"`
	// Port is the one that was asked; 0 where there was none to ask.
	Port int `json:"port,omitempty"`
	// Status and ContentType are those of the answer; 0 and empty where there was none.
	Status      int    `json:"status,omitempty"`
	ContentType string `json:"contentType,omitempty"`
	// Samples is how many samples were read. Error is why there is no answer, or
	// what in it, by line, is not of Prometheus' text format.
	Samples int    `json:"samples"`
	Error   string `json:"error,omitempty"`
}

// Exceeded is a limit that the application went beyond.
type Exceeded struct {
	// What is memory (in bytes) or processes.
	What  string        `json:"what"`
	Limit int64         `json:"limit"`
	Seen  int64         `json:"seen"`
	At    time.Duration `json:"at"`
}

// Resources are what the application's processes took together, over their life.
type Resources struct {
	// Memory is the most that they were seen to have in memory of their own, not
	// backed by files, in bytes.
	Memory int64 `json:"memory"`
	// CPU is the processor time, of user and system, of all that were seen.
	CPU time.Duration `json:"cpu"`
	// Processes is the most that lived at once.
	Processes int `json:"processes"`
	// Zombies are the names of processes that had ended and were not collected by
	// their parent for a second or longer, as process 1 or otherwise: each once, 32
	// at most, sorted.
	Zombies []string `json:"zombies,omitempty"`
}

// Run is one run of the healthcheck's test.
type Run struct {
	At   time.Duration `json:"at"`
	Took time.Duration `json:"took"`
	// Code is the test's exit status; -1 where it has none.
	Code int `json:"code"`
	// Error is why it has none: it could not be started, or was ended.
	Error  string `json:"error,omitempty"`
	Output string `json:"output,omitempty"`
	// CutShort is whether it was ended because the time that the probe gave it was over,
	// before its own timeout was.
	CutShort bool `json:"cutShort,omitempty"`
}

// Exit is how a process ended: with a code, or by a signal.
type Exit struct {
	Code int `json:"code"`
	// Signal is the name of the signal that ended it; empty if it exited.
	Signal string        `json:"signal,omitempty"`
	At     time.Duration `json:"at"`
}

// Stop is what became of the stop signal.
type Stop struct {
	// Signal and Number are the one that was sent.
	Signal string `json:"signal"`
	Number int    `json:"number"`
	// Name is the main process's at that time, and Program the base name of its
	// first argument: for a script, Name is the script's and Program the shell's.
	Name    string `json:"name"`
	Program string `json:"program"`
	// Command is the main process's command line at that time, which names the script
	// that a shell runs; the words that are whole in its first 64 KiB.
	Command []string `json:"command,omitempty"`
	// Handled is whether it had a handler for the signal when it was sent. Without
	// one, process 1 would not have got the signal at all.
	Handled bool `json:"handled"`
	// AsInit is whether signals reached the main process as they reach process 1
	// from then on, and Dropped whether one was kept from it for that reason: it
	// had handled the signal, and raised it again.
	AsInit      bool          `json:"asInit"`
	Dropped     bool          `json:"dropped"`
	GracePeriod time.Duration `json:"gracePeriod"`
	// Exit is how the main process ended by itself, at the time since the signal;
	// nil if it was still there after the grace period.
	Exit *Exit `json:"exit,omitempty"`
	// Left are the names of processes that outlived the main process.
	Left []string `json:"left,omitempty"`
	// Request is the one that was in flight; nil where none was asked for.
	Request *Request `json:"request,omitempty"`
	// Connections is how new connections fared after the signal; nil where no
	// request was in flight.
	Connections *Connections `json:"connections,omitempty"`
}

// Request is an HTTP request that was sent before the stop signal.
type Request struct {
	Path string `json:"path"`
	// Port is the one that it went to; 0 where there was none.
	Port int `json:"port,omitempty"`
	// Early is whether the answer, or what kept it from coming, was there before the
	// signal was sent: then it says nothing about stopping.
	Early bool `json:"early"`
	// Status is the answer's, complete with its body; 0 where there was none. Error
	// is why not.
	Status int    `json:"status,omitempty"`
	Error  string `json:"error,omitempty"`
	// Took is from the request to the end of the answer.
	Took time.Duration `json:"took"`
}

// Connections are attempts to connect between the stop signal and the end of the
// main process.
type Connections struct {
	Accepted int `json:"accepted"`
	Refused  int `json:"refused"`
	// LastAccepted is the time since the signal at which one was last accepted.
	LastAccepted time.Duration `json:"lastAccepted,omitempty"`
}

// Output is what the application wrote to its standard output and error.
type Output struct {
	// Bytes is how much it wrote; Head and Tail are its beginning and, where that
	// is not all, its end.
	Bytes int64  `json:"bytes"`
	Head  string `json:"head,omitempty"`
	Tail  string `json:"tail,omitempty"`
	// Lines is how many lines that is, blank ones left out, and Structured how many
	// of them are a JSON object with a time and a level.
	Lines      int64 `json:"lines"`
	Structured int64 `json:"structured"`
	// Secrets are the names of the variables of the specification's Secrets whose
	// values appeared in it.
	Secrets []string `json:"secrets,omitempty"`
}

// Main is the probe's main function: it reads the Spec from the file that the
// only argument names, observes, and writes the Observation to out as one JSON
// document. It returns 0 whatever the application did; another status means
// that the probe itself failed. It takes over the process that it runs in, as
// Observe does.
//
// With ServeCommand before it, the argument names a Service instead: see there.
func Main(args []string, out *os.File, errs io.Writer) int {
	if len(args) == 2 && args[0] == ServeCommand {
		return serveMain(args[1], errs)
	}
	fail := func(err error) int {
		fmt.Fprintf(errs, "imagegate probe: %v\n", err)
		return 1
	}
	if len(args) != 1 {
		return fail(fmt.Errorf("got %d arguments, want the path of a specification", len(args)))
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return fail(fmt.Errorf("read the specification: %w", err))
	}
	var spec Spec
	if err := json.Unmarshal(text, &spec); err != nil {
		return fail(fmt.Errorf("decode the specification: %w", err))
	}
	if spec.Version != Version {
		return fail(fmt.Errorf("the specification is of version %d, this probe of %d", spec.Version, Version))
	}
	document, err := spec.open(out)
	if err != nil {
		return fail(err)
	}
	defer document.Close()
	observation, err := Observe(spec)
	if err != nil {
		return fail(err)
	}
	if err := json.NewEncoder(document).Encode(observation); err != nil {
		return fail(fmt.Errorf("write the observation: %w", err))
	}
	return 0
}

// open opens what the Observation is written to.
func (s Spec) open(out *os.File) (*os.File, error) {
	if s.Document != "" {
		document, err := os.OpenFile(s.Document, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if err != nil {
			return nil, fmt.Errorf("make the observation's file: %w", err)
		}
		return document, nil
	}
	// Descriptor 1 becomes the application's.
	fd, err := syscall.Dup(int(out.Fd()))
	if err != nil {
		return nil, fmt.Errorf("keep the standard output: %w", err)
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), out.Name()), nil
}
