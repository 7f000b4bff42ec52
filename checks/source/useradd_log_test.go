package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestUseraddLog(t *testing.T) {
	tests := map[string]judgement{
		"columns":     {text: "FROM a:1\nRUN groupadd x && \\\n  useradd -u 1000700001 x\n", status: checks.Warn, finding: "3:3: useradd with the uid 1000700001 makes /var/log/lastlog 292204 MB large in the layer"},
		"ARG":         {text: "FROM a:1\nARG UID=200000\nRUN useradd --uid ${UID} x\n", status: checks.Warn, finding: "3: useradd with the uid 200000"},
		"base stage":  {text: "FROM a:1 AS b\nRUN useradd -u 100000 x\nFROM b\n", status: checks.Warn, finding: "2: makes /var/log/lastlog 29 MB"},
		"low ARG":     {text: "FROM a:1\nARG UID=1000\nRUN useradd --uid ${UID} x\n", status: checks.Pass},
		"unknown ARG": {text: "FROM a:1\nARG UID\nRUN useradd --uid ${UID} x\n", status: checks.Pass},
		"build stage": {text: "FROM a:1 AS b\nRUN useradd -u 100000 x\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},
		"mounted":     {text: "FROM a:1\nRUN --mount=type=tmpfs,target=/var/log useradd -u 100000 x\n", status: checks.Pass},
	}
	for _, line := range []string{"useradd -u 100000 x", "useradd -mu 100000 x", "useradd -u100000 x", "useradd --uid=100000 -m x", "useradd -c label -d /l -u 100000 x", "useradd -g -l -u 100000 x", "sudo useradd -u 100000 x", "useradd -u 100000 x && rm -rf /tmp/*"} {
		tests[line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Warn}
	}
	for _, line := range []string{"useradd x", "useradd -u 10001 x", "useradd -u 65534 x", "useradd -l -u 100000 x", "useradd -lmu 100000 x", "useradd --no-log-init --uid 100000 x", "useradd -u $UID x", "useradd -u 100000 x && rm -f /var/log/lastlog /var/log/faillog", "adduser -D -u 100000 x", "usermod -u 100000 x", "useradd -g 100000 x", "useradd -D -u 100000", "echo useradd -u 100000", "("} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, useraddLog, tests)
}
