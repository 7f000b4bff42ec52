package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestPipefail(t *testing.T) {
	const line = "RUN curl -fsSL https://e.com/a.tgz | tar xz\n"
	tests := map[string]judgement{
		"columns":           {text: "FROM a:1\nRUN true && \\\n    curl -fsSL https://e.com/a.tgz | tar xz\n", status: checks.Warn, finding: "3:5: the RUN goes on when curl fails"},
		"SHELL":             {text: "FROM a:1\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\n" + line, status: checks.Pass},
		"SHELL -euo":        {text: "FROM a:1\nSHELL [\"/bin/bash\", \"-euo\", \"pipefail\", \"-c\"]\n" + line, status: checks.Pass},
		"SHELL ash":         {text: "FROM alpine:3.20\nSHELL [\"/bin/ash\", \"-eo\", \"pipefail\", \"-c\"]\n" + line, status: checks.Pass},
		"SHELL of base":     {text: "FROM a:1 AS b\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nFROM b\n" + line, status: checks.Pass},
		"SHELL without":     {text: "FROM a:1\nSHELL [\"/bin/bash\", \"-c\"]\n" + line, status: checks.Warn, finding: "3:5: "},
		"SHELL behind":      {text: "FROM a:1\n" + line + "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\n", status: checks.Warn},
		"SHELL reset":       {text: "FROM a:1\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nSHELL [\"/bin/sh\", \"-c\"]\n" + line, status: checks.Warn},
		"PowerShell":        {text: "FROM a:1\nSHELL [\"pwsh\", \"-c\"]\n" + line, status: checks.Pass},
		"Windows":           {text: "FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN dir | findstr x\n", status: checks.Pass},
		"exec form":         {text: "FROM a:1\nRUN [\"/bin/bash\", \"-c\", \"curl https://e.com/a | tar x\"]\n", status: checks.Warn, finding: "2:1: curl"},
		"exec form, option": {text: "FROM a:1\nRUN [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\", \"curl https://e.com/a | tar x\"]\n", status: checks.Pass},
		"heredoc":           {text: "FROM a:1\nRUN <<EOF\nset -e\ncurl https://e.com/a | tar x\nEOF\n", status: checks.Warn, finding: "4:1: "},
		"heredoc set":       {text: "FROM a:1\nRUN <<EOF\nset -eo pipefail\ncurl https://e.com/a | tar x\nEOF\n", status: checks.Pass},
		"HEALTHCHECK":       {text: "FROM a:1\nHEALTHCHECK CMD curl -f https://e.com/a | cat\n", status: checks.Pass},
		"build stage":       {text: "FROM a:1 AS b\n" + line + "FROM a:1\nCOPY --from=b /x /x\n", status: checks.Warn, finding: "2:5: "},
		"stage not used":    {text: "FROM a:1 AS b\n" + line + "FROM a:1\n", status: checks.Pass},
		"ONBUILD":           {text: "FROM a:1 AS b\nONBUILD " + line + "FROM b\n", status: checks.Warn, finding: "2:1: "},
	}
	for line, what := range map[string]string{
		"curl -fsSL https://e.com/a | sh":                         "curl",
		"wget -qO- https://e.com/a | gpg --dearmor -o /k":         "wget",
		"echo x | base64 -d | ./sign | tee /out":                  "sign",
		"make 2>&1 | tee build.log":                               "make",
		"pg_dump a | gzip > /a.gz":                                "pg_dump",
		"(curl https://e.com/a; echo) | sh":                       "curl",
		"curl https://e.com/a | tar x || exit 1":                  "curl",
		"V=\"$(curl https://e.com/a | jq -r .tag)\" && make":      "curl",
		"if [ -n \"$A\" ]; then curl https://e.com/a | tar x; fi": "curl",
		"bash -c 'curl https://e.com/a | tar x'":                  "curl",
		"curl https://e.com/a | sed s/a/b/ | sh":                  "curl",
		"find . | xargs -n 1 ./sign | tee /a":                     "xargs",
		"npm run list | sort > /a":                                "npm run",
		"set -eu; curl https://e.com/a | tar x":                   "curl",
	} {
		tests[line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Warn, finding: "2: when " + what + " fails"}
	}
	for _, line := range []string{
		"echo a | tee /a", "yes | unminimize", "printf 'a:b' | chpasswd", "cat /etc/os-release | cut -d= -f2", "curl https://e.com/a > /a", "echo '1  a' | sha256sum -c -",
		"curl https://e.com/a | sha256sum -c", "set -o pipefail && curl https://e.com/a | tar x", "set -euxo pipefail; curl https://e.com/a | tar x", "curl https://e.com/a | tar x || true",
		"curl https://e.com/a | tar x || echo none", "if curl https://e.com/a | head -1; then echo; fi", "php -m | grep -q intl", "nginx -V 2>&1 | grep -- --with-http_v2",
		"! curl https://e.com/a | tar x", "curl https://e.com/a | tar x & wait", "find / -name '*.pyc' | xargs rm", "ldd /a | awk '{print $3}' | xargs cp -t /b", "dpkg-query -W | sort > /a", "A=\"$(mytool list | sort)\" && make",
		"bash -o pipefail -c 'curl https://e.com/a | tar x'", "curl https://e.com/a | tar x; [ \"${PIPESTATUS[0]}\" = 0 ]", "while curl https://e.com/a | head; do sleep 1; done", "pip freeze | sort > /a",
		"curl https://e.com/a || wget https://e.com/a", "echo 'a | b'", "( | (",
		"(curl https://e.com/a || true) | tee /a", "find /usr/local | xargs -r dpkg-query --search | cut -d: -f1 | sort -u | xargs -r apt-mark manual", "find . | xargs -n 1 -I {} stat {} | sort > /a",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, pipefail, tests)

	for text, fix := range map[string]string{
		"FROM debian:12\n" + line:                                             `Write SHELL ["/bin/bash", "-o", "pipefail", "-c"] before it: the sh of Debian and Ubuntu has no pipefail`,
		"FROM node:20-alpine\n" + line:                                        "Write set -o pipefail && at the head of the command",
		"FROM fedora:41\n" + line:                                             "Write set -o pipefail && at the head of the command",
		"ARG B\nFROM $B\n" + line:                                             `Write SHELL ["/bin/bash", "-o", "pipefail", "-c"] before it, "/bin/ash" on Alpine`,
		"FROM debian:12\nSHELL [\"/bin/bash\", \"-c\"]\n" + line:              "Write set -o pipefail && at the head of the command",
		"FROM debian:12\nRUN bash -c 'curl https://e.com/a | tar x'\n":        "Write set -o pipefail && at the head of the command",
		"FROM alpine:3\nRUN <<EOF\nset -e\ncurl https://e.com/a | tar x\nEOF": "Write set -o pipefail in the first line of the heredoc",
	} {
		if found := run(t, pipefail, text, dockerfile.Options{}).Findings; len(found) != 1 || found[0].Fix != fix {
			t.Errorf("%q: found %+v", text, found)
		}
	}
}
