package probe

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// process is one line of the process table.
type process struct {
	pid, parent, session int
	name                 string
	// zombie is whether it has ended and waits to be collected; stopped whether it
	// stands still, by a signal or a tracer.
	zombie, stopped bool
	// began is when it started, in clock ticks since the machine did: with pid, it
	// is one process for good.
	began uint64
}

// tableReads is how often the process table is read at most to get it whole.
const tableReads = 3

// table is the process table by process id.
type table map[int]process

// readTable reads the process table. A process whose parent ended meanwhile would
// be nobody's descendant: then it is read again.
func readTable() table {
	for read := 1; ; read++ {
		t, whole := table{}, true
		for _, pid := range pids() {
			if p, ok := readStat("/proc/" + pid); ok {
				t[p.pid] = p
			}
		}
		for _, p := range t {
			if _, ok := t[p.parent]; !ok && p.parent != 0 {
				whole = false
			}
		}
		if whole || read == tableReads {
			return t
		}
	}
}

// pids returns the names of the processes' directories in /proc.
func pids() []string {
	proc, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer proc.Close()
	names, _ := proc.Readdirnames(-1)
	return slices.DeleteFunc(names, func(name string) bool { return name[0] < '0' || name[0] > '9' })
}

// lives reports whether a process is there and has not ended.
func (t table) lives(pid int) bool {
	p, ok := t[pid]
	return ok && !p.zombie
}

// descendants returns the descendants of a process, parents before children,
// without the excluded one and its own.
func (t table) descendants(of, except int) []process {
	children := map[int][]int{}
	for _, p := range t {
		children[p.parent] = append(children[p.parent], p.pid)
	}
	var found []process
	for queue := []int{of}; len(queue) > 0; queue = queue[1:] {
		next := children[queue[0]]
		slices.Sort(next)
		for _, pid := range next {
			if pid != except {
				found = append(found, t[pid])
				queue = append(queue, pid)
			}
		}
	}
	return found
}

// living returns the processes that have not ended.
func living(found []process) []process {
	return slices.DeleteFunc(found, func(p process) bool { return p.zombie })
}

func readStat(dir string) (process, bool) {
	text, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return process{}, false // it has ended since
	}
	return parseStat(text)
}

// parseStat reads the text of /proc/PID/stat.
func parseStat(text []byte) (process, bool) {
	// The name stands in parentheses and may hold any byte, parentheses too.
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return process{}, false
	}
	const state, parent, session, threads, began = 0, 1, 3, 17, 19
	fields := strings.Fields(string(text[end+1:]))
	pid, err := strconv.Atoi(strings.TrimSpace(string(text[:open])))
	if err != nil || len(fields) <= began {
		return process{}, false
	}
	p := process{pid: pid, name: strings.ToValidUTF8(string(text[open+1:end]), "?")}
	switch fields[state] {
	case "Z":
		// The first thread of a program may end before the others do.
		n, _ := strconv.Atoi(fields[threads])
		p.zombie = n <= 1
	case "X":
		p.zombie = true
	case "T", "t":
		p.stopped = true
	}
	p.parent, _ = strconv.Atoi(fields[parent])
	p.session, _ = strconv.Atoi(fields[session])
	p.began, _ = strconv.ParseUint(fields[began], 10, 64)
	return p, true
}

// maxCommandLine is how many bytes of a command line are read.
const maxCommandLine = 64 << 10

// commandLine returns a process's arguments, its name first, without those that are
// not whole within the bound; none if it has none, or has ended.
func commandLine(pid int) []string {
	file, err := os.Open("/proc/" + strconv.Itoa(pid) + "/cmdline")
	if err != nil {
		return nil
	}
	defer file.Close()
	text, _ := io.ReadAll(io.LimitReader(file, maxCommandLine))
	return parseCommandLine(text)
}

// parseCommandLine reads the text of /proc/PID/cmdline.
func parseCommandLine(text []byte) []string {
	if len(text) == maxCommandLine {
		// Of a secret, the beginning alone would not be known for one.
		text = text[:bytes.LastIndexByte(text, 0)+1]
	}
	// A program that gives itself a title leaves zeros behind it.
	text = bytes.TrimRight(text, "\x00")
	if len(text) == 0 {
		return nil
	}
	return strings.Split(strings.ToValidUTF8(string(text), "?"), "\x00")
}

// identity returns as whom a process runs; false if it has ended since.
func identity(pid int) (Identity, bool) {
	return parseStatus(readStatus(pid))
}

// awaitedProcessor is how long some thread of the processes, the one that waited
// longest, was ready to run and had no processor; 0 where the kernel does not count it.
// Not each is looked at where there are very many.
func awaitedProcessor(of []process) time.Duration {
	const enough = 100
	var most time.Duration
	for _, p := range of[:min(len(of), enough)] {
		threads, _ := filepath.Glob("/proc/" + strconv.Itoa(p.pid) + "/task/*/schedstat")
		for _, file := range threads[:min(len(threads), enough)] {
			if text, err := os.ReadFile(file); err == nil {
				most = max(most, parseSchedstat(string(text)))
			}
		}
	}
	return most
}

// parseSchedstat returns the second of the time on a processor, the time waiting for
// one, both in nanoseconds, and the number of time slices:
// https://docs.kernel.org/scheduler/sched-stats.html
func parseSchedstat(text string) time.Duration {
	fields := strings.Fields(text)
	if len(fields) != 3 {
		return 0
	}
	n, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return max(0, time.Duration(n))
}

// readStatus returns the text of /proc/PID/status; empty if the process has ended
// since.
func readStatus(pid int) string {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	return string(text)
}

// parseStatus reads the text of /proc/PID/status; false if it lacks the user.
func parseStatus(text string) (Identity, bool) {
	var id Identity
	var user, group bool
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch key {
		case "Name":
			id.Name = value
		case "Pid":
			id.PID, _ = strconv.Atoi(value)
		case "Uid":
			user = four(value, &id.UIDs)
		case "Gid":
			group = four(value, &id.GIDs)
		case "Groups":
			for _, f := range strings.Fields(value) {
				if n, err := strconv.Atoi(f); err == nil {
					id.Groups = append(id.Groups, n)
				}
			}
		case "CapEff":
			id.Effective = value
		case "CapPrm":
			id.Permitted = value
		case "CapAmb":
			id.Ambient = value
		case "CapBnd":
			id.Bounding = value
		case "NoNewPrivs":
			id.NoNewPrivs = value == "1"
		case "Seccomp":
			id.Seccomp, _ = strconv.Atoi(value)
		}
	}
	return id, user && group
}

func four(text string, to *[4]int) bool {
	fields := strings.Fields(text)
	if len(fields) != len(to) {
		return false
	}
	for i, f := range fields {
		n, err := strconv.Atoi(f)
		if err != nil {
			return false
		}
		to[i] = n
	}
	return true
}
