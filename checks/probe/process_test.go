package probe

import (
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const status = `Name:	node
Umask:	0022
Pid:	17
Uid:	1001	1001	1002	1001
Gid:	5	5	5	5
Groups:	5 44 
NoNewPrivs:	1
Seccomp:	2
CapPrm:	0000000000000600
CapEff:	0000000000000400
CapBnd:	00000000a80425fb
CapAmb:	0000000000000200
SigIgn:	0000000000001000
SigCgt:	0000000100004602
`

func TestParseStatus(t *testing.T) {
	want := Identity{
		PID: 17, Name: "node", UIDs: [4]int{1001, 1001, 1002, 1001}, GIDs: [4]int{5, 5, 5, 5}, Groups: []int{5, 44},
		Effective: "0000000000000400", Permitted: "0000000000000600", Ambient: "0000000000000200", Bounding: "00000000a80425fb", NoNewPrivs: true, Seccomp: 2,
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
	const rest = " 0 -1 4 0 0 0 0 5 6 7 8 20 0 "
	for text, want := range map[string]process{
		"7 (node) S 1 7 7" + rest + "11 0 99 1":          {pid: 7, parent: 1, session: 7, name: "node", began: 99},
		"8 (a) b) (c) Z 7 7 6" + rest + "1 0 100":        {pid: 8, parent: 7, session: 6, name: "a) b) (c", zombie: true, began: 100},
		"8 (first thread) Z 7 7 6" + rest + "2 0 100":    {pid: 8, parent: 7, session: 6, name: "first thread", began: 100},
		"9 (two\nlines) R 1 9 9" + rest + "1 0 5":        {pid: 9, parent: 1, session: 9, name: "two\nlines", began: 5},
		"10 (not \xff valid) T 1 1 1" + rest + "1 0 7\n": {pid: 10, parent: 1, session: 1, name: "not ? valid", stopped: true, began: 7},
		"11 (traced) t 1 1 1" + rest + "1 0 7":           {pid: 11, parent: 1, session: 1, name: "traced", stopped: true, began: 7},
		"12 (dead) X 1 1 1" + rest + "0 0 7":             {pid: 12, parent: 1, session: 1, name: "dead", zombie: true, began: 7},
	} {
		if got, ok := parseStat([]byte(text)); !ok || got != want {
			t.Errorf("%q: got %+v, want %+v", text, got, want)
		}
	}
	for _, text := range []string{"", "7", "7 (node", "7 node) S 1", ") 7 (", "x (node) S 1 7 7" + rest + "11 0 99", "7 (node) S 1 7 7" + rest + "11"} {
		if got, ok := parseStat([]byte(text)); ok {
			t.Errorf("%q: got %+v", text, got)
		}
	}
}

func TestParseSchedstat(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"8123456 1500000000 42\n": 1500 * time.Millisecond,
		"0 0 0\n":                 0,
		"":                        0,
		"1 2\n":                   0,
		"1 x 3\n":                 0,
		"1 -5 3\n":                0,
	} {
		if got := parseSchedstat(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// Two that never pause, on one processor, wait for each other.
func TestAwaitedProcessor(t *testing.T) {
	var loops []process
	for range 2 {
		loop := exec.Command("taskset", "--cpu-list", firstProcessor(t), "sh", "-c", "while :; do :; done")
		if err := loop.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = loop.Process.Kill()
			_ = loop.Wait()
		})
		loops = append(loops, process{pid: loop.Process.Pid})
	}
	const some = 50 * time.Millisecond
	for deadline := time.Now().Add(patient); awaitedProcessor(loops[:1]) < some || awaitedProcessor(loops[1:]) < some; {
		if time.Now().After(deadline) {
			t.Fatalf("they waited for %s and %s", awaitedProcessor(loops[:1]), awaitedProcessor(loops[1:]))
		}
		time.Sleep(pollEvery)
	}
	if got := awaitedProcessor(loops); got < some {
		t.Errorf("both together waited for %s", got)
	}
}

// firstProcessor is the number of one that this process may run on.
func firstProcessor(t *testing.T) string {
	t.Helper()
	_, list, _ := strings.Cut(readStatus(os.Getpid()), "Cpus_allowed_list:")
	number := regexp.MustCompile(`\d+`).FindString(list)
	if number == "" {
		t.Fatal("/proc/self/status names no processor")
	}
	return number
}

func TestDescendants(t *testing.T) {
	found := table{}
	for pid, parent := range map[int]int{2: 1, 30: 2, 4: 30, 5: 2, 6: 1, 7: 6, 8: 99} {
		found[pid] = process{pid: pid, parent: parent, zombie: pid == 5}
	}
	for _, c := range []struct {
		of, except int
		want       []int
	}{
		{1, 0, []int{2, 6, 5, 30, 7, 4}},
		{1, 2, []int{6, 7}},
		{2, 0, []int{5, 30, 4}},
		{4, 0, nil},
	} {
		var got []int
		for _, p := range found.descendants(c.of, c.except) {
			got = append(got, p.pid)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("of %d without %d: got %v, want %v", c.of, c.except, got, c.want)
		}
	}
	if !found.lives(2) || found.lives(5) || found.lives(3) {
		t.Error("2 lives, 5 has ended, 3 is not there")
	}
	if got := living(found.descendants(2, 0)); len(got) != 2 {
		t.Errorf("living are %+v", got)
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
	if got := commandLine(os.Getpid()); !slices.Equal(got, os.Args) {
		t.Errorf("the command line is %q, want %q", got, os.Args)
	}
	if got := commandLine(0); got != nil {
		t.Errorf("the command line of no process is %q", got)
	}
}

func TestParseCommandLine(t *testing.T) {
	long := strings.Repeat("x", maxCommandLine)
	for text, want := range map[string][]string{
		"":                                       nil,
		"\x00\x00":                               nil,
		"/bin/sh\x00/run.sh\x00\x00-v\x00":       {"/bin/sh", "/run.sh", "", "-v"},
		"npm start\x00\x00\x00\x00":              {"npm start"},
		"untitled":                               {"untitled"},
		"/bin/\xff\x00":                          {"/bin/?"},
		"sh\x00-c\x00" + long[:maxCommandLine-6]: {"sh", "-c"},
		"sh\x00" + long[:maxCommandLine-6] + "\x00-c": {"sh", long[:maxCommandLine-6]},
		long: nil,
	} {
		if got := parseCommandLine([]byte(text)); !slices.Equal(got, want) {
			t.Errorf("%.20q: got %.60q", text, got)
		}
	}
}

func FuzzParsers(f *testing.F) {
	f.Add(status)
	f.Add("8 (a) b) (c) Z 7 7 6 0 -1")
	f.Add("#!/bin/sh\n: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 1001 0 4711 1")
	f.Add("0: 2 0 00010000 1 01 101 /run/app")
	f.Add("0\x001\x00/app\x00app\x00A=1\x00")
	f.Fuzz(func(t *testing.T, text string) {
		parseStatus(text)
		parseMemory(text)
		threadsOf(text)
		_, _ = decodeOrder([]byte(text))
		parseStat([]byte(text))
		parseSchedstat(text)
		parseCommandLine([]byte(text))
		caught(text, syscall.SIGTERM)
		parseInternet("tcp", text)
		parseInternet("udp6", text)
		parseUnix(text)
		home(text, 1001)
	})
}
