package dockerfile

import (
	"slices"
	"strconv"
	"strings"
)

// isSignal reports whether BuildKit takes a word for a signal of Linux.
func isSignal(word string) bool {
	if number, err := strconv.Atoi(word); err == nil {
		return number != 0
	}
	name := strings.TrimPrefix(strings.ToUpper(word), "SIG")
	if offset, ok := strings.CutPrefix(name, "RTMIN+"); ok {
		return isOffset(offset, 15)
	}
	if offset, ok := strings.CutPrefix(name, "RTMAX-"); ok {
		return isOffset(offset, 14)
	}
	return slices.Contains(signals, name)
}

// signals are the names of the signals of Linux, without SIG.
var signals = []string{
	"ABRT", "ALRM", "BUS", "CHLD", "CLD", "CONT", "FPE", "HUP", "ILL", "INT", "IO", "IOT", "KILL", "PIPE", "POLL", "PROF", "PWR",
	"QUIT", "SEGV", "STKFLT", "STOP", "SYS", "TERM", "TRAP", "TSTP", "TTIN", "TTOU", "URG", "USR1", "USR2", "VTALRM", "WINCH",
	"XCPU", "XFSZ", "RTMIN", "RTMAX",
}

// isOffset reports whether a word is a number from 1 to last, written plainly.
func isOffset(word string, last int) bool {
	n, err := strconv.Atoi(word)
	return err == nil && n >= 1 && n <= last && strconv.Itoa(n) == word
}
