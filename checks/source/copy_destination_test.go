package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestCopyDestination(t *testing.T) {
	tests := map[string]judgement{
		"message":           {text: "FROM a:1\nCOPY a b /app\n", status: checks.Warn, finding: "2: COPY of 2 sources to /app, which is the name of a file if there is no such directory: the last source replaces the others"},
		"stage not used":    {text: "FROM a:1\nCOPY a b /app\nFROM a:1\n", status: checks.Pass},
		"WORKDIR later":     {text: "FROM a:1\nCOPY a b /app\nWORKDIR /app\n", status: checks.Warn},
		"WORKDIR":           {text: "FROM a:1\nWORKDIR /app\nCOPY a b /app\n", status: checks.Pass},
		"above the WORKDIR": {text: "FROM a:1\nWORKDIR /app/src\nCOPY a b /app\n", status: checks.Pass},
		"WORKDIR of base":   {text: "FROM a:1 AS b\nWORKDIR /app\nFROM b\nCOPY a b /app\n", status: checks.Pass},
		"mkdir":             {text: "FROM a:1\nRUN mkdir -p /app/x\nCOPY a b /app\n", status: checks.Pass},
		"copied before":     {text: "FROM a:1\nCOPY x /app/\nCOPY a b /app\n", status: checks.Pass},
		"file of that name": {text: "FROM a:1\nCOPY x /app\nCOPY a b /app\n", status: checks.Warn, finding: "3: "},
		"directories":       {text: "-- Dockerfile --\nFROM a:1\nCOPY src lib /app\n-- src/a --\n-- lib/b --\n", status: checks.Pass},
		"files":             {text: "-- Dockerfile --\nFROM a:1\nCOPY a b /app\n-- a --\n-- b --\n", status: checks.Warn},
		"unknown":           {text: "FROM a:1\nARG DIR\nCOPY a b $DIR\n", status: checks.Pass},
		"argument":          {text: "FROM a:1\nARG DIR=/app/\nCOPY a b $DIR\n", status: checks.Pass},
		"heredocs":          {text: "FROM a:1\nCOPY <<A <<B /app\na\nA\nb\nB\n", status: checks.Warn, finding: "2: COPY of 2"},
	}
	for _, line := range []string{"COPY a b /app/", "COPY a b .", "COPY a b ./", "COPY a b ..", "COPY a b /app/.", "COPY a /app", "COPY a* /app", "COPY a b /usr/local/bin", "COPY a b /etc", `COPY ["a", "b", "/app/"]`} {
		tests["fine: "+line] = judgement{text: "FROM a:1\n" + line + "\n", status: checks.Pass}
	}
	for _, line := range []string{"ADD a b /app", "COPY a* b /app", "COPY --from=x:1 /a /b /app", `COPY ["a", "b", "app"]`} {
		tests[line] = judgement{text: "FROM a:1\n" + line + "\n", status: checks.Warn, finding: "2: of 2 sources"}
	}
	judgeAll(t, copyDestination, tests)

	f := run(t, copyDestination, "FROM a:1\nCOPY a b /app\n", dockerfile.Options{}).Findings[0]
	if f.Location.Column != 10 || f.Location.EndColumn != 14 || f.Fix != "Write /app/ as the destination." {
		t.Errorf("found %+v", f)
	}
}
