package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestHealthcheck(t *testing.T) {
	judgeAll(t, healthcheck, map[string]judgement{
		"article":   {text: "FROM a:1\nHEALTHCHECK --interval=30s --timeout=10s --start-period=5s --retries=3 \\\n    CMD curl -f http://localhost:8000/health/live || exit 1\n", status: checks.Pass},
		"missing":   {text: "FROM a:1\n", status: checks.Warn, finding: "1: the last stage has no HEALTHCHECK"},
		"none":      {text: "FROM a:1\nHEALTHCHECK NONE\n", status: checks.Fail, finding: "2: turns"},
		"inherited": {text: "FROM a:1 AS b\nHEALTHCHECK CMD true\nFROM b\n", status: checks.Pass},
		"off again": {text: "FROM a:1 AS b\nHEALTHCHECK CMD true\nFROM b\nHEALTHCHECK NONE\n", status: checks.Fail, finding: "4: "},
		"builder":   {text: "FROM a:1 AS b\nHEALTHCHECK CMD true\nFROM a:1\n", status: checks.Warn, finding: "3: "},
	})
}
