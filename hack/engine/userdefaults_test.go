package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const block = defaultsBegin + "\nM_a=1\nM_b=2\n" + defaultsEnd + "\n"

func TestWithDefaults(t *testing.T) {
	for _, test := range []struct{ name, old, want string }{
		{"no file", "", block},
		{"the user's lines", "# mine\nX=1\n", "# mine\nX=1\n" + block},
		{"no newline at the end", "X=1", "X=1\n" + block},
		{"ours already", "X=1\n" + block, "X=1\n" + block},
		{"ours of other values, between the user's", "X=1\n" + defaultsBegin + "\nM_a=0\nM_c=3\n" + defaultsEnd + "\nY=2\n", "X=1\nY=2\n" + block},
		{"the user's own value", "M_a=9\n", "M_a=9\n" + defaultsBegin + "\nM_b=2\n" + defaultsEnd + "\n"},
		{"the user's own value in other letters", "export m_A = 9\n", "export m_A = 9\n" + defaultsBegin + "\nM_b=2\n" + defaultsEnd + "\n"},
		{"a comment is no value", "#M_a=9\n", "#M_a=9\n" + block},
	} {
		got := withDefaults(test.old, []string{"M_a=1", "M_b=2"})
		if got != test.want {
			t.Errorf("%s:\n%q, want\n%q", test.name, got, test.want)
		}
		if again := withDefaults(got, []string{"M_a=1", "M_b=2"}); again != got {
			t.Errorf("%s: a second time:\n%q, want\n%q", test.name, again, got)
		}
	}
}

func TestWriteUserDefaultsKeepsTheMode(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, ".env")
	if err := os.WriteFile(file, []byte("SECRET=x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeUserDefaults(dir, []string{"M_a=1", "M_b=2"}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 || string(b) != "SECRET=x\n"+block {
		t.Errorf("mode %v, content %q", info.Mode(), b)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".env.*")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestHackDaggerWithAnotherEngine runs hack/dagger where an engine is given: it
// hands all over to that machine's dagger, and takes out what is ours in .env.
func TestHackDaggerWithAnotherEngine(t *testing.T) {
	script, err := os.ReadFile("../dagger")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"hack/dagger": string(script),
		"bin/dagger":  "#!/bin/sh\npwd\nfor a in \"$@\"; do echo \"<$a>\"; done\n",
		".env":        "X=1\n" + block + "Y=2\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(dir, "hack/dagger"), "call", "a b", "")
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"), "_EXPERIMENTAL_DAGGER_RUNNER_HOST=tcp://elsewhere:1234")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if want := cmd.Dir + "\n<call>\n<a b>\n<>\n"; string(out) != want {
		t.Errorf("dagger was called with\n%s, want\n%s", out, want)
	}
	b, err := os.ReadFile(filepath.Join(dir, ".env"))
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != "X=1\nY=2\n" || strings.Contains(string(b), "hack/dagger") {
		t.Errorf(".env: %q", b)
	}
}
