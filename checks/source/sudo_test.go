package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestSudo(t *testing.T) {
	tests := map[string]judgement{
		"columns":           {text: "FROM a:1\nRUN true && \\\n    sudo make\n", status: checks.Warn, finding: "3:5: the build calls sudo: make"},
		"build stage":       {text: "FROM a:1 AS b\nRUN sudo make\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Warn, finding: "2:5: "},
		"stage not used":    {text: "FROM a:1 AS b\nRUN sudo make\nFROM a:1\n", status: checks.Pass},
		"CMD":               {text: "FROM a:1\nCMD [\"sudo\", \"-E\", \"app\"]\n", status: checks.Warn, finding: "2:1: the container starts app by sudo"},
		"ENTRYPOINT":        {text: "FROM a:1\nENTRYPOINT sudo app\n", status: checks.Warn, finding: "2:12: "},
		"installed":         {text: "FROM a:1\nRUN apt-get install -y curl sudo\n", status: checks.Warn, finding: "2:5: the image gets sudo"},
		"installed to work": {text: "FROM a:1\nRUN apt-get install -y curl sudo\nCMD [\"bash\"]\n", status: checks.Pass},
		"installed, build":  {text: "FROM a:1 AS b\nRUN apt-get install -y sudo\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},
		"installed, base":   {text: "FROM a:1 AS b\nRUN apt-get install -y sudo\nFROM b\n", status: checks.Warn, finding: "2:5: "},
		"removed":           {text: "FROM a:1\nRUN apt-get install -y sudo && x && apt-get purge -y sudo\n", status: checks.Pass},
		"conditional":       {text: "FROM a:1\nRUN if $DEV; then apt-get install -y sudo; fi\n", status: checks.Pass},
		"COPY":              {text: "FROM a:1\nCOPY app /etc/sudoers.d/app\n", status: checks.Warn, finding: "2:1: COPY lets a user of the image become root"},
		"redirect":          {text: "FROM a:1\nRUN make && \\\n  echo 'a ALL=NOPASSWD: ALL' >> /etc/sudoers\n", status: checks.Warn, finding: "3:30: RUN lets a user"},
		"ONBUILD":           {text: "FROM a:1\nONBUILD RUN sudo make\n", status: checks.Pass},
	}
	for _, line := range []string{
		"sudo make", "doas make", "sudo -u app make", "make && sudo -E make install", "sh -c 'sudo make'", "apk add doas", "apt-get install -y sudo=1.9.13", "echo a | tee /etc/sudoers.d/a", "usermod -aG sudo app", "adduser app sudo", "useradd -G docker,sudo app", "sudo -v",
	} {
		tests[line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Warn, finding: "2: "}
	}
	for _, line := range []string{
		"echo sudo make", "pip install sudo-tool", "apt-get remove -y sudo", "rm -f /etc/sudoers", "cat /etc/sudoers > /dev/null", "useradd app", "which sudo", "grep x < /etc/sudoers", "(",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, sudo, tests)

	found := run(t, sudo, "FROM a:1\nRUN sudo make\nUSER  app\nRUN sudo make\nRUN apk add sudo\n", dockerfile.Options{}).Findings
	if len(found) != 3 || found[0].Severity != checks.Low || found[0].Fix != "Leave sudo out: the RUN is root already" ||
		found[1].Fix != "Write USER root before it instead, and USER app behind it" || found[2].Severity != checks.Medium {
		t.Errorf("found %+v", found)
	}
}
