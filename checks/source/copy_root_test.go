package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestCopyRoot(t *testing.T) {
	judgeAll(t, copyRoot, map[string]judgement{
		"root":             {text: "FROM a:1 AS b\nFROM a:1\nCOPY --from=b / /\n", status: checks.Warn, finding: "3: COPY --from=b / takes the whole file system, over that of the stage 1"},
		"of an image":      {text: "FROM a:1\nCOPY --from=b:1 / /\n", status: checks.Warn, finding: "2: --from=b:1"},
		"star":             {text: "FROM a:1 AS b\nFROM a:1\nCOPY --from=b /* /\n", status: checks.Warn, finding: "3: "},
		"dots":             {text: "FROM a:1 AS b\nFROM a:1\nWORKDIR /\nCOPY --from=b . .\n", status: checks.Warn, finding: "4: "},
		"scratch":          {text: "FROM a:1 AS b\nFROM scratch\nCOPY --from=b / /\n", status: checks.Pass},
		"elsewhere":        {text: "FROM a:1 AS b\nFROM a:1\nCOPY --from=b / /rootfs/\n", status: checks.Pass},
		"a directory":      {text: "FROM a:1 AS b\nFROM a:1\nCOPY --from=b /rootfs/ /\n", status: checks.Pass},
		"names in root":    {text: "FROM a:1 AS b\nFROM a:1\nCOPY --from=b /app* /\n", status: checks.Pass},
		"context":          {text: "FROM a:1\nCOPY / /\n", status: checks.Pass},
		"unknown base":     {text: "ARG BASE\nFROM a:1 AS b\nFROM $BASE\nCOPY --from=b / /\n", status: checks.Pass},
		"unknown workdir":  {text: "FROM a:1 AS b\nFROM a:1\nCOPY --from=b / .\n", status: checks.Pass},
		"stage not in use": {text: "FROM a:1 AS b\nFROM a:1 AS c\nCOPY --from=b / /\nFROM a:1\n", status: checks.Pass},
	})
}
