package probe

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// In production the application's main process is process 1: the orphans among
// its descendants become its children, and stay zombies unless it collects them.
// Here it is a subreaper, to the same effect. A process can become one only by
// itself, and is one still after execve, but its children are not: so the probe
// starts itself a second time, as a launcher, which becomes the main process.

const (
	// launchArgument, as the only argument, makes the probe a launcher.
	launchArgument = "-launch"
	// orderDescriptor is where a launcher gets its order from, and says what became
	// of it.
	orderDescriptor = 3
	// aboutToExecute is the launcher's word before it executes the program; after it
	// comes the number of an error, or, if there is none, the end.
	aboutToExecute = "."
)

const prSetChildSubreaper = 36

// order is what a launcher executes. It does not come as arguments and variables:
// those of the launcher are not the application's, and Go's runtime obeys some.
type order struct {
	// processes is the soft limit of RLIMIT_NPROC; 0 to leave it.
	processes uint64
	path      string
	args, env []string
}

// encode writes an order as strings that each end with a zero byte, which none of
// them may hold: the kernel would end them there.
func (o order) encode() ([]byte, error) {
	parts := slices.Concat([]string{strconv.FormatUint(o.processes, 10), strconv.Itoa(len(o.args)), o.path}, o.args, o.env)
	if slices.ContainsFunc(parts, func(s string) bool { return strings.Contains(s, "\x00") }) {
		return nil, syscall.EINVAL
	}
	return []byte(strings.Join(parts, "\x00") + "\x00"), nil
}

func decodeOrder(text []byte) (order, error) {
	const head = 3
	parts := strings.Split(string(text), "\x00")
	parts = parts[:len(parts)-1] // what follows the last zero byte
	if len(parts) < head {
		return order{}, errors.New("the order is cut short")
	}
	o := order{path: parts[2]}
	var err error
	if o.processes, err = strconv.ParseUint(parts[0], 10, 64); err != nil {
		return order{}, fmt.Errorf("read the limit of processes: %w", err)
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil || n < 0 || n > len(parts)-head {
		return order{}, fmt.Errorf("there are not %q arguments in the order", parts[1])
	}
	o.args, o.env = parts[head:head+n], parts[head+n:]
	return o, nil
}

// launcher is the launcher's main function. It returns only if the program could
// not be executed.
func launcher() int {
	syscall.CloseOnExec(orderDescriptor)
	answer := os.NewFile(orderDescriptor, "order")
	text, err := io.ReadAll(answer)
	if err == nil {
		var o order
		if o, err = decodeOrder(text); err == nil {
			err = o.execute(answer)
		}
	}
	var number syscall.Errno
	if !errors.As(err, &number) {
		number = syscall.EIO
	}
	_, _ = answer.WriteString(strconv.Itoa(int(number)))
	return 1
}

// execute becomes a subreaper, limits itself, and executes the program.
func (o order) execute(answer io.Writer) error {
	if _, _, errno := syscall.Syscall(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0); errno != 0 {
		return errno
	}
	if o.processes > 0 {
		if err := limitProcesses(o.processes); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(answer, aboutToExecute); err != nil {
		return err
	}
	return syscall.Exec(o.path, o.args, o.env)
}

// launchMain starts the main process by way of a launcher. Its error is that of
// executing the program, as if there were no launcher.
func (a *application) launchMain(path string, args []string, stdout, stderr *os.File) (int, <-chan syscall.WaitStatus, error) {
	o := order{path: path, args: args, env: a.env, processes: a.processLimit()}
	text, err := o.encode()
	if err != nil {
		return 0, nil, err
	}
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, nil, fmt.Errorf("make a channel to the launcher: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "launcher"), os.NewFile(uintptr(pair[1]), "order")
	defer ours.Close()
	pid, ended, err := a.startLauncher(&syscall.ProcAttr{
		Dir: a.dir, Files: []uintptr{a.null.Fd(), stdout.Fd(), stderr.Fd(), theirs.Fd()},
		Sys: &syscall.SysProcAttr{Setsid: true},
	})
	theirs.Close()
	if err != nil {
		return 0, nil, fmt.Errorf("start the launcher: %w", err)
	}
	if _, err := ours.Write(text); err == nil {
		_ = syscall.Shutdown(pair[0], syscall.SHUT_WR)
	}
	answer, err := io.ReadAll(ours)
	number, executed := bytes.CutPrefix(answer, []byte(aboutToExecute))
	if err == nil && executed && len(number) == 0 {
		return pid, ended, nil
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	status := <-ended
	if n, err := strconv.Atoi(string(number)); err == nil {
		return 0, nil, syscall.Errno(n)
	}
	return 0, nil, fmt.Errorf("the launcher ended before it executed the program (%+v)", exitOf(status, 0))
}

// startLauncher executes the probe again, by the name that it has in /proc or, in
// case that is out of reach, by the one that it was started by.
func (a *application) startLauncher(attr *syscall.ProcAttr) (int, <-chan syscall.WaitStatus, error) {
	args := []string{Program, launchArgument}
	pid, ended, err := a.reaper.startMain("/proc/self/exe", args, attr)
	if err != nil && strings.Contains(os.Args[0], "/") {
		pid, ended, err = a.reaper.startMain(os.Args[0], args, attr)
	}
	return pid, ended, err
}
