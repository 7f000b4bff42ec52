package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestRunCD(t *testing.T) {
	tests := map[string]judgement{
		"columns":          {text: "FROM a:1\nRUN mkdir /app && \\\n    cd /app\n", status: checks.Warn, finding: "3:5: cd /app has no effect"},
		"alone":            {text: "FROM a:1\nRUN cd /app\n", status: checks.Warn, finding: "2:5: cd /app has no effect"},
		"heredoc":          {text: "FROM a:1\nRUN <<EOF\nmake\ncd /app\nEOF\n", status: checks.Warn, finding: "4:1: "},
		"repeated":         {text: "FROM a:1\nRUN cd /app && make\nCOPY a b\nRUN set -x; cd /app/ && make install\n", status: checks.Warn, finding: "2:5: 2 RUN instructions of the stage change to /app"},
		"repeated by ENV":  {text: "FROM a:1\nENV D=/app\nRUN cd $D && make\nRUN cd /app && make install\n", status: checks.Warn, finding: "3:5: "},
		"relative":         {text: "FROM a:1\nWORKDIR /app\nRUN cd web && make\nRUN cd web && make install\n", status: checks.Warn, finding: "3:5: change to /app/web"},
		"relative, other":  {text: "FROM a:1\nWORKDIR /app\nRUN cd web && make\nWORKDIR /b\nRUN cd web && make install\n", status: checks.Pass},
		"the WORKDIR":      {text: "FROM a:1\nWORKDIR /app\nRUN cd /app && make\n", status: checks.Warn, finding: "3:5: cd /app changes nothing"},
		"the WORKDIR, .":   {text: "FROM a:1\nWORKDIR /app\nRUN cd . && make\n", status: checks.Warn},
		"other stages":     {text: "FROM a:1 AS b\nRUN cd /app && make\nFROM a:1\nRUN cd /app && make\nCOPY --from=b /x /x\n", status: checks.Pass},
		"once":             {text: "FROM a:1\nRUN cd /app && make\nRUN make\n", status: checks.Pass},
		"different":        {text: "FROM a:1\nRUN cd /dev1 && make\nRUN cd /prod && make\n", status: checks.Pass},
		"temporary":        {text: "FROM a:1\nRUN cd /tmp && make\nRUN cd /tmp && make b\nRUN cd /usr/src/x && make\nRUN cd /usr/src/x && make\n", status: checks.Pass},
		"unknown":          {text: "FROM a:1\nRUN cd \"$(mktemp -d)\" && make\nRUN cd \"$(mktemp -d)\" && make\nRUN cd $X && make\nRUN cd $X && make\n", status: checks.Pass},
		"relative to base": {text: "FROM a:1\nRUN cd web && make\nRUN cd web && make\n", status: checks.Pass},
		"stage not used":   {text: "FROM a:1 AS b\nRUN cd /app\nFROM a:1\n", status: checks.Pass},
		"CMD":              {text: "FROM a:1\nCMD cd /app\n", status: checks.Pass},
	}
	for _, line := range []string{
		"make && cd - && make b", "(cd /app && make)", "(cd /app)", "cd /app; make", "cd /a && make && cd /b && make", "echo cd /app", "if cd /app; then make; fi", "cd /app || exit 1", "pushd /a", "cd",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, runCD, tests)

	found := run(t, runCD, "FROM a:1\nRUN cd /app\nRUN cd /b && make\nRUN cd /b && make\n", dockerfile.Options{}).Findings
	if len(found) != 2 || found[0].Severity != checks.Medium || found[0].Fix != "Write WORKDIR /app instead" ||
		found[1].Severity != checks.Low || found[1].Fix != "Write WORKDIR /b before line 3, and leave the cd out" {
		t.Errorf("found %+v", found)
	}
}
