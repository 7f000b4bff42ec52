package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestCopyRoot(t *testing.T) {
	build := "FROM a:1 AS b\nRUN make\n"
	judgeAll(t, copyRoot, map[string]judgement{
		"root":             {text: build + "FROM a:1\nCOPY --from=b / /\n", status: checks.Warn, finding: "4: COPY --from=b / takes the whole file system of the stage, over that of the stage 1"},
		"built on a build": {text: build + "FROM b AS c\nFROM a:1\nCOPY --from=c / /\n", status: checks.Warn, finding: "5: --from=c"},
		"star":             {text: build + "FROM a:1\nCOPY --from=b /* /\n", status: checks.Warn, finding: "4: "},
		"dots":             {text: build + "FROM a:1\nWORKDIR /\nCOPY --from=b . .\n", status: checks.Warn, finding: "5: "},
		"of an image":      {text: "FROM a:1\nCOPY --from=tonistiigi/xx:1.6 / /\n", status: checks.Pass},
		"named for it":     {text: "FROM tonistiigi/xx:1.6 AS xx\nFROM a:1\nCOPY --from=xx / /\n", status: checks.Pass},
		"scratch":          {text: build + "FROM scratch\nCOPY --from=b / /\n", status: checks.Pass},
		"elsewhere":        {text: build + "FROM a:1\nCOPY --from=b / /rootfs/\n", status: checks.Pass},
		"a directory":      {text: build + "FROM a:1\nCOPY --from=b /rootfs/ /\n", status: checks.Pass},
		"names in root":    {text: build + "FROM a:1\nCOPY --from=b /app* /\n", status: checks.Pass},
		"mount":            {text: build + "FROM a:1\nRUN --mount=from=b,source=/,target=/b true\n", status: checks.Pass},
		"context":          {text: "FROM a:1\nRUN true\nCOPY / /\n", status: checks.Pass},
		"unknown base":     {text: "ARG BASE\n" + build + "FROM $BASE\nCOPY --from=b / /\n", status: checks.Pass},
		"unknown workdir":  {text: build + "FROM a:1\nCOPY --from=b / .\n", status: checks.Pass},
		"stage not in use": {text: build + "FROM a:1 AS c\nCOPY --from=b / /\nFROM a:1\n", status: checks.Pass},
	})
}
