package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestRecommends(t *testing.T) {
	tests := map[string]judgement{
		"columns":         {text: "FROM a:1\nRUN apt-get update && \\\n  apt-get install -y x\n", status: checks.Warn, finding: "3:3: apt-get install installs what the packages recommend, too"},
		"base stage":      {text: "FROM a:1 AS b\nRUN apt-get install -y x\nFROM b\n", status: checks.Warn, finding: "2:5: "},
		"option of one":   {text: "FROM a:1\nRUN apt-get -o APT::Install-Recommends=false install -y x\nRUN apt-get install -y y\n", status: checks.Warn, finding: "3:5: "},
		"build stage":     {text: "FROM a:1 AS b\nRUN apt-get install -y gcc\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},
		"configured":      {text: "FROM a:1\nRUN set -o pipefail; echo 'APT::Install-Recommends \"false\";' > /etc/apt/apt.conf.d/01\nRUN apt-get install -y x\n", status: checks.Pass},
		"configured, RUN": {text: "FROM a:1\nRUN echo 'apt::install-recommends 0;' > /etc/apt/apt.conf && apt-get install -y x\n", status: checks.Pass},
		"configured, run": {text: "FROM a:1 AS b\nRUN printf 'APT { Install-Recommends \"0\"; };\\nAPT::Install-Recommends \"0\";' > /etc/apt/apt.conf\nFROM b\nRUN apt-get install -y x\n", status: checks.Pass},
		"heredoc":         {text: "FROM a:1\nCOPY <<EOF /etc/apt/apt.conf.d/99\nAPT::Install-Recommends \"0\";\nEOF\nRUN apt-get install -y x\n", status: checks.Pass},
		"copied":          {text: "FROM a:1\nCOPY apt.conf /etc/apt/apt.conf.d/99\nRUN apt-get install -y x\n", status: checks.Pass},
		"copied root":     {text: "-- Dockerfile --\nFROM a:1\nCOPY rootfs /\nRUN apt-get install -y x\n-- rootfs/etc/apt/apt.conf.d/99 --\n", status: checks.Pass},
		"other root":      {text: "-- Dockerfile --\nFROM a:1\nCOPY rootfs /\nRUN apt-get install -y x\n-- rootfs/etc/hosts --\n", status: checks.Warn},
		"sources":         {text: "FROM a:1\nCOPY a.list /etc/apt/sources.list.d/\nRUN apt-get install -y x\n", status: checks.Warn},
		"other setting":   {text: "FROM a:1\nRUN echo 'Acquire::Retries 3;' > /etc/apt/apt.conf.d/80\nRUN apt-get install -y x\n", status: checks.Warn},
		"known variable":  {text: "FROM a:1\nARG P=\"x y\"\nRUN apt-get install -y $P\n", status: checks.Warn},
		"known option":    {text: "FROM a:1\nARG P=--no-install-recommends\nRUN apt-get install -y $P x\n", status: checks.Pass},
		"APT_CONFIG":      {text: "FROM a:1\nENV APT_CONFIG=/a\nRUN apt-get install -y x\n", status: checks.Pass},
	}
	for _, line := range []string{"apt install -y x", "aptitude install -y x", "sudo apt-get install -qqy x", "sh -c 'apt-get install -y x'", "apt-get -o Dpkg::Options::=--force-confold install -y x", "apt-get install -y ./x.deb", "DEBIAN_FRONTEND=noninteractive apt-get install -y x"} {
		tests[line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Warn, finding: "2: "}
	}
	for _, line := range []string{
		"apt-get install -y --no-install-recommends x", "apt-get --no-install-recommends install -y x", "apt-get install -y --no-install-recommends=true x", "apt-get -o APT::Install-Recommends=false install -y x", "apt-get install -oAPT::Install-Recommends=0 x",
		"apt-get install -y --install-recommends x", "aptitude install -R x", "aptitude --without-recommends install x", "apt-get install -y $OPTIONS", "apt-get install -f -y", "apt-get install --only-upgrade -y x", "apt-get install -y --reinstall x", "apt-get build-dep -y x", "apt-get update", "apt-get upgrade -y",
		"dnf install -y x", "apk add x", "echo apt-get install -y x", "(",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, recommends, tests)
	f := run(t, recommends, "FROM a:1\nRUN aptitude install -y x\n", dockerfile.Options{}).Findings
	if len(f) != 1 || f[0].Fix != "Write aptitude install --without-recommends" {
		t.Errorf("%+v", f)
	}
}
