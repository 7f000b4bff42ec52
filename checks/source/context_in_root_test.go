package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestContextInRoot(t *testing.T) {
	judgeAll(t, contextInRoot, map[string]judgement{
		"absolute":         {text: "FROM a:1\nCOPY . /\n", status: checks.Warn, finding: "2:1: COPY puts the build context into the root directory"},
		"WORKDIR":          {text: "FROM a:1\nWORKDIR /\nCOPY . .\n", status: checks.Warn, finding: "3:1: "},
		"WORKDIR ..":       {text: "FROM a:1\nWORKDIR /app\nCOPY ./ ../\n", status: checks.Warn, finding: "3:1: "},
		"star":             {text: "FROM a:1\nCOPY * /\n", status: checks.Warn, finding: "2:1: "},
		"ADD":              {text: "FROM a:1\nADD . /\n", status: checks.Warn, finding: "2:1: ADD puts"},
		"in a base stage":  {text: "FROM a:1 AS b\nCOPY . /\nFROM b\n", status: checks.Warn, finding: "2:1: "},
		"own directory":    {text: "FROM a:1\nWORKDIR /app\nCOPY . .\n", status: checks.Pass},
		"absolute, own":    {text: "FROM a:1\nCOPY . /app\n", status: checks.Pass},
		"base's directory": {text: "FROM a:1\nCOPY . .\n", status: checks.Pass}, // source/relative-copy
		"by argument":      {text: "FROM a:1\nARG DIR\nCOPY . $DIR\n", status: checks.Pass},
		"one file":         {text: "FROM a:1\nCOPY entrypoint.sh /\n", status: checks.Pass},
		"a directory":      {text: "FROM a:1\nCOPY rootfs/ /\n", status: checks.Pass},
		"of a stage":       {text: "FROM a:1 AS b\nFROM a:1\nCOPY --from=b /out /\n", status: checks.Pass},
		"build stage":      {text: "FROM a:1 AS b\nWORKDIR /\nCOPY . .\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},
		"scratch":          {text: "FROM scratch\nCOPY . /\n", status: checks.Pass},
		"root file system": {text: "-- Dockerfile --\nFROM a:1\nCOPY . /\n-- etc/app.conf --\nx\n", status: checks.Pass},
		"Windows":          {text: "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCOPY . /\n", status: checks.Pass},
	})
}
