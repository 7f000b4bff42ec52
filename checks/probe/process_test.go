package probe

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
)

const status = `Name:	node
Umask:	0022
Uid:	1001	1001	1002	1001
Gid:	5	5	5	5
Groups:	5 44 
NoNewPrivs:	1
Seccomp:	2
CapEff:	0000000000000400
CapBnd:	00000000a80425fb
SigIgn:	0000000000001000
SigCgt:	0000000100004602
`

func TestParseStatus(t *testing.T) {
	want := Identity{
		Name: "node", UIDs: [4]int{1001, 1001, 1002, 1001}, GIDs: [4]int{5, 5, 5, 5}, Groups: []int{5, 44},
		Effective: "0000000000000400", Bounding: "00000000a80425fb", NoNewPrivs: true, Seccomp: 2,
	}
	if got, ok := parseStatus(status); !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, text := range []string{"", "Name:\tnode\n", strings.Replace(status, "Uid:\t1001", "Uid:", 1), strings.Replace(status, "Gid:\t5", "Gid:\tx", 1)} {
		if got, ok := parseStatus(text); ok {
			t.Errorf("%q: got %+v", text, got)
		}
	}
	for s, want := range map[syscall.Signal]bool{syscall.SIGINT: true, syscall.SIGTERM: true, syscall.SIGUSR1: true, syscall.SIGHUP: false, 33: true, 64: false} {
		if got := caught(status, s); got != want {
			t.Errorf("signal %d: caught is %v", s, got)
		}
	}
}

func TestParseStat(t *testing.T) {
	for text, want := range map[string]process{
		"7 (node) S 1 7 7 0 -1":              {pid: 7, parent: 1, session: 7, name: "node"},
		"8 (a) b) (c) Z 7 7 6 0 -1":          {pid: 8, parent: 7, session: 6, name: "a) b) (c", zombie: true},
		"9 (two\nlines) R 1 9 9 0":           {pid: 9, parent: 1, session: 9, name: "two\nlines"},
		"10 (not \xff valid) S 1 1 1 0 -1\n": {pid: 10, parent: 1, session: 1, name: "not ? valid"},
	} {
		if got, ok := parseStat([]byte(text)); !ok || got != want {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
	for _, text := range []string{"", "7", "7 (node", "7 node) S 1", ") 7 (", "x (node) S 1 7 7 0", "7 (node) S 1"} {
		if got, ok := parseStat([]byte(text)); ok {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}

// The parsers know what the kernel of this machine writes.
func TestParsersOnSelf(t *testing.T) {
	id, ok := identity(os.Getpid())
	if !ok || id.UIDs[0] != os.Getuid() || id.GIDs[1] != os.Getegid() || len(id.Effective) != 16 || len(id.Bounding) != 16 {
		t.Errorf("got %+v", id)
	}
	p, ok := readStat("/proc/self")
	if !ok || p.pid != os.Getpid() || p.parent != os.Getppid() || p.name != id.Name || p.zombie {
		t.Errorf("got %+v", p)
	}
	if _, ok := readStat("/proc/0"); ok {
		t.Error("there is no process 0")
	}
	if got := program(os.Getpid()); got != filepath.Base(os.Args[0]) {
		t.Errorf("the program is %q", got)
	}
}

func FuzzParsers(f *testing.F) {
	f.Add(status)
	f.Add("8 (a) b) (c) Z 7 7 6 0 -1")
	f.Add("#!/bin/sh\n: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 1001 0 4711 1")
	f.Add("0: 2 0 00010000 1 01 101 /run/app")
	f.Fuzz(func(t *testing.T, text string) {
		parseStatus(text)
		parseStat([]byte(text))
		caught(text, syscall.SIGTERM)
		parseInternet("tcp", text)
		parseInternet("udp6", text)
		parseUnix(text)
		home(text, 1001)
	})
}
