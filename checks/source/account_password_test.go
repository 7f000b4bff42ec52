package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestAccountPassword(t *testing.T) {
	judgeAll(t, accountPassword, map[string]judgement{
		"chpasswd":              {text: "FROM a:1\nRUN echo 'root:root' | chpasswd\n", status: checks.Fail, finding: "2: chpasswd sets the password of an account"},
		"chpasswd, from a file": {text: "FROM a:1\nRUN --mount=type=secret,id=p chpasswd < /run/secrets/p\n", status: checks.Fail, finding: "2: chpasswd sets"},
		"by sudo":               {text: "FROM a:1\nRUN echo x:$P | sudo /usr/sbin/chpasswd -e\n", status: checks.Fail, finding: "2: chpasswd sets"},
		"passwd from a pipe":    {text: "FROM a:1\nRUN printf 'x\\nx\\n' | passwd app\n", status: checks.Fail, finding: "2: passwd sets"},
		"passwd --stdin":        {text: "FROM a:1\nRUN echo x | passwd --stdin app\n", status: checks.Fail, finding: "2: passwd sets"},
		"empty":                 {text: "FROM a:1\nRUN passwd -d root\n", status: checks.Fail, finding: "2: passwd removes the password of an account"},
		"useradd":               {text: "FROM a:1\nRUN useradd -m -p \"$(openssl passwd x)\" app\n", status: checks.Fail, finding: "2: useradd sets"},
		"usermod":               {text: "FROM a:1\nRUN usermod --password=abc app\n", status: checks.Fail, finding: "2: usermod sets"},
		"empty by usermod":      {text: "FROM a:1\nRUN usermod -p '' root\n", status: checks.Fail, finding: "2: usermod sets"},
		"on a stage":            {text: "FROM a:1 AS b\nRUN passwd -d root\nFROM b\n", status: checks.Fail, finding: "2: passwd"},
		"locked":                {text: "FROM a:1\nRUN passwd -l root && usermod -p '*' app && echo 'app:*' | chpasswd -e\n", status: checks.Pass},
		"at random":             {text: "FROM a:1\nRUN useradd --password \"$(head -c32 /dev/urandom | base64)\" app && echo \"x:$(openssl rand -hex 32)\" | chpasswd\n", status: checks.Pass},
		"no password":           {text: "FROM a:1\nRUN useradd -m app && adduser -D web && adduser --disabled-password x\n", status: checks.Pass},
		"other options":         {text: "FROM a:1\nRUN useradd -P /prefix -u 1000 app && mkdir -p /etc/passwd.d && getent passwd app\n", status: checks.Pass},
		"only copied from":      {text: "FROM a:1 AS b\nRUN passwd -d root\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},
		"at run time":           {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"echo root:$P | chpasswd\"]\n", status: checks.Pass},
	})
	f := run(t, accountPassword, "FROM a:1\nRUN usermod -p 's3cret' app\n", dockerfile.Options{}).Findings[0]
	if strings.Contains(f.Message+f.Fix, "s3cret") {
		t.Errorf("the finding shows the password: %+v", f)
	}
	if want := (checks.Location{Path: "Dockerfile", Line: 2, Column: 5, EndLine: 2, EndColumn: 28}); f.Location != want {
		t.Errorf("finding at %+v, want %+v", f.Location, want)
	}
}
