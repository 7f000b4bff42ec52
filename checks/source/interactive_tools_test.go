package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestInteractiveTools(t *testing.T) {
	const cmd = "CMD [\"app\"]\n"
	tests := map[string]judgement{
		"columns":         {text: "FROM a:1\nRUN make && \\\n    service nginx start\n", status: checks.Warn, finding: "3:5: service makes no sense in a build: what it starts ends with the RUN"},
		"build stage":     {text: "FROM a:1 AS b\nRUN top -b -n1\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Warn, finding: "2:5: "},
		"stage not used":  {text: "FROM a:1 AS b\nRUN ps\nFROM a:1\n", status: checks.Pass},
		"CMD":             {text: "FROM a:1\nCMD ps\n", status: checks.Pass},
		"ssh mount":       {text: "FROM a:1\nRUN --mount=type=ssh ssh -T git@github.com\n", status: checks.Pass},
		"insecure":        {text: "FROM a:1\nRUN --security=insecure mount -t tmpfs none /x\n", status: checks.Pass},
		"Windows":         {text: "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN ps\n", status: checks.Pass},
		"installed":       {text: "FROM a:1\nRUN apt-get install -y curl vim htop=3\n" + cmd, status: checks.Warn, finding: "2:5: the image gets vim, htop, which only people at a terminal use"},
		"installed, base": {text: "FROM a:1 AS b\nRUN apk add nano\nFROM b\n" + cmd, status: checks.Warn, finding: "2:5: the image gets nano"},
		"build, vim":      {text: "FROM a:1 AS b\nRUN apk add vim\nFROM a:1\nCOPY --from=b /x /x\n" + cmd, status: checks.Pass},
		"removed":         {text: "FROM a:1\nRUN apk add vim && x && apk del vim\n" + cmd, status: checks.Pass},
		"to work in":      {text: "FROM a:1\nRUN apk add vim\nCMD [\"bash\"]\n", status: checks.Pass},
		"tools alone":     {text: "FROM a:1\nRUN apk add vim\n", status: checks.Pass},
		"started":         {text: "FROM a:1\nRUN apk add tcpdump\nENTRYPOINT [\"tcpdump\"]\n", status: checks.Pass},
		"editor":          {text: "FROM a:1\nENV EDITOR=/usr/bin/vim\nRUN apk add vim-nox\n" + cmd, status: checks.Pass},
		"conditional":     {text: "FROM a:1\nRUN [ -z \"$DEV\" ] || apk add vim\n" + cmd, status: checks.Pass},
	}
	for _, line := range []string{
		"service mysql start", "service mysql start && sleep 5", "systemctl start nginx", "systemctl restart nginx; true", "ps aux", "free -m", "top -b", "vim a", "vi a", "nano a", "shutdown now", "reboot", "mount /dev/sda /x", "ssh host make", "kill 1", "sudo ps", "less a", "man ls",
	} {
		tests[line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Warn, finding: "2:5: makes no sense in a build"}
	}
	for _, line := range []string{
		"service mysql start && mysql -e 'create database a'", "service mysql start; sleep 5; mysql < a.sql; service mysql stop", "systemctl enable nginx", "service nginx stop", "app & sleep 5; kill $!", "vim +PlugInstall +qall", "nvim --headless +q", "vim -es -u a",
		"echo ps", "ssh-keygen -A", "ssh-keyscan github.com", "ssh -V", "apk add openssh-client procps less", "mount", "umount /x", "git log | less", "pgrep x", "if ps aux; then make; fi", "(",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n" + cmd, status: checks.Pass}
	}
	judgeAll(t, interactiveTools, tests)
}
