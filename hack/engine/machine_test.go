package main

import (
	"strings"
	"testing"
)

func TestCheckMachine(t *testing.T) {
	const debian12 = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n"
	for _, test := range []struct {
		name, goarch  string
		uid           int
		release, want string
	}{
		{"good", "amd64", 0, debian12, ""},
		{"good on Arm", "arm64", 0, debian12, ""},
		{"another processor", "riscv64", 0, debian12, "riscv64"},
		{"another distribution", "amd64", 0, "ID=ubuntu\nVERSION_ID=\"24.04\"\nPRETTY_NAME=\"Ubuntu 24.04 LTS\"\n", `"Ubuntu 24.04 LTS"`},
		{"another release", "amd64", 0, strings.ReplaceAll(debian12, "12", "13"), "Debian 12 only"},
		{"no release", "amd64", 0, "", "Debian 12 only"},
		{"not root", "amd64", 1000, debian12, "root"},
	} {
		err := checkMachine(test.goarch, test.uid, test.release)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: error %v, want one with %q", test.name, err, test.want)
		}
	}
}
