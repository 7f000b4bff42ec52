package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestAptGet(t *testing.T) {
	tests := map[string]judgement{
		"columns":        {text: "FROM a:1\nRUN true && \\\n  apt -y update && apt install -y x\n", status: checks.Warn, finding: "3:3: apt update has no stable interface for scripts"},
		"build stage":    {text: "FROM a:1 AS b\nRUN apt install -y x\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Warn, finding: "2:5: "},
		"stage not used": {text: "FROM a:1 AS b\nRUN apt install -y x\nFROM a:1\n", status: checks.Pass},
		"not in a RUN":   {text: "FROM a:1\nCMD apt update\n", status: checks.Pass},
	}
	for line, fix := range map[string]string{
		"apt install -y x": "Write apt-get install", "sudo apt update": "Write apt-get update", "apt full-upgrade -y": "Write apt-get full-upgrade", "apt search x": "Write apt-cache search", "/usr/bin/apt show x": "Write apt-cache show",
		"apt list --installed": "Write dpkg-query --list, or apt-cache pkgnames", "bash -c 'apt purge -y x'": "Write apt-get purge",
	} {
		text := "FROM a:1\nRUN " + line + "\n"
		tests[line] = judgement{text: text, status: checks.Warn}
		if f := run(t, aptGet, text, dockerfile.Options{}).Findings; len(f) != 1 || f[0].Fix != fix {
			t.Errorf("%s: %+v, want %s", line, f, fix)
		}
	}
	for _, line := range []string{"apt-get install -y x", "apt-cache search x", "aptitude install -y x", "apt-key list", "apt --version", "ls /etc/apt", "echo apt install", "rm -rf /var/lib/apt", "pip install apt", "(",
		"which apt"} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, aptGet, tests)
	if f := run(t, aptGet, "FROM a:1\nRUN apt update && apt install -y x\nRUN apt install -y y\n", dockerfile.Options{}).Findings; len(f) != 2 {
		t.Errorf("one finding for each RUN: %+v", f)
	}
}
