package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestBuildTools(t *testing.T) {
	const (
		build = "FROM a:1 AS build\nRUN make\n"
		end   = "COPY --from=build /app /app\nCMD [\"/app\"]\n"
	)
	tests := map[string]judgement{
		"columns":        {text: build + "FROM a:1\nRUN apt-get update && \\\n    apt-get install -y gcc curl libpq-dev\n" + end, status: checks.Warn, finding: "5:5: the image keeps gcc, libpq-dev, which only a build needs"},
		"base stage":     {text: "FROM a:1 AS base\nRUN apk add make\n" + build + "FROM base\n" + end, status: checks.Warn, finding: "2:5: make"},
		"build stage":    {text: "FROM a:1 AS build\nRUN apk add build-base && make\nFROM a:1\n" + end, status: checks.Pass},
		"stage not used": {text: build + "FROM a:1 AS b\nRUN apk add make\nFROM a:1\n" + end, status: checks.Pass},
		"one stage":      {text: "FROM a:1\nRUN apk add make\nCMD [\"app\"]\n", status: checks.Pass},
		"without CMD":    {text: build + "FROM a:1\nRUN apk add gcc\nCOPY --from=build /app /app\n", status: checks.Warn},
		"group later":    {text: build + "FROM a:1\nRUN apk add -t .d gcc\nRUN apk del .d\n" + end, status: checks.Warn, finding: "4:5: that line 5 removes them"},
		"removed later":  {text: build + "FROM a:1\nRUN apk add gcc\nRUN apk del gcc\n" + end, status: checks.Warn, finding: "4:5: the image keeps gcc, which only a build needs; that line 5 removes them does not take them out of the layer"},
		"removed by stage": {text: "FROM a:1 AS base\nRUN apk add gcc\n" + build + "FROM base\nRUN apk del gcc\n" + end, status: checks.Warn,
			finding: "2:5: that line 6 removes them"},
		"git to clone":       {text: build + "FROM a:1\nRUN apk add git && git clone https://e.com/a\n" + end, status: checks.Warn, finding: "4:5: the image keeps git, which a RUN clones with"},
		"git to start":       {text: build + "FROM a:1\nRUN apk add git && git clone https://e.com/a\nCOPY --from=build /a /a\nCMD [\"git\", \"daemon\"]\n", status: checks.Pass},
		"git":                {text: build + "FROM a:1\nRUN apk add git\n" + end, status: checks.Pass},
		"shell to work in":   {text: build + "FROM a:1\nRUN apk add gcc\nCOPY --from=build /a /a\nCMD [\"bash\"]\n", status: checks.Pass},
		"build to start":     {text: build + "FROM a:1\nRUN apk add gcc\nCOPY --from=build /a /a\nENTRYPOINT [\"make\"]\n", status: checks.Pass},
		"test to start":      {text: build + "FROM a:1\nRUN apk add gcc\nCOPY --from=build /a /a\nCMD [\"npm\", \"run\", \"test:e2e\"]\n", status: checks.Pass},
		"tools alone":        {text: build + "FROM a:1\nRUN apk add gcc\nRUN --mount=from=build,target=/b ls /b\n", status: checks.Pass},
		"extensions":         {text: build + "FROM php:8\nRUN apk add icu-dev && docker-php-ext-install intl\n" + end, status: checks.Pass},
		"extensions, cmake":  {text: build + "FROM php:8\nRUN apk add icu-dev cmake && docker-php-ext-install intl\n" + end, status: checks.Warn, finding: "4:5: keeps cmake,"},
		"target":             {text: build + "FROM a:1 AS b\n" + end + "FROM b\nRUN apk add gcc\n" + end, status: checks.Pass, options: dockerfile.Options{Target: "b"}},
		"ONBUILD":            {text: build + "FROM a:1\nONBUILD RUN apk add gcc\n" + end, status: checks.Pass},
		"trigger":            {text: build + "FROM a:1 AS b\nONBUILD RUN apk add gcc\nFROM b\n" + end, status: checks.Warn, finding: "4:1: "},
		"Windows":            {text: build + "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nRUN choco install gcc\n" + end, status: checks.Pass},
		"exec form":          {text: build + "FROM a:1\nRUN [\"apk\", \"add\", \"gcc\"]\n" + end, status: checks.Warn, finding: "4:1: "},
		"heredoc":            {text: build + "FROM a:1\nRUN <<EOF\nset -e\napk add gcc\nEOF\n" + end, status: checks.Warn, finding: "6:1: "},
		"stage to work in":   {text: build + "FROM a:1 AS web-dev\nRUN apk add gcc\n" + end, status: checks.Pass},
		"protoc":             {text: build + "FROM a:1\nRUN apk add gcc\nCOPY --from=build /a /a\nENTRYPOINT [\"protoc\"]\n", status: checks.Pass},
		"external COPY only": {text: "FROM a:1\nRUN apk add gcc\nCOPY --from=b:1 /app /app\n", status: checks.Pass},
	}
	for _, line := range []string{
		"apk add --no-cache build-base", "apt-get install -y gcc-12", "dnf install -y gcc-c++", "sudo apt-get install -y make", "sh -c 'apk add gcc'", "apk add --virtual .build gcc", "apk add gcc && apk del curl",
		"apk add --virtual .a gcc && apk del .b",
	} {
		tests[line] = judgement{text: build + "FROM a:1\nRUN " + line + "\n" + end, status: checks.Warn, finding: "4: the image keeps "}
	}
	for _, line := range []string{
		"apk add --virtual .build gcc && make && apk del .build", "apk add -t .build gcc && make && apk del --no-network .build", "apk add gcc && make && apk del gcc", "apt-get install -y gcc && make && apt-get purge -y --auto-remove gcc",
		"apt-get install -y gcc && make && apt-get purge -y --auto-remove", "apt-get install -y $BUILD && make && apt-get purge -y $BUILD", "apt-get install -y gcc && make && apt-get remove -y $BUILD", "apt-get install -y gcc g++ && apt-get purge -y gcc",
		"apt-get install -y gcc && make && apt-get autoremove -y", "yum install -y gcc && make && yum history undo -y last", "dnf install -y gcc && make && rpm -e gcc", "apt-get install -y gcc && make && dpkg -P gcc",
		"if [ -n \"$DEV\" ]; then apk add gcc; fi", "[ -z \"$DEV\" ] || apk add gcc", "[ -n \"$DEV\" ] && apk add gcc", "which gcc || apk add gcc", "apk add --root /rootfs gcc", "dnf install -y --installroot=/mnt gcc",
		"apt-get install -y libpq5 curl", "apt-get remove -y gcc", "echo apk add gcc", "pip install gcc", "apk add python3 nodejs npm", "apk add (",
	} {
		tests["fine: "+line] = judgement{text: build + "FROM a:1\nRUN " + line + "\n" + end, status: checks.Pass}
	}
	judgeAll(t, buildTools, tests)

	for line, fix := range map[string]string{
		"apt-get install -y gcc":          "by apt-get purge -y --auto-remove",
		"apk add gcc":                     "by apk add --virtual .build and apk del .build",
		"apk add --virtual=.deps gcc":     "by apk del .deps",
		"microdnf install -y gcc":         "by microdnf remove",
		"zypper --non-interactive in gcc": "by zypper remove",
	} {
		found := run(t, buildTools, build+"FROM a:1\nRUN "+line+"\n"+end, dockerfile.Options{}).Findings
		if len(found) != 1 || !strings.HasSuffix(found[0].Fix, fix) {
			t.Errorf("%q: found %+v", line, found)
		}
	}
}

// TestBuildToolsOrMultiStage holds that an image has at most one of the findings
// about the tools that it is built with.
func TestBuildToolsOrMultiStage(t *testing.T) {
	for _, text := range []string{
		"FROM golang:1.26.8\nRUN apk add gcc\nCOPY . .\nRUN go build\nCMD [\"./app\"]\n",
		"FROM golang:1.26.8 AS b\nRUN apk add gcc\nCOPY . .\nRUN go build\nFROM b\nCMD [\"./app\"]\n",
		"FROM python:3.12.8\nRUN apt-get install -y gcc\nCMD [\"./app\"]\n",
		"FROM golang:1.26.8\nCOPY app /app\nCMD [\"/app\"]\n",
		"FROM golang:1.26.8 AS b\nFROM a:1\nRUN apk add gcc\nCOPY --from=b /a /a\nCMD [\"/a\"]\n",
	} {
		found := 0
		for _, res := range checks.Run([]Check{multiStage, buildTools, toolchainBase}, load(t, text, dockerfile.Options{})) {
			found += len(res.Findings)
		}
		if found != 1 {
			t.Errorf("%d findings in\n%s", found, text)
		}
	}
}
