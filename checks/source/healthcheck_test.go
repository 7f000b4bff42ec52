package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
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

// TestHealthcheckFix wants an example that the image can run, at the port that it
// exposes, and with which no check of a HEALTHCHECK has anything to say.
func TestHealthcheckFix(t *testing.T) {
	const flags = "HEALTHCHECK --interval=30s --timeout=10s --start-period=5s --retries=3 CMD "
	const node = `-e", "fetch('http://localhost:8080/health/live')`
	for name, test := range map[string]struct{ text, want string }{
		"node":              {"FROM node:20.20.2-bookworm-slim\nEXPOSE 8080\n", "Add to the last stage: " + flags + `["node", "` + node},
		"node on Alpine":    {"FROM node:22-alpine\nEXPOSE 8080/tcp\n", flags + `["node", "` + node},
		"distroless node":   {"FROM gcr.io/distroless/nodejs20-debian12\nEXPOSE 8080\n", flags + `["/nodejs/bin/node", "` + node},
		"python":            {"FROM python:3.12-slim\nARG PORT=5000\nEXPOSE $PORT\n", flags + `["python", "-c", "import urllib.request as r; r.urlopen('http://localhost:5000/health/live', timeout=5)"]`},
		"distroless python": {"FROM gcr.io/distroless/python3-debian12\n", flags + `["/usr/bin/python3", "-c", "import urllib.request as r; r.urlopen('http://localhost:8000/`},
		"ruby":              {"FROM ruby:3.3-slim\nEXPOSE 9292\n", flags + `["ruby", "-rnet/http", "-e", "exit Net::HTTP.get_response(URI('http://localhost:9292/`},
		"alpine":            {"FROM alpine:3.22\nEXPOSE 443 53/udp 9000-9010\n", flags + "wget --quiet --tries=1 --spider 'http://localhost:9000/health/live' || exit 1"},
		"from a stage":      {"FROM alpine:3.22 AS b\nEXPOSE 8081\nFROM b\n", "localhost:8081/"},
		"not known":         {"FROM alpine:3.22\nEXPOSE $P\n", "localhost:8000/"},
		"program it starts": {"FROM gcr.io/distroless/static-debian12\nENTRYPOINT [\"/usr/local/bin/api\", \"serve\"]\n", `["/usr/local/bin/api", "healthcheck"]`},
		"distroless":        {"FROM gcr.io/distroless/static-debian12\n", "a command of the application itself, since the image has no other program: " + flags + `["/server", "healthcheck"]`},
		"debian":            {"FROM debian:12-slim\nRUN apt-get update && apt-get install -y curl\nEXPOSE 443\n", "install curl there, which its base does not bring: " + flags + "curl --fail --silent --show-error http://localhost:443/health/live || exit 1"},
		"any other":         {"FROM example.com/app:1\n", "with a program that the image has: " + flags + "wget "},
		"Windows":           {"FROM mcr.microsoft.com/windows/servercore:ltsc2022\n", "with a program that the image has: "},
	} {
		t.Run(name, func(t *testing.T) {
			f := run(t, healthcheck, test.text, dockerfile.Options{}).Findings
			if len(f) != 1 || !strings.Contains(f[0].Fix, test.want) {
				t.Fatalf("%+v, want %s", f, test.want)
			}
			fixed := test.text + f[0].Fix[strings.Index(f[0].Fix, "HEALTHCHECK"):] + "\n"
			for _, check := range []Check{healthcheck, healthcheckProgram, healthcheckFails, healthcheckBounds} {
				if res := run(t, check, fixed, dockerfile.Options{}); res.Status != checks.Pass {
					t.Errorf("with its fix, %s is %s: %+v", check.ID, res.Status, res.Findings)
				}
			}
		})
	}
}
