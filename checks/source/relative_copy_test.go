package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestRelativeCopy(t *testing.T) {
	judgeAll(t, relativeCopy, map[string]judgement{
		"dot":                     {text: "FROM a:1\nCOPY x .\n", status: checks.Warn, finding: "2: COPY to . depends on the working directory of the base image"},
		"add":                     {text: "FROM a:1\nADD x.tar lib/\n", status: checks.Warn, finding: "2: ADD to lib/"},
		"heredoc":                 {text: "FROM a:1\nCOPY <<EOF app.conf\nx\nEOF\n", status: checks.Warn, finding: "2: COPY to app.conf"},
		"workdir behind it":       {text: "FROM a:1\nCOPY x .\nWORKDIR /app\n", status: checks.Warn, finding: "2: "},
		"other stage":             {text: "FROM a:1 AS b\nWORKDIR /app\nFROM a:1\nCOPY --from=b /app/x x\n", status: checks.Warn, finding: "4: COPY to x"},
		"workdir":                 {text: "FROM a:1\nWORKDIR /app\nCOPY x .\n", status: checks.Pass},
		"inherited workdir":       {text: "FROM a:1 AS b\nWORKDIR /app\nFROM b\nCOPY x .\n", status: checks.Pass},
		"relative workdir":        {text: "FROM a:1\nWORKDIR app\nCOPY x .\n", status: checks.Pass},
		"absolute":                {text: "FROM a:1\nCOPY x /app/\n", status: checks.Pass},
		"windows":                 {text: "FROM a:1\nCOPY x C:/app/\n", status: checks.Pass},
		"scratch":                 {text: "FROM scratch\nCOPY x .\n", status: checks.Pass},
		"stage that is not used":  {text: "FROM a:1 AS test\nCOPY x .\nFROM a:1\n", status: checks.Pass},
		"variable of the base":    {text: "FROM a:1\nCOPY x $HOME/\n", status: checks.Pass},
		"argument":                {text: "FROM a:1\nARG TO=/app\nCOPY x $TO/\n", status: checks.Pass},
		"argument, relative":      {text: "FROM a:1\nARG TO=app\nCOPY x $TO/\n", status: checks.Warn, finding: "3: COPY to app/"},
		"trigger of a local base": {text: "FROM a:1 AS b\nONBUILD COPY x .\nFROM b\n", status: checks.Warn, finding: "2: COPY to ."},
	})
	for text, fix := range map[string]string{
		"COPY x .":      "Set WORKDIR /app before it, or copy to an absolute path, as in /app/",
		"COPY x lib/":   "Set WORKDIR /app before it, or copy to an absolute path, as in /app/lib/",
		"COPY x ./main": "Set WORKDIR /app before it, or copy to an absolute path, as in /app/main",
	} {
		if got := run(t, relativeCopy, "FROM a:1\n"+text+"\n", dockerfile.Options{}).Findings[0].Fix; got != fix {
			t.Errorf("%s: fix %q, want %q", text, got, fix)
		}
	}
}
