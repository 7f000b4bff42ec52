package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
)

func TestStartTimeTellsProcessesApart(t *testing.T) {
	own := startTime(os.Getpid())
	if own == "" || own != startTime(os.Getpid()) {
		t.Errorf("this process started at %q, then at %q", own, startTime(os.Getpid()))
	}
	if got := startTime(1 << 30); got != "" {
		t.Errorf("a process that is not there started at %q", got)
	}
}

func TestPID(t *testing.T) {
	own := os.Getpid()
	for _, test := range []struct {
		name, file string
		want       int
	}{
		{"running", fmt.Sprintf("%d %s\n", own, startTime(own)), own},
		{"another process of its number", fmt.Sprintf("%d 1\n", own), 0},
		{"not running", fmt.Sprintf("%d 1\n", 1<<30), 0},
		{"torn", fmt.Sprint(own), 0},
		{"empty", "", 0},
		{"no file", "-", 0},
	} {
		e := &engine{instance: instance{run: t.TempDir()}}
		if test.file != "-" {
			if err := os.WriteFile(e.pidFile(), []byte(test.file), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got := e.pid(); got != test.want {
			t.Errorf("%s: pid %d, want %d", test.name, got, test.want)
		}
	}
}

func TestCheckHome(t *testing.T) {
	own := os.Getpid()
	for _, test := range []struct {
		name, home string
		pid        int
		refused    bool
	}{
		{"its own", "/a", own, false},
		{"another's", "/b", own, true},
		{"another's that has ended", "/b", 1 << 30, false},
	} {
		e := &engine{home: "/a", instance: instance{run: t.TempDir()}}
		for file, text := range map[string]string{e.homeFile(): test.home, e.pidFile(): fmt.Sprintf("%d %s\n", test.pid, startTime(own))} {
			if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.checkHome(); (err != nil) != test.refused {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestConnected(t *testing.T) {
	const table = `Num       RefCount Protocol Flags    Type St Inode Path
00000000a6a3f4c1: 00000002 00000000 00010000 0001 01 939428 /run/x/engine.sock
00000000ecc1bc71: 00000003 00000000 00000000 0001 03 939429 /run/x/engine.sock
00000000ecc1bc72: 00000003 00000000 00000000 0001 03 939430 /run/x/engine.sock
00000000ecc1bc73: 00000003 00000000 00000000 0001 03 939431 /run/y/engine.sock
00000000ecc1bc74: 00000003 00000000 00000000 0001 03 939432
`
	if got := connected(table, "/run/x/engine.sock"); got != 2 {
		t.Errorf("%d connections, want 2", got)
	}
}

func TestInheritedVariables(t *testing.T) {
	got := inherited([]string{"HOME=/root", "REGISTRY_LOG=x", "https_proxy=http://p", "PATH=/x", "DAGGER_CLOUD_TOKEN=secret"})
	if want := []string{"HOME=/root", "https_proxy=http://p"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestEngineConfig(t *testing.T) {
	i, err := openInstance("")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Registries map[string]struct {
			Mirrors        []string
			HTTP, Insecure bool
		}
		GC struct {
			Policies []struct{ MaxUsedSpace, MinFreeSpace string }
		}
	}
	if err := json.Unmarshal([]byte(engineConfig(i)), &config); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"docker.io", "gcr.io"} {
		if got := config.Registries[name].Mirrors; !slices.Equal(got, []string{"127.0.0.1:5000"}) {
			t.Errorf("mirrors of %s: %q", name, got)
		}
	}
	for _, name := range []string{"127.0.0.1:5000", "10.96.0.2:5000"} {
		if r := config.Registries[name]; !r.HTTP || !r.Insecure {
			t.Errorf("%s: %+v", name, r)
		}
	}
	// One, with a bound of its own: Dagger's default is a share of the whole disk.
	if p := config.GC.Policies; len(p) != 1 || p[0].MaxUsedSpace == "" || p[0].MinFreeSpace == "" {
		t.Errorf("what the cache may take: %+v", p)
	}
}

func TestInstancesShareNothing(t *testing.T) {
	seen := map[string]bool{}
	for _, number := range []string{"", "2", "3", "9"} {
		i, err := openInstance(number)
		if err != nil {
			t.Fatal(err)
		}
		// The kernel takes names of up to 15 bytes, and containers' networks are told
		// apart by "0" at the end.
		if out := i.name + "-out"; len(out) > 15 {
			t.Errorf("%s is too long a name for a network interface", out)
		}
		for _, v := range []string{i.name, i.run, i.uplink, i.containers, i.host(), i.registry()} {
			if seen[v] {
				t.Errorf("%s is used twice", v)
			}
			seen[v] = true
		}
	}
	for _, number := range []string{"0", "1", "10", "x", "-2"} {
		if _, err := openInstance(number); err == nil {
			t.Errorf("%q is taken for a number", number)
		}
	}
}
