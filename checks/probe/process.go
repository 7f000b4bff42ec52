package probe

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// process is one line of the process table.
type process struct {
	pid, parent, session int
	name                 string
	// zombie is whether it has ended and waits to be collected.
	zombie bool
}

// processes returns the living descendants of the probe that are not of the
// excluded sessions: the application's processes.
func processes(exclude func(session int) bool) []process {
	table := map[int]process{}
	children := map[int][]int{}
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		p, ok := readStat(dir)
		if ok {
			table[p.pid] = p
			children[p.parent] = append(children[p.parent], p.pid)
		}
	}
	var found []process
	queue := slices.Clone(children[os.Getpid()])
	for len(queue) > 0 {
		p := table[queue[0]]
		queue = append(queue[1:], children[p.pid]...)
		if !p.zombie && !exclude(p.session) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, func(a, b process) int { return a.pid - b.pid })
	return found
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
	fields := strings.Fields(string(text[end+1:]))
	pid, err := strconv.Atoi(strings.TrimSpace(string(text[:open])))
	if err != nil || len(fields) < 4 {
		return process{}, false
	}
	p := process{pid: pid, name: strings.ToValidUTF8(string(text[open+1:end]), "?"), zombie: fields[0] == "Z" || fields[0] == "X"}
	p.parent, _ = strconv.Atoi(fields[1])
	p.session, _ = strconv.Atoi(fields[3])
	return p, true
}

// program returns the base name of a process's first argument; empty if it has
// none, or has ended.
func program(pid int) string {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
	first, _, _ := bytes.Cut(text, []byte{0})
	if len(first) == 0 {
		return ""
	}
	return strings.ToValidUTF8(filepath.Base(string(first)), "?")
}

// identity returns as whom a process runs; false if it has ended since.
func identity(pid int) (Identity, bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return Identity{}, false
	}
	return parseStatus(string(text))
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
