package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestSSHPort(t *testing.T) {
	tests := map[string]judgement{
		"columns":            {text: "FROM a:1\nEXPOSE 80 22/tcp\n", status: checks.Warn, finding: "2:11: EXPOSE 22/tcp offers the port of SSH"},
		"plain":              {text: "FROM a:1\nEXPOSE 22\n", status: checks.Warn, finding: "2:8: "},
		"range":              {text: "FROM a:1\nEXPOSE 20-25\n", status: checks.Warn},
		"variable":           {text: "FROM a:1\nENV P=22\nEXPOSE $P\n", status: checks.Warn, finding: "3:8: EXPOSE $P"},
		"variable unknown":   {text: "FROM a:1\nARG P\nEXPOSE $P\n", status: checks.Pass},
		"UDP":                {text: "FROM a:1\nEXPOSE 22/udp\n", status: checks.Pass},
		"others":             {text: "FROM a:1\nEXPOSE 2222 8022 220 80-90 122/tcp\n", status: checks.Pass},
		"base stage":         {text: "FROM a:1 AS b\nEXPOSE 22\nFROM b\n", status: checks.Warn, finding: "2:8: "},
		"build stage":        {text: "FROM a:1 AS b\nEXPOSE 22\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},
		"installed":          {text: "FROM a:1\nRUN apt-get update && apt-get install -y curl openssh-server\n", status: checks.Warn, finding: "2:23: the image gets the SSH server openssh-server"},
		"installed, build":   {text: "FROM a:1 AS b\nRUN apt-get install -y openssh-server\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},
		"client":             {text: "FROM a:1\nRUN apt-get install -y openssh-client && apk add openssh\n", status: checks.Pass},
		"started":            {text: "FROM a:1\nCMD [\"/usr/sbin/sshd\", \"-D\"]\n", status: checks.Warn, finding: "2:1: the container starts an SSH server: /usr/sbin/sshd -D"},
		"started as service": {text: "FROM a:1\nCMD service ssh start && exec app\n", status: checks.Warn, finding: "2:5: "},
		"started by script":  {text: "FROM a:1\nCMD /etc/init.d/ssh start && exec app\n", status: checks.Warn},
		"tested":             {text: "FROM a:1\nRUN sshd -t\nCMD [\"app\"]\n", status: checks.Pass},
		"ssh":                {text: "FROM a:1\nCMD [\"ssh\", \"host\", \"start\"]\n", status: checks.Pass},
		"other service":      {text: "FROM a:1\nCMD service nginx start\n", status: checks.Pass},
		"ONBUILD":            {text: "FROM a:1\nONBUILD EXPOSE 22\n", status: checks.Pass},
	}
	judgeAll(t, sshPort, tests)
}
