package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// systemPath finds the machine's administration commands, whatever PATH the
// caller has.
const systemPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// command is one run of an external command. It ends when the context does or when
// this process dies, and with it, where it has a process namespace of its own, all
// that it started.
type command struct {
	args []string
	env  []string
	dir  string
	// log takes what the command writes, and stdout its standard output, where that
	// is wanted apart.
	log    *os.File
	stdout io.Writer
	// clone are the kinds of namespace that the command gets new ones of.
	clone uintptr
}

func (c command) run(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, c.log, c.log
	if c.stdout != nil {
		cmd.Stdout = c.stdout
	}
	cmd.Env = append(os.Environ(), c.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Cloneflags: c.clone}
	cmd.Cancel = func() error {
		if c.clone&syscall.CLONE_NEWPID != 0 {
			return cmd.Process.Kill()
		}
		return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	}
	cmd.WaitDelay = 10 * time.Second
	// The death signal comes when the thread that started the command ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("run %s: %w", c.args[0], err)
	}
	return nil
}

// output returns what a short command writes, without white space around it.
func output(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	b, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("run %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(string(b)), nil
}
