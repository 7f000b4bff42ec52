package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestRemoteAdd(t *testing.T) {
	judgeAll(t, remoteAdd, map[string]judgement{
		"https":           {text: "FROM a:1\nADD https://a.b/c /c\n", status: checks.Warn, finding: "2:5: ADD takes https://a.b/c without a checksum"},
		"http":            {text: "FROM a:1\nADD http://a.b/c /c\n", status: checks.Fail, finding: "2:5: ADD takes http://a.b/c without a checksum; the URL is not even encrypted"},
		"variable":        {text: "FROM a:1\nARG V=1\nADD https://a.b/$V/c /c\n", status: checks.Warn, finding: "3:5: https://a.b/1/c"},
		"unknown":         {text: "FROM a:1\nARG V\nADD https://a.b/$V/c /c\n", status: checks.Warn, finding: "3:5: https://a.b/$V/c"},
		"second source":   {text: "FROM a:1\nADD a.txt https://a.b/c /c/\n", status: checks.Warn, finding: "2:11: "},
		"branch":          {text: "FROM a:1\nADD https://github.com/a/b.git#main /b\n", status: checks.Warn, finding: "2: ADD takes the branch or tag main of https://github.com/a/b.git, which moves"},
		"default branch":  {text: "FROM a:1\nADD git@github.com:a/b.git /b\n", status: checks.Warn, finding: "2: ADD takes the default branch of git@github.com:a/b.git"},
		"plain git":       {text: "FROM a:1\nADD git://github.com/a/b.git#v1 /b\n", status: checks.Fail, finding: "2: "},
		"commit":          {text: "FROM a:1\nADD https://github.com/a/b.git#378bbbc8909a960e89de220b1a4e50781233a740:sub /b\n", status: checks.Pass},
		"commit unknown":  {text: "FROM a:1\nARG C\nADD https://github.com/a/b.git#$C /b\n", status: checks.Pass},
		"git checksum":    {text: "FROM a:1\nADD --checksum=378bbbc8909a960e89de220b1a4e50781233a740 https://github.com/a/b.git#v1 /b\n", status: checks.Pass},
		"checksum":        {text: "FROM a:1\nADD --checksum=sha256:93dcc18adc78c65a028a84799ecf8ad40c936fdfc5f2a57b1acda5a8117fa82c http://a.b/c /c\n", status: checks.Pass},
		"local":           {text: "FROM a:1\nADD app.tar.gz /app\nADD github.com/a/b /b\nCOPY . .\n", status: checks.Pass},
		"unknown source":  {text: "FROM a:1\nARG SRC\nADD $SRC /c\n", status: checks.Pass},
		"stage not used":  {text: "FROM a:1 AS b\nADD https://a.b/c /c\nFROM a:1\n", status: checks.Pass},
		"COPY of heredoc": {text: "FROM a:1\nCOPY <<EOF /x\nADD https://a.b/c /c\nEOF\n", status: checks.Pass},
	})
}
