package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestHealthcheckProgram(t *testing.T) {
	const curl = "HEALTHCHECK CMD curl -f http://localhost/ || exit 1\n"
	const wget = "HEALTHCHECK CMD wget -q --spider http://localhost/ || exit 1\n"
	judgeAll(t, healthcheckProgram, map[string]judgement{
		"as in Compose":        {text: "FROM a:1\nHEALTHCHECK CMD [\"CMD\", \"curl\", \"-f\", \"http://localhost/\"]\n", status: checks.Warn, finding: "2: CMD is no program"},
		"as in Compose, sh":    {text: "FROM a:1\nHEALTHCHECK --timeout=3s CMD [\"CMD-SHELL\", \"curl -f http://localhost/ || exit 1\"]\n", status: checks.Warn, finding: "2: CMD-SHELL is no program"},
		"one word":             {text: "FROM a:1\nHEALTHCHECK CMD [\"curl -f http://localhost/\"]\n", status: checks.Warn, finding: "2: no program is called curl -f http://localhost/"},
		"slim":                 {text: "FROM python:3.12-slim\n" + curl, status: checks.Warn, finding: "2:17: the HEALTHCHECK needs curl, which neither python:3.12-slim nor an instruction brings"},
		"slim, wget":           {text: "FROM node:22-bookworm-slim\n" + wget, status: checks.Warn, finding: "2:17: wget"},
		"debian":               {text: "FROM debian:12\nHEALTHCHECK --timeout=3s \\\n  CMD nc -z localhost 80\n", status: checks.Warn, finding: "3:7: nc"},
		"alpine":               {text: "FROM node:22-alpine\n" + curl, status: checks.Warn, finding: "2:17: curl"},
		"alpine, bash":         {text: "FROM alpine:3.22\nHEALTHCHECK CMD [\"bash\", \"/health.sh\"]\n", status: checks.Warn, finding: "2:1: bash"},
		"alpine, wget":         {text: "FROM alpine:3.22\n" + wget, status: checks.Pass},
		"alpine, nc":           {text: "FROM alpine:3.22\nHEALTHCHECK CMD nc -z localhost 80\n", status: checks.Pass},
		"dotnet":               {text: "FROM mcr.microsoft.com/dotnet/aspnet:9.0\n" + curl, status: checks.Warn, finding: "2: curl"},
		"exec form":            {text: "FROM debian:12-slim\nHEALTHCHECK CMD [\"/usr/bin/curl\", \"-f\", \"http://localhost\"]\n", status: checks.Warn, finding: "2:1: curl"},
		"second in a row":      {text: "FROM debian:12-slim\nHEALTHCHECK CMD test -f /ready && curl -f http://localhost\n", status: checks.Warn, finding: "2:35: curl"},
		"stage of stages":      {text: "FROM python:3.12-slim AS b\nRUN pip install x\nFROM b\n" + curl, status: checks.Warn, finding: "4: curl"},
		"only in the builder":  {text: "FROM debian:12 AS b\nRUN apt-get update && apt-get install -y curl\nFROM debian:12\n" + curl, status: checks.Warn, finding: "4: curl"},
		"others installed":     {text: "FROM debian:12\nRUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*\nWORKDIR /app\nCOPY . .\n" + curl, status: checks.Warn},
		"copies into its own":  {text: "FROM python:3.12-slim\nWORKDIR /app\nCOPY --from=x:1 /out ./\n" + curl, status: checks.Warn},
		"copies a file":        {text: "FROM debian:12-slim\nCOPY --from=x:1 /usr/bin/tini /usr/bin/\n" + curl, status: checks.Warn},
		"its argument":         {text: "ARG V=3.12-slim\nFROM python:$V\n" + curl, status: checks.Warn},
		"postgres client":      {text: "FROM alpine:3.22\nHEALTHCHECK CMD pg_isready -h db\n", status: checks.Warn},
		"distroless":           {text: "FROM gcr.io/distroless/static-debian12:nonroot\nCOPY --from=b:1 /out/server /server\nHEALTHCHECK CMD /server health\n", status: checks.Warn, finding: "3:1: the HEALTHCHECK needs sh, which neither gcr.io/distroless/static-debian12:nonroot nor an instruction brings: in shell form it cannot run"},
		"distroless, curl":     {text: "FROM gcr.io/distroless/java21\nHEALTHCHECK CMD [\"curl\", \"-f\", \"http://localhost\"]\n", status: checks.Warn, finding: "2: curl"},
		"scratch":              {text: "FROM scratch\nCOPY --from=b:1 /server /\nHEALTHCHECK CMD wget http://localhost\nENTRYPOINT [\"/server\"]\n", status: checks.Warn, finding: "3: needs sh, which neither scratch"},
		"chiseled":             {text: "FROM mcr.microsoft.com/dotnet/aspnet:9.0-noble-chiseled\n" + curl, status: checks.Warn, finding: "2: needs sh"},
		"operator in brackets": {text: "FROM a:1\nHEALTHCHECK CMD [\"curl\", \"-f\", \"http://localhost\", \"||\", \"exit\", \"1\"]\n", status: checks.Warn, finding: "2:1: in exec form there is no shell: || is an argument of curl"},

		"installed":          {text: "FROM python:3.12-slim\nRUN apt-get update && apt-get install -y curl=7.88.1-10\n" + curl, status: checks.Pass},
		"installed before":   {text: "FROM debian:12 AS b\nRUN apt-get update && apt-get install -y curl\nFROM b\n" + curl, status: checks.Pass},
		"by a variable":      {text: "FROM debian:12\nARG P\nRUN apt-get update && apt-get install -y $P\n" + curl, status: checks.Pass},
		"another package":    {text: "FROM debian:12\nRUN apt-get update && apt-get install -y netcat-openbsd\nHEALTHCHECK CMD nc -z localhost 80\n", status: checks.Pass},
		"by a script":        {text: "FROM debian:12\nCOPY setup.sh /\nRUN /setup.sh\n" + curl, status: checks.Pass},
		"by hand":            {text: "FROM debian:12\nRUN dpkg -i /tmp/curl.deb\n" + curl, status: checks.Pass},
		"copied":             {text: "FROM debian:12\nCOPY --from=curl:1 /usr/bin/curl /usr/local/bin/\n" + curl, status: checks.Pass},
		"copied, all":        {text: "FROM scratch\nCOPY --from=b:1 / /\n" + curl, status: checks.Pass},
		"copied, directory":  {text: "FROM gcr.io/distroless/static\nCOPY --from=b:1 /out /\n" + curl, status: checks.Pass},
		"busybox copied":     {text: "FROM scratch\nCOPY --from=busybox:1 /bin /bin\n" + wget, status: checks.Pass},
		"archive":            {text: "FROM scratch\nADD rootfs.tar.xz /\n" + curl, status: checks.Pass},
		"full image":         {text: "FROM python:3.12\n" + curl, status: checks.Pass},
		"not known":          {text: "FROM registry.example.com/python:3.12-slim\n" + curl, status: checks.Pass},
		"base not known":     {text: "ARG B\nFROM $B\n" + curl, status: checks.Pass},
		"nginx has curl":     {text: "FROM nginx:1.27-alpine\n" + curl, status: checks.Pass},
		"php has curl":       {text: "FROM php:8.3-fpm-alpine\n" + curl, status: checks.Pass},
		"debug image":        {text: "FROM gcr.io/distroless/static:debug\n" + wget, status: checks.Pass},
		"own program":        {text: "FROM gcr.io/distroless/static\nCOPY --from=b:1 /server /server\nHEALTHCHECK CMD [\"/server\", \"health\"]\n", status: checks.Pass},
		"own curl":           {text: "FROM debian:12-slim\nHEALTHCHECK CMD [\"/opt/tools/curl\", \"http://localhost\"]\n", status: checks.Pass},
		"interpreter":        {text: "FROM python:3.12-slim\nHEALTHCHECK CMD [\"python\", \"-c\", \"import app\"]\n", status: checks.Pass},
		"one of two":         {text: "FROM debian:12\nHEALTHCHECK CMD curl -f http://localhost || wget http://localhost\n", status: checks.Pass},
		"looks for it":       {text: "FROM debian:12\nHEALTHCHECK CMD if command -v curl; then curl -f http://localhost; else exec /probe; fi\n", status: checks.Pass},
		"none":               {text: "FROM scratch\nHEALTHCHECK NONE\n", status: checks.Pass},
		"missing":            {text: "FROM scratch\n", status: checks.Pass},
		"builder":            {text: "FROM scratch AS b\n" + curl + "FROM a:1\n", status: checks.Pass},
		"windows":            {text: "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\n" + curl, status: checks.Pass},
		"operator in a word": {text: "FROM a:1\nHEALTHCHECK CMD [\"sh\", \"-c\", \"check || exit 1\"]\n", status: checks.Pass},
	})
}

// TestHealthcheckProgramFix wants the times, the port and the path of the HEALTHCHECK to
// stay as they are.
func TestHealthcheckProgramFix(t *testing.T) {
	const node, python = "FROM node:20-slim\n", "FROM python:3.12-slim\n"
	for text, want := range map[string]string{
		node + "HEALTHCHECK --interval=10s --timeout=2s \\\n  --start-period=5s CMD wget -q --spider http://127.0.0.1:8080/health/live || exit 1\n": "ask by Node.js: HEALTHCHECK --interval=10s --timeout=2s --start-period=5s CMD [\"node\", \"-e\", \"fetch('http://127.0.0.1:8080/health/live')",
		python + "HEALTHCHECK CMD [\"curl\", \"-f\", \"https://localhost:8443\"]\n":                                                                 "ask by Python: HEALTHCHECK CMD [\"python\", \"-c\", \"import urllib.request as r; r.urlopen('https://localhost:8443', timeout=5)\"]",
		python + "HEALTHCHECK CMD curl -f \"http://localhost:${PORT}/up?a=1&b=2\"\n":                                                                "'http://localhost:8000/up?a=1&b=2'",
		node + "EXPOSE 4000\nHEALTHCHECK CMD curl -f http://localhost:$PORT/$WHERE\n":                                                               "'http://localhost:4000/health/live'",
		node + "EXPOSE 4000\nHEALTHCHECK CMD curl -f localhost:4000\n":                                                                              "'http://localhost:4000/health/live'",
		"FROM alpine:3\nHEALTHCHECK --retries=5 CMD curl -f http://localhost:81/x && true\n":                                                        "ask by wget, which BusyBox brings: HEALTHCHECK --retries=5 CMD wget --quiet --tries=1 --spider 'http://localhost:81/x' || exit 1",
		"FROM debian:12-slim\nHEALTHCHECK CMD curl -f http://localhost:81/x\n":                                                                      "or install the program in the last stage",
		"FROM gcr.io/distroless/nodejs22-debian12\nHEALTHCHECK CMD [\"curl\", \"http://localhost:81/x\"]\n":                                         "[\"/nodejs/bin/node\", \"-e\", \"fetch('http://localhost:81/x')",
	} {
		if f := run(t, healthcheckProgram, text, dockerfile.Options{}).Findings; len(f) != 1 || !strings.Contains(f[0].Fix, want) {
			t.Errorf("%s%+v, want %s", text, f, want)
		}
	}
}
