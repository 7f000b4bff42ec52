package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestPinnedOSPackages(t *testing.T) {
	tests := map[string]judgement{
		"columns":        {text: "FROM a:1\nRUN apt-get update && apt-get install -y \\\n    git=1:2.39 \\\n    curl \\\n    jq\n", status: checks.Warn, finding: "4:5: apt-get install takes whatever version there is of curl, jq"},
		"build stage":    {text: "FROM a:1 AS b\nRUN apk add --no-cache gcc\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Warn, finding: "2:24: apk add takes whatever version there is of gcc"},
		"stage not used": {text: "FROM a:1 AS b\nRUN apk add gcc\nFROM a:1\n", status: checks.Pass},
		"snapshot":       {text: "FROM a:1\nRUN echo 'deb http://snapshot.debian.org/archive/debian/20240101T000000Z bookworm main' > /etc/apt/sources.list\nRUN apt-get update && apt-get install -y curl\n", status: checks.Pass},
		"of base stage":  {text: "FROM a:1 AS b\nRUN sed -i s/deb.debian.org/snapshot.debian.org/ /etc/apt/sources.list\nFROM b\nRUN apt-get install -y curl\n", status: checks.Pass},
		"snapshot later": {text: "FROM a:1\nRUN apt-get install -y curl\nRUN apt-get install --snapshot 20240101T000000Z git\n", status: checks.Warn, finding: "2: "},
	}
	for _, line := range []string{
		"apt install -y curl", "apt-get install -y curl/bookworm-backports", "apk add --no-cache --virtual .deps gcc", "apk add 'gcc>1'", "dnf install -y nginx", "yum install -y java-11-openjdk",
		"microdnf install shadow-utils", "zypper -n in vim", "tdnf install -y git", "zypper in 'git>=2'",
	} {
		tests[line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Warn, finding: "2: "}
	}
	for _, line := range []string{
		"apt-get install -y curl=7.88.1-10+deb12u5", "apt-get install -y curl=$CURL_VERSION", "apt-get install -y $PACKAGES", "apt-get install -y ./a.deb", "apt-get purge -y gcc", "apt-get -y autoremove", "apt-get update",
		"apk add --no-cache gcc=13.2.1_git20231014-r0 make~=4.4", "apk del .deps", "dnf install -y nginx-1.20.1", "yum install -y httpd-2.4.37-43.el8", "dnf group install -y 'Development Tools'",
		"dnf install -y https://a.b/c.rpm", "zypper in curl=8.0", "yum update -y", "pip install flask", "dnf module install nodejs:18",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, pinnedOSPackages, tests)
}
