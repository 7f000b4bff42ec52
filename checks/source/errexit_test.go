package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestErrexit(t *testing.T) {
	tests := map[string]judgement{
		"columns":        {text: "FROM a:1\nRUN true && \\\n    make; echo done\n", status: checks.Warn, finding: "3:5: the RUN goes on when make fails"},
		"heredoc":        {text: "FROM a:1\nRUN <<EOF\nmake\nmake install\nEOF\n", status: checks.Warn, finding: "3:1: goes on when make fails"},
		"heredoc set -e": {text: "FROM a:1\nRUN <<EOF\nset -e\nmake\nmake install\nEOF\n", status: checks.Pass},
		"shebang":        {text: "FROM a:1\nRUN <<EOF\n#!/bin/sh\nmake\nmake install\nEOF\n", status: checks.Warn, finding: "4:1: "},
		"shebang -e":     {text: "FROM a:1\nRUN <<EOF\n#!/bin/sh -e\nmake\nmake install\nEOF\n", status: checks.Pass},
		"shebang env":    {text: "FROM a:1\nRUN <<EOF\n#!/usr/bin/env bash\nmake\nmake install\nEOF\n", status: checks.Warn},
		"python heredoc": {text: "FROM a:1\nRUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nprint(2)\nEOF\n", status: checks.Pass},
		"one line":       {text: "FROM a:1\nRUN <<EOF\nmake && make install\nEOF\n", status: checks.Pass},
		"file heredoc":   {text: "FROM a:1\nRUN cat > /x <<EOF\nmake\nmake install\nEOF\n", status: checks.Pass},
		"SHELL -e":       {text: "FROM a:1\nSHELL [\"/bin/sh\", \"-ec\"]\nRUN make; make install\n", status: checks.Pass},
		"SHELL -euo":     {text: "FROM a:1\nSHELL [\"/bin/bash\", \"-euo\", \"pipefail\", \"-c\"]\nRUN make; make install\n", status: checks.Pass},
		"SHELL -o":       {text: "FROM a:1\nSHELL [\"/bin/bash\", \"-o\", \"errexit\", \"-c\"]\nRUN make; make install\n", status: checks.Pass},
		"SHELL pipefail": {text: "FROM a:1\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN make; make install\n", status: checks.Warn},
		"SHELL of base":  {text: "FROM a:1 AS b\nSHELL [\"/bin/sh\", \"-ec\"]\nFROM b\nRUN make; make install\n", status: checks.Pass},
		"PowerShell":     {text: "FROM a:1\nSHELL [\"powershell\", \"-c\"]\nRUN make; make install\n", status: checks.Pass},
		"Windows":        {text: "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nRUN make; make install\n", status: checks.Pass},
		"exec form":      {text: "FROM a:1\nRUN [\"sh\", \"-c\", \"make; make install\"]\n", status: checks.Warn, finding: "2:1: make"},
		"exec form -e":   {text: "FROM a:1\nRUN [\"sh\", \"-ec\", \"make; make install\"]\n", status: checks.Pass},
		"CMD":            {text: "FROM a:1\nCMD make; make install\n", status: checks.Pass},
		"build stage":    {text: "FROM a:1 AS b\nRUN make; make install\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Warn, finding: "2:5: "},
		"stage not used": {text: "FROM a:1 AS b\nRUN make; make install\nFROM a:1\n", status: checks.Pass},
		"ONBUILD":        {text: "FROM a:1 AS b\nONBUILD RUN make; make install\nFROM b\n", status: checks.Warn, finding: "2:1: "},
		"continuations":  {text: "FROM a:1\nRUN make; \\\n    # why\n    make install\n", status: checks.Warn, finding: "2:5: "},
	}
	for line, what := range map[string]string{
		"apt-get update && apt-get install -y curl; rm -rf /var/lib/apt/lists/*": "apt-get update",
		"cd /src; make":                      "cd",
		"sh -c 'make; make install'":         "make",
		"bash -c 'make; make install'":       "make",
		"if [ -f a ]; then make; fi; ls":     "make",
		"(make; make install)":               "make",
		"{ make; make install; } && true":    "make",
		"for x in a b; do make $x; done":     "make",
		"for x in a b; do make $x; done; ls": "make",
		"make; set -e; make install":         "make",
		"curl -fsSLO $U; tar xf a.tgz":       "curl",
		"V=$(curl -fsSL $U); echo $V":        "curl",
		"a || b; c":                          "b",
		"echo x | make; ls":                  "make",
		"case $A in x) make;; esac; ls":      "make",
		"sudo make; ls":                      "make",
		"cp a b; cp x a":                     "cp",
	} {
		tests[line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Warn, finding: "2: when " + what + " fails"}
	}
	for _, line := range []string{
		"make && make install", "make", "set -e; make; make install", "set -eux; make; make install", "set -o errexit; make; make install", "set -ex && make; make install",
		"set -e -o pipefail; make; make install", "make || exit 1; make install || exit 1", "make || true; ls", "echo a; make", "A=1; make", "export A=1; make", "mkdir -p /a; make",
		"set +e; make; ls", "make; true", "make; exit 0", "make & sleep 1; curl localhost", "rm -rf /tmp/*; make", "apt-get clean; make", "node --version; npm ci",
		"if [ -f a ]; then make; fi", "for x in a b; do make $x || exit 1; done", "for i in 1 2 3; do wget x && break; sleep 1; done", "for x in a b; do echo $x; done",
		"while ! curl x; do sleep 1; done; make", "trap 'rm x' EXIT; make", "! make; ls", "find . -name '*.pyc' -delete; make", "[ -f x ] && echo y; make", "V=$(date); make",
		"f() { a; b; }; f", "for k in a b; do { gpg -x $k && gpg -y; } || { gpg -z $k && gpg -y; }; done && make", "for k in a b; do gpg --keyserver x $k || gpg --keyserver y $k; done", "make; (", "case $A in x) make;; y) make y;; esac", "sh -ec 'make; make install'", "A=$(uname -m); case $A in x) B=y;; esac; make",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, errexit, tests)

	for text, fix := range map[string]string{
		"RUN make; ls\n":                      "Write && behind it instead of the semicolon, or set -e at the head of the RUN",
		"RUN for x in a; do make; done\n":     "Write set -e at the head of the RUN, or || exit 1 behind it",
		"RUN <<EOF\nmake\nls\nEOF\n":          "Write set -e as the first line of the heredoc",
		"RUN bash -c 'make; make install'\n":  "Write && behind it instead of the semicolon, or give the shell -e: bash -ec",
		"RUN sudo sh -c 'make; make other'\n": "Write && behind it instead of the semicolon, or give the shell -e: sh -ec",
	} {
		if found := run(t, errexit, "FROM a:1\n"+text, dockerfile.Options{}).Findings; len(found) != 1 || found[0].Fix != fix {
			t.Errorf("%q: found %+v", text, found)
		}
	}
}
