package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestUnusedStage(t *testing.T) {
	judgeAll(t, unusedStage, map[string]judgement{
		"two images in one": {text: "FROM node:20\nRUN npm ci\nFROM nginx:1.27\n", status: checks.Warn, finding: "1: stage 0 has no name and is not used by the last stage: it is not built"},
		"in between":        {text: "FROM a:1 AS build\nFROM build\nRUN npm test\nFROM a:1 AS prod\nCOPY --from=build /a /a\n", status: checks.Warn, finding: "2: stage 1 has no name and is not used by the stage prod"},
		"named":             {text: "FROM a:1 AS test\nFROM a:1\n", status: checks.Pass},
		"by number":         {text: "FROM a:1\nFROM a:1\nCOPY --from=0 /a /a\n", status: checks.Pass},
		// Mounts know no numbers: that takes an image of the name 0.
		"by mount":          {text: "FROM a:1\nFROM a:1\nRUN --mount=from=0,target=/a true\n", status: checks.Warn, finding: "1: stage 0 has no name and is not used by the last stage: it is not built"},
		"single":            {text: "FROM a:1\n", status: checks.Pass},
		"behind the target": {text: "FROM a:1 AS test\nFROM a:1\n", status: checks.Pass, options: dockerfile.Options{Target: "test"}},
		"between, of other": {text: "FROM a:1 AS test\nFROM a:1\nFROM a:1\nCOPY --from=1 /a /a\n", status: checks.Pass, options: dockerfile.Options{Target: "test"}},
	})
}
