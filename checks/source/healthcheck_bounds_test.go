package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestHealthcheckBounds(t *testing.T) {
	judgeAll(t, healthcheckBounds, map[string]judgement{
		"article":       {text: "FROM a:1\nHEALTHCHECK --interval=30s --timeout=10s --start-period=5s --retries=3 \\\n    CMD curl -f http://localhost:8000/health/live || exit 1\n", status: checks.Pass},
		"defaults":      {text: "FROM a:1\nHEALTHCHECK CMD check\n", status: checks.Pass},
		"equal":         {text: "FROM a:1\nHEALTHCHECK --interval=5s --timeout=5s CMD check\n", status: checks.Pass},
		"interval":      {text: "FROM a:1\nHEALTHCHECK --interval=10m --timeout=5s CMD check\n", status: checks.Warn, finding: "2:13: --interval: 10m0s is not between 1s and 5m0s"},
		"too often":     {text: "FROM a:1\nHEALTHCHECK --timeout=1s --interval=500ms CMD check\n", status: checks.Warn, finding: "2:26: --interval: 500ms"},
		"timeout":       {text: "FROM a:1\nHEALTHCHECK --interval=2m \\\n  --timeout=90s CMD check\n", status: checks.Warn, finding: "3:3: --timeout: 1m30s is not between"},
		"above":         {text: "FROM a:1\nHEALTHCHECK --interval=5s --timeout=10s CMD check\n", status: checks.Warn, finding: "2:27: --timeout: 10s is longer than the interval of 5s"},
		"default above": {text: "FROM a:1\nHEALTHCHECK --interval=5s CMD check\n", status: checks.Warn, finding: "2:1: --timeout: 30s (Docker's default) is longer"},
		"retries":       {text: "FROM a:1\nHEALTHCHECK --retries=20 --interval=5s --timeout=2s CMD check\n", status: checks.Warn, finding: "2:13: --retries: 20 is not between 1 and 10"},
		"start":         {text: "FROM a:1\nHEALTHCHECK --start-period=1h CMD check\n", status: checks.Warn, finding: "2:13: --start-period: 1h0m0s"},
		"flag in a CMD": {text: "FROM a:1\nHEALTHCHECK CMD check --interval=10m\n", status: checks.Pass},
		"none":          {text: "FROM a:1\nHEALTHCHECK NONE\n", status: checks.Pass},
		"missing":       {text: "FROM a:1\n", status: checks.Pass},
		"builder":       {text: "FROM a:1 AS b\nHEALTHCHECK --interval=10m CMD check\nFROM a:1\n", status: checks.Pass},
		"corrected":     {text: "FROM a:1 AS b\nHEALTHCHECK --interval=10m CMD check\nFROM b\nHEALTHCHECK CMD check\n", status: checks.Pass},
		"inherited":     {text: "FROM a:1 AS b\nHEALTHCHECK --interval=10m CMD check\nFROM b\n", status: checks.Warn, finding: "2: "},
		"windows":       {text: "# escape=`\nFROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nHEALTHCHECK --interval=10m `\n CMD check\n", status: checks.Warn, finding: "3:13: "},
	})
}
