package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

//go:embed namespace.sh
var namespaceScript string

// engine is the Dagger engine with its registry, in namespaces of its own.
type engine struct {
	home home
	instance
	// dagger and sdk are the directories with its programs and its Go SDK's image.
	dagger, sdk string
	// key names what the engine was started from.
	key string
}

// How long the engine may take to listen, and to end: it flushes its caches.
const (
	startTimeout = 60 * time.Second
	stopTimeout  = 120 * time.Second
	pollInterval = 20 * time.Millisecond
)

func (e *engine) pidFile() string { return filepath.Join(e.run, "engine.pid") }
func (e *engine) keyFile() string { return filepath.Join(e.run, "engine.key") }

func (e *engine) registryLog() string { return filepath.Join(e.home.logs(), "registry.log") }

// homeFile names the state home that the engine was started from.
func (e *engine) homeFile() string { return filepath.Join(e.run, "home") }

func (e *engine) log() string { return filepath.Join(e.home.logs(), "engine.log") }

// pid returns the engine's process id, or 0 where it does not run.
func (e *engine) pid() int {
	b, err := os.ReadFile(e.pidFile())
	if err != nil {
		return 0
	}
	number, started, ok := strings.Cut(strings.TrimSpace(string(b)), " ")
	pid, err := strconv.Atoi(number)
	if err != nil || !ok || started != startTime(pid) {
		return 0
	}
	return pid
}

// startTime tells a process from an earlier one of its number. It is empty for a
// process that is not there, or that is dead and only not yet waited for.
func startTime(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// The name, in parentheses, may hold anything; fields from the third on follow.
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return fields[19]
}

// checkHome refuses an engine that another state home's run has started.
func (e *engine) checkHome() error {
	b, err := os.ReadFile(e.homeFile())
	if e.pid() == 0 || err == nil && string(b) == string(e.home) {
		return nil
	}
	return fmt.Errorf("an engine of %s runs already, which is not of %s: stop it with the XDG_CACHE_HOME that it was started with, or set %s", b, e.home, instanceVariable)
}

// ensure makes sure that the engine runs, from what its key says, and answers.
func (e *engine) ensure(ctx context.Context, p *progress) error {
	if e.pid() != 0 {
		if b, err := os.ReadFile(e.keyFile()); err != nil || string(b) != e.key {
			p.line("what the engine is made of has changed: it is started again")
			if err := e.stop(ctx, p); err != nil {
				return err
			}
		} else if err := e.await(ctx); err == nil || e.pid() != 0 {
			return err
		}
		// An engine that did not answer because it was just ending is gone now.
	}
	return p.during("engine started", func() error {
		err := e.start(ctx)
		if err != nil && ctx.Err() == nil {
			err = &stepError{"start the engine", e.log(), err}
		}
		return err
	})
}

func (e *engine) start(ctx context.Context) error {
	e.clear(ctx) // of what an engine that was killed has left
	files := map[string]string{
		filepath.Join(string(e.home), "engine.json"):  engineConfig(e.instance),
		filepath.Join(string(e.home), "registry.yml"): registryConfig(e.home),
		e.keyFile():  e.key,
		e.homeFile(): string(e.home),
	}
	for _, dir := range []string{e.run, e.home.state(), e.home.registry(), e.home.private()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	for file, text := range files {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	digest, err := os.ReadFile(filepath.Join(e.sdk, sdkDigest))
	if err != nil {
		return err
	}
	log, err := os.Create(e.log())
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command("/bin/sh", "-c", namespaceScript, "namespace.sh")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = "/"
	cmd.Env = append(inherited(os.Environ()),
		"PATH="+systemPath, "RUN="+e.run, "PRIVATE="+e.home.private(), "STATE="+e.home.state(), "DAGGER="+e.dagger, "SDK="+filepath.Join(e.sdk, "content"),
		"ENGINE_CONFIG="+filepath.Join(string(e.home), "engine.json"), "MIRROR_CONFIG="+filepath.Join(string(e.home), "registry.yml"),
		"MIRROR_LOG="+e.registryLog(),
		"NETWORK="+e.name, "UPLINK="+e.uplink, "CONTAINERS="+e.containers, "DAGGER_GO_SDK_MANIFEST_DIGEST="+string(digest))
	// A session of its own: what interrupts this program does not end the engine.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET}
	ready, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the engine in new namespaces: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	pid := cmd.Process.Pid
	if err := e.connect(ctx, pid); err != nil {
		ready.Close()
		<-ended
		e.clear(context.WithoutCancel(ctx))
		return err
	}
	if err := os.WriteFile(e.pidFile(), fmt.Appendf(nil, "%d %s\n", pid, startTime(pid)), 0o644); err != nil {
		ready.Close()
		<-ended
		return err
	}
	if _, err := fmt.Fprintln(ready); err != nil {
		return fmt.Errorf("go on with the engine's start: %w", err)
	}
	return e.await(ctx)
}

// engineConfig makes the engine take images from the registry first, which it and
// its containers reach by plain HTTP, and keep its cache as long as there is room for
// it: by default it wants a fifth of the disk to be free, and where that is not so, it
// goes through all that it has after every call, throws away what the next one needs,
// and takes several times as long.
func engineConfig(i instance) string {
	return fmt.Sprintf(`{
	"registries": {
		"docker.io": {"mirrors": [%q]},
		"gcr.io": {"mirrors": [%[1]q]},
		%[1]q: {"http": true, "insecure": true},
		%[2]q: {"http": true, "insecure": true}
	},
	"gc": {"policies": [{"all": true, "maxUsedSpace": "40GB", "minFreeSpace": "6GB", "sweepSize": "20%%"}]}
}
`, mirrorAddress, i.registry())
}

// inherited are those of the caller's variables that mean something to the engine:
// where its network and its certificates are. Any other might configure it, or
// the registry, by accident.
func inherited(environ []string) []string {
	var kept []string
	for _, v := range environ {
		name, _, _ := strings.Cut(v, "=")
		switch strings.ToUpper(name) {
		case "HOME", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR":
			kept = append(kept, v)
		}
	}
	return kept
}

// connect gives the namespace of a process a network: one link to the machine,
// which forwards for it.
func (e *engine) connect(ctx context.Context, pid int) error {
	out := e.name + "-out"
	for _, args := range [][]string{
		{"ip", "link", "add", out, "type", "veth", "peer", "name", e.name + "-in", "netns", strconv.Itoa(pid)},
		{"ip", "addr", "add", e.uplink + ".1/30", "dev", out},
		{"ip", "link", "set", out, "up"},
		{"sysctl", "-qw", "net.ipv4.ip_forward=1"},
		append([]string{"iptables", "-w", "-t", "nat", "-A"}, e.masquerade()...),
	} {
		if _, err := output(ctx, args...); err != nil {
			return fmt.Errorf("connect the engine to the network: %w", err)
		}
	}
	return nil
}

func (e *engine) masquerade() []string {
	return []string{"POSTROUTING", "-s", e.uplink + ".0/30", "!", "-o", e.name + "-out", "-j", "MASQUERADE"}
}

// await waits until the engine and the registry take connections.
func (e *engine) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("the engine does not answer within %s", startTimeout))
	defer cancel()
	for {
		err := dial(ctx, "unix", e.socket())
		if err == nil {
			if err = dial(ctx, "tcp", e.instance.registry()); err == nil {
				return nil
			}
			err = fmt.Errorf("the registry, whose log is %s: %w", e.registryLog(), err)
		}
		if e.pid() == 0 {
			return errors.New("the engine has ended")
		}
		select {
		case <-time.After(pollInterval):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
}

func dial(ctx context.Context, network, address string) error {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// calls counts the connections of clients to the engine, of which a call has
// several. The kernel shows them in the network namespace of the clients, which is
// this program's.
func (e *engine) calls() int {
	b, err := os.ReadFile("/proc/self/net/unix")
	if err != nil {
		return 0
	}
	return connected(string(b), e.socket())
}

// connected counts the connections that a socket has accepted, in the kernel's
// table of Unix sockets.
func connected(table, socket string) int {
	const state, path = 5, 7
	n := 0
	for line := range strings.Lines(table) {
		if f := strings.Fields(line); len(f) > path && f[path] == socket && f[state] == "03" {
			n++
		}
	}
	return n
}

// stop ends the engine, and with it its registry, once no call uses it, and takes
// down what is left on the machine. It never kills the engine, since one that is
// killed forgets its caches, and it waits for calls, since an engine that is told
// to end while a client is connected cancels the call, and then never ends.
func (e *engine) stop(ctx context.Context, p *progress) error {
	pid := e.pid()
	if pid == 0 {
		e.clear(ctx)
		return nil
	}
	if e.calls() > 0 {
		p.line("waiting for the calls that use the engine to end (interrupt them, or this) ...")
	}
	for e.calls() > 0 {
		select {
		case <-time.After(pollInterval):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return p.during("engine stopped", func() error {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop the engine, process %d: %w", pid, err)
		}
		for deadline := time.Now().Add(stopTimeout); e.pid() != 0; {
			if time.Now().After(deadline) {
				return fmt.Errorf("the engine, process %d, does not end within %s; see %s", pid, stopTimeout, e.log())
			}
			select {
			case <-time.After(pollInterval):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		e.clear(ctx)
		return nil
	})
}

// clear removes what an engine that does not run has left. What is not there
// needs no removing, so that failures say nothing.
func (e *engine) clear(ctx context.Context) {
	_, _ = output(ctx, "ip", "link", "delete", e.name+"-out")
	for {
		if _, err := output(ctx, append([]string{"iptables", "-w", "-t", "nat", "-D"}, e.masquerade()...)...); err != nil {
			break
		}
	}
	for _, file := range []string{e.socket(), e.pidFile(), e.keyFile(), e.homeFile(), e.run} {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return
		}
	}
}
