package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestAssumeYes(t *testing.T) {
	tests := map[string]judgement{
		"columns":        {text: "FROM a:1\nRUN apt-get update && \\\n  apt-get install x\n", status: checks.Warn, finding: "3:3: apt-get install asks for confirmation, which nobody gives in a build"},
		"build stage":    {text: "FROM a:1 AS b\nRUN yum install x\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Warn, finding: "2:5: "},
		"known variable": {text: "FROM a:1\nARG P=x\nRUN apt-get install $P\n", status: checks.Warn},
		"setting of one": {text: "FROM a:1\nRUN apt-get -o APT::Get::Assume-Yes=true install x\nRUN apt-get install y\n", status: checks.Warn, finding: "3:5: "},
		"option of one":  {text: "FROM a:1\nRUN dnf --assumeyes install x\nRUN dnf install y\n", status: checks.Warn, finding: "3:5: "},
		"stage not used": {text: "FROM a:1 AS b\nRUN yum install x\nFROM a:1\n", status: checks.Pass},
		"configured apt": {text: "FROM a:1\nRUN set -o pipefail; echo 'APT::Get::Assume-Yes \"true\";' > /etc/apt/apt.conf.d/90\nRUN apt-get install x\n", status: checks.Pass},
		"configured dnf": {text: "FROM a:1 AS b\nRUN echo assumeyes=1 >> /etc/dnf/dnf.conf\nFROM b\nRUN dnf install x\n", status: checks.Pass},
		"copied":         {text: "FROM a:1\nCOPY yum.conf /etc/yum.conf\nRUN yum install x\n", status: checks.Pass},
		"conda config":   {text: "FROM a:1\nRUN conda config --set always_yes yes && conda install x\n", status: checks.Pass},
		"conda variable": {text: "FROM a:1\nENV CONDA_ALWAYS_YES=true\nRUN conda install x\n", status: checks.Pass},
		"heredoc answer": {text: "FROM a:1\nRUN apt-get install x <<EOF\ny\nEOF\n", status: checks.Pass},
		"known option":   {text: "FROM a:1\nENV O=\"-y -q\"\nRUN apt-get install $O x\n", status: checks.Pass},
	}
	for line, fix := range map[string]string{
		"apt install x": "Add -y", "apt-get -q install x": "Add -y", "apt-get upgrade": "Add -y", "apt-get dist-upgrade": "Add -y", "apt-get remove x": "Add -y", "apt-get autoremove": "Add -y", "apt-get build-dep x": "Add -y", "sudo apt-get install x": "Add -y", "DEBIAN_FRONTEND=noninteractive apt-get install x": "Add -y",
		"yum install x": "Add -y", "yum update": "Add -y", "dnf install x": "Add -y", "dnf group install x": "Add -y", "dnf remove x": "Add -y", "tdnf install x": "Add -y", "zypper install x": "Add --non-interactive", "zypper dup": "Add --non-interactive",
		"conda install x": "Add --yes", "micromamba create -n a x": "Add --yes", "pip uninstall x": "Add --yes", "apk add -i x": "Leave out --interactive", "apk --interactive add x": "Leave out --interactive",
	} {
		text := "FROM a:1\nRUN " + line + "\n"
		tests[line] = judgement{text: text, status: checks.Warn, finding: "2: asks for confirmation"}
		if f := run(t, assumeYes, text, dockerfile.Options{}).Findings; len(f) != 1 || f[0].Fix != fix {
			t.Errorf("%s: %+v, want %s", line, f, fix)
		}
	}
	for _, line := range []string{
		"apt-get install -y x", "apt-get -y install x", "apt-get install x -y", "apt-get install -qy x", "apt-get install --yes x", "apt-get install --assume-yes x", "apt-get install -qq x", "apt-get -q -q install x", "apt-get install -q=2 x", "apt-get install --quiet --quiet x", "apt-get install --force-yes x",
		"apt-get -o APT::Get::Assume-Yes=true install x", "yes | apt-get install x", "echo y | yum install x", "apt-get install x < /answers", "apt-get install x <<< y", "apt-get install $OPTIONS x", "apt-get update", "apt-get clean", "apt-get install -s x", "apt-get download x",
		"yum -y install x", "yum install x --assumeyes", "yum install -yq x", "yum clean all", "yum makecache", "yum list", "dnf install -y x", "dnf --setopt=assumeyes=True install x", "dnf module enable -y x", "microdnf install x", "tdnf install -y x",
		"zypper -n install x", "zypper --non-interactive in x", "zypper in -y x", "zypper install --no-confirm x", "zypper refresh", "zypper addrepo u a",
		"conda install -y x", "conda install -qy x", "conda env create -f a.yml", "conda clean --all", "MAMBA_ALWAYS_YES=1 mamba install x", "pip install x", "pip uninstall -y x", "apk add x", "apk del x", "npm install", "gem install x", "echo apt-get install x", "(",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, assumeYes, tests)
}
