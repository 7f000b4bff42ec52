package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestExecForm(t *testing.T) {
	judgeAll(t, execForm, map[string]judgement{
		"article right":      {text: "FROM python:3.12\nCMD [\"uvicorn\", \"app.main:app\", \"--host\", \"0.0.0.0\", \"--port\", \"8000\"]\n", status: checks.Pass},
		"article wrong":      {text: "FROM python:3.12\nCMD uvicorn app.main:app --host 0.0.0.0 --port 8000\n", status: checks.Fail, finding: "2: CMD is in shell form"},
		"entrypoint":         {text: "FROM a:1\nENTRYPOINT app\nCMD [\"x\"]\n", status: checks.Fail, finding: "2: ENTRYPOINT"},
		"exec":               {text: "FROM a:1\nCMD exec app --serve\n", status: checks.Pass},
		"exec behind others": {text: "FROM a:1\nCMD cd /app && exec ./app\n", status: checks.Pass},
		"exec in a branch":   {text: "FROM a:1\nCMD if [ -n \"$A\" ]; then exec a; else b; fi\n", status: checks.Fail, finding: "2: CMD"},
		"exec before others": {text: "FROM a:1\nCMD exec >/log && app\n", status: checks.Fail, finding: "2: CMD"},
		"single quotes":      {text: "FROM a:1\nCMD ['app']\n", status: checks.Fail},
		"neither":            {text: "FROM a:1\n", status: checks.Skipped},
		"in builder only":    {text: "FROM a:1 AS b\nCMD app\nFROM a:1\nCMD [\"app\"]\n", status: checks.Pass},
		"inherited":          {text: "FROM a:1 AS b\nCMD app\nFROM b\n", status: checks.Fail, finding: "2: CMD"},
		"reset":              {text: "FROM a:1 AS b\nCMD app\nFROM b\nENTRYPOINT [\"app\"]\n", status: checks.Pass},
		"corrected later":    {text: "FROM a:1\nCMD app\nCMD [\"app\"]\n", status: checks.Pass},
		"with another shell": {text: "FROM a:1\nSHELL [\"/bin/bash\", \"-c\"]\nCMD app\n", status: checks.Fail},
	})
}
