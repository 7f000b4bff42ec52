package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestNoUpgrade(t *testing.T) {
	tests := map[string]judgement{
		"columns":        {text: "FROM a:1\nRUN apt-get update && \\\n    apt-get -y dist-upgrade\n", status: checks.Warn, finding: "3:5: apt-get dist-upgrade upgrades every package"},
		"build stage":    {text: "FROM a:1 AS b\nRUN yum update -y\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Warn, finding: "2:5: "},
		"stage not used": {text: "FROM a:1 AS b\nRUN yum update -y\nFROM a:1\n", status: checks.Pass},
	}
	for _, line := range []string{
		"apt-get upgrade -y", "apt full-upgrade", "apk upgrade --no-cache", "apk -U upgrade", "dnf -y upgrade", "yum update -y", "microdnf update", "tdnf update -y",
		"dnf distro-sync", "zypper -n dup", "zypper update -y", "sudo apt-get upgrade -y",
	} {
		tests[line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Warn, finding: "2: "}
	}
	for _, line := range []string{
		"apt-get update", "apt-get install --only-upgrade -y openssl", "apk update", "apk upgrade openssl", "dnf upgrade -y openssl", "yum update -y --security",
		"npm update", "pip install --upgrade pip", "zypper refresh", "echo apt-get upgrade",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, noUpgrade, tests)
}
