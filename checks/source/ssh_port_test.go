package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestSSHPort(t *testing.T) {
	judgeAll(t, sshPort, map[string]judgement{
		"alone":            {text: "FROM a:1\nEXPOSE 22\n", status: checks.Warn, finding: "2: EXPOSE 22 has the port of an SSH server"},
		"with protocol":    {text: "FROM a:1\nEXPOSE 22/TCP\n", status: checks.Warn, finding: "2: EXPOSE 22/TCP"},
		"range":            {text: "FROM a:1\nEXPOSE 20-25\n", status: checks.Warn, finding: "2: EXPOSE 20-25"},
		"argument":         {text: "FROM a:1\nARG PORT=22\nEXPOSE $PORT\n", status: checks.Warn, finding: "3: EXPOSE 22"},
		"inherited":        {text: "FROM a:1 AS b\nEXPOSE 22\nFROM b\n", status: checks.Warn, finding: "2: EXPOSE 22"},
		"other ports":      {text: "FROM a:1\nEXPOSE 2222 8022 220 80/tcp\n", status: checks.Pass},
		"udp":              {text: "FROM a:1\nEXPOSE 22/udp\n", status: checks.Pass},
		"other range":      {text: "FROM a:1\nEXPOSE 8000-8022\n", status: checks.Pass},
		"unknown":          {text: "FROM a:1\nARG PORT\nEXPOSE $PORT\n", status: checks.Pass},
		"only copied from": {text: "FROM a:1 AS b\nEXPOSE 22\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},
	})
	f := run(t, sshPort, "FROM a:1\nEXPOSE 8080 22\n", dockerfile.Options{}).Findings[0]
	if want := (checks.Location{Path: "Dockerfile", Line: 2, Column: 13, EndLine: 2, EndColumn: 15}); f.Location != want {
		t.Errorf("finding at %+v, want %+v", f.Location, want)
	}
}
