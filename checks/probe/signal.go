package probe

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"
)

// signals are Linux's, by the names that STOPSIGNAL takes.
var signals = map[string]syscall.Signal{
	"SIGABRT": syscall.SIGABRT, "SIGALRM": syscall.SIGALRM, "SIGBUS": syscall.SIGBUS, "SIGCHLD": syscall.SIGCHLD,
	"SIGCONT": syscall.SIGCONT, "SIGFPE": syscall.SIGFPE, "SIGHUP": syscall.SIGHUP, "SIGILL": syscall.SIGILL,
	"SIGINT": syscall.SIGINT, "SIGIO": syscall.SIGIO, "SIGKILL": syscall.SIGKILL, "SIGPIPE": syscall.SIGPIPE,
	"SIGPROF": syscall.SIGPROF, "SIGPWR": syscall.SIGPWR, "SIGQUIT": syscall.SIGQUIT, "SIGSEGV": syscall.SIGSEGV,
	"SIGSTKFLT": syscall.SIGSTKFLT, "SIGSTOP": syscall.SIGSTOP, "SIGSYS": syscall.SIGSYS, "SIGTERM": syscall.SIGTERM,
	"SIGTRAP": syscall.SIGTRAP, "SIGTSTP": syscall.SIGTSTP, "SIGTTIN": syscall.SIGTTIN, "SIGTTOU": syscall.SIGTTOU,
	"SIGURG": syscall.SIGURG, "SIGUSR1": syscall.SIGUSR1, "SIGUSR2": syscall.SIGUSR2, "SIGVTALRM": syscall.SIGVTALRM,
	"SIGWINCH": syscall.SIGWINCH, "SIGXCPU": syscall.SIGXCPU, "SIGXFSZ": syscall.SIGXFSZ,
}

// The bounds of the real-time signals as Docker numbers SIGRTMIN+n and SIGRTMAX-n.
const (
	realTimeMin = 34
	realTimeMax = 64
)

// parseSignal reads a STOPSIGNAL, a name with or without SIG or a number.
// Empty is SIGTERM, as for Docker.
func parseSignal(text string) (syscall.Signal, error) {
	if text == "" {
		return syscall.SIGTERM, nil
	}
	if n, err := strconv.Atoi(text); err == nil {
		if n < 1 || n > realTimeMax {
			return 0, fmt.Errorf("STOPSIGNAL %s is not a signal's number", text)
		}
		return syscall.Signal(n), nil
	}
	name := "SIG" + strings.TrimPrefix(strings.ToUpper(text), "SIG")
	if s, ok := signals[name]; ok {
		return s, nil
	}
	for prefix, base := range map[string]int{"SIGRTMIN": realTimeMin, "SIGRTMAX": realTimeMax} {
		offset, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		n := 0
		if offset != "" {
			var err error
			if n, err = strconv.Atoi(offset); err != nil {
				break
			}
		}
		if n += base; n >= realTimeMin && n <= realTimeMax {
			return syscall.Signal(n), nil
		}
	}
	return 0, fmt.Errorf("STOPSIGNAL %q is not a signal: use a name such as SIGTERM", text)
}

// signalName returns a signal's name; its number where it has none.
func signalName(s syscall.Signal) string {
	for name, v := range signals {
		if v == s {
			return name
		}
	}
	return strconv.Itoa(int(s))
}
