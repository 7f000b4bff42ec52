package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestHealthcheckFails(t *testing.T) {
	is := func(test string) string { return "FROM a:1\nHEALTHCHECK CMD " + test + "\n" }
	judgeAll(t, healthcheckFails, map[string]judgement{
		"article":       {text: "FROM a:1\nHEALTHCHECK --interval=30s \\\n    CMD curl -f http://localhost:8000/health/live || exit 1\n", status: checks.Pass},
		"article, wget": {text: is("wget --no-verbose --tries=1 --spider http://localhost:8000/health/live || exit 1"), status: checks.Pass},
		"or true":       {text: is("curl -f http://localhost || true"), status: checks.Warn, finding: "2:45: the HEALTHCHECK can never fail: behind || true always succeeds"},
		"or exit 0":     {text: is("curl -f http://localhost || exit 0"), status: checks.Warn, finding: "2:45: behind || exit 0"},
		"or colon":      {text: is("wget http://localhost || :"), status: checks.Warn},
		"or echo":       {text: is("wget http://localhost || echo down"), status: checks.Warn},
		"then true":     {text: is("wget http://localhost; true"), status: checks.Warn, finding: "2:40: true always succeeds"},
		"then exit 0":   {text: is("wget http://localhost; exit 0"), status: checks.Warn},
		"then echo":     {text: is("wget http://localhost\\\n ; echo $?"), status: checks.Warn, finding: "3:4: "},
		"true":          {text: is("true"), status: checks.Warn, finding: "2:17: true always"},
		"exit 0":        {text: is("exit 0"), status: checks.Warn},
		"exec form":     {text: is("[\"true\"]"), status: checks.Warn, finding: "2:1: "},
		"sh -c":         {text: is("[\"sh\", \"-c\", \"wget http://localhost || true\"]"), status: checks.Warn, finding: "2:1: "},
		"nested":        {text: is("bash -c 'wget http://localhost || true'"), status: checks.Warn},
		"background":    {text: is("wget http://localhost &"), status: checks.Warn, finding: "2:17: does not wait"},
		"into cat":      {text: is("curl -f http://localhost | cat"), status: checks.Warn, finding: "2:44: the status of the pipe is that of cat"},
		"inherited":     {text: "FROM a:1 AS b\nHEALTHCHECK CMD true\nFROM b\n", status: checks.Warn, finding: "2: "},

		"and true":          {text: is("wget http://localhost && true"), status: checks.Pass},
		"and echo":          {text: is("wget http://localhost && echo up || exit 1"), status: checks.Pass},
		"exits before":      {text: is("wget http://localhost || exit 1; exit 0"), status: checks.Pass},
		"if":                {text: is("if wget http://localhost; then exit 0; else exit 1; fi"), status: checks.Pass},
		"set -e":            {text: is("set -e; wget http://localhost; echo up"), status: checks.Pass},
		"its own status":    {text: is("wget http://localhost; exit $?"), status: checks.Pass},
		"not":               {text: is("! true"), status: checks.Pass},
		"true before":       {text: is("true && wget http://localhost"), status: checks.Pass},
		"other program":     {text: is("[\"/app\", \"health\"]"), status: checks.Pass},
		"none":              {text: "FROM a:1\nHEALTHCHECK NONE\n", status: checks.Pass},
		"missing":           {text: "FROM a:1\n", status: checks.Pass},
		"builder":           {text: "FROM a:1 AS b\nHEALTHCHECK CMD true\nFROM a:1\n", status: checks.Pass},
		"replaced":          {text: "FROM a:1 AS b\nHEALTHCHECK CMD true\nFROM b\nHEALTHCHECK CMD check\n", status: checks.Pass},
		"powershell":        {text: "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nSHELL [\"powershell\"]\nHEALTHCHECK CMD exit 0\n", status: checks.Pass},
		"quoted as operand": {text: is("check '|| true'"), status: checks.Pass},

		"curl":              {text: is("curl http://localhost/ || exit 1"), status: checks.Warn, finding: "2:17: curl without --fail"},
		"curl, exec form":   {text: is("[\"curl\", \"-s\", \"http://localhost/\"]"), status: checks.Warn, finding: "2:1: curl without"},
		"curl, written out": {text: is("curl -s -o /dev/null -w '%{http_code}' localhost:80"), status: checks.Warn},
		"curl, compared":    {text: is("[ \"$(curl -s -o /dev/null -w '%{http_code}' localhost)\" = 200 ]"), status: checks.Pass},
		"curl, searched":    {text: is("curl -s localhost | grep -q ok"), status: checks.Pass},
		"curl, both":        {text: is("curl -f http://localhost && curl http://localhost/x"), status: checks.Warn, finding: "2:45: curl"},
		"curl in CMD":       {text: "FROM a:1\nHEALTHCHECK CMD check\nCMD [\"curl\", \"http://x\"]\n", status: checks.Pass},

		"process":             {text: is("pgrep nginx || exit 1"), status: checks.Warn, finding: "2:17: pgrep only sees"},
		"process, listed":     {text: is("ps aux | grep -v grep | grep nginx"), status: checks.Warn, finding: "2:17: ps only sees"},
		"process, signal":     {text: is("kill -0 1"), status: checks.Warn},
		"process and answer":  {text: is("pgrep nginx && wget -q http://localhost"), status: checks.Pass},
		"process by its file": {text: is("[\"pidof\", \"app\"]"), status: checks.Warn},
	})
	for text, want := range map[string]checks.Severity{is("pgrep nginx"): checks.Low, is("true"): checks.Medium, is("curl localhost"): checks.Medium} {
		if res := run(t, healthcheckFails, text, dockerfile.Options{}); len(res.Findings) != 1 || res.Findings[0].Severity != want {
			t.Errorf("%s: %+v, want %s", text, res.Findings, want)
		}
	}
	for command, want := range map[string]bool{
		"curl http://localhost":                  true,
		"curl localhost:8080/health":             true,
		"curl -sS -m 2 http://localhost":         true,
		"curl -o /tmp/f http://localhost":        true,
		"curl -sofile http://localhost":          true,
		"curl --max-time 2 --silent $URL":        true,
		"curl -H X-Forwarded:f http://localhost": true,
		"curl -XGET http://localhost":            true,
		"curl -f http://localhost":               false,
		"curl -sSf http://localhost":             false,
		"curl -fsS -m 2 http://localhost":        false,
		"curl --fail http://localhost":           false,
		"curl --fail-with-body http://localhost": false,
		"curl -s -f http://localhost":            false,
		"curl $CURL_OPTS http://localhost":       false,
		"curl -K /etc/curl.conf":                 false,
		"curl telnet://localhost:5432":           false,
		"curl --version":                         false,
		"curl":                                   false,
	} {
		if got := passesOnError(dockerfile.Call{Words: strings.Fields(command)}); got != want {
			t.Errorf("%s: %v, want %v", command, got, want)
		}
	}
}
