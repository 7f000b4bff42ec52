package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestInstructionOrder(t *testing.T) {
	tests := map[string]judgement{
		"article":             {text: "FROM python:3.12-slim\nWORKDIR /app\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\nCOPY . .\n", status: checks.Pass},
		"message":             {text: "FROM a:1\nCOPY . .\nRUN apt-get update && apt-get install -y curl\n", status: checks.Warn, finding: "3: apt-get install comes behind COPY . in line 2, so that every change of the source runs it again"},
		"ADD":                 {text: "FROM a:1\nADD . /app\nRUN apk add curl\n", status: checks.Warn, finding: "3: apk add comes behind ADD ."},
		"source directory":    {text: "FROM a:1\nCOPY ./src /app/src\nRUN apk add curl\n", status: checks.Warn, finding: "3: COPY src in line 2"},
		"other directory":     {text: "FROM a:1\nCOPY certs /usr/share/certs\nRUN apk add curl\n", status: checks.Pass},
		"manifest":            {text: "FROM a:1\nCOPY package*.json ./\nRUN apk add curl\n", status: checks.Pass},
		"system files":        {text: "FROM a:1\nCOPY . /\nRUN apk add curl\n", status: checks.Pass},
		"other stage":         {text: "FROM a:1 AS b\nCOPY . .\nFROM a:1\nRUN apk add curl\nCOPY --from=b /a /a\n", status: checks.Pass},
		"copied from a stage": {text: "FROM a:1 AS b\nCOPY x .\nFROM a:1\nCOPY --from=b . .\nRUN apk add curl\n", status: checks.Pass},
		"base stage":          {text: "FROM a:1 AS b\nCOPY . .\nFROM b\nRUN apk add curl\n", status: checks.Warn, finding: "4: line 2"},
		"stage not used":      {text: "FROM a:1 AS b\nCOPY . .\nRUN apk add curl\nFROM a:1\n", status: checks.Pass},
		"unknown":             {text: "FROM a:1\nARG DIR\nCOPY $DIR .\nRUN apk add curl\n", status: checks.Pass},
		"heredoc":             {text: "FROM a:1\nCOPY . .\nRUN <<EOF\nset -e\napk add curl\nEOF\n", status: checks.Warn, finding: "5: apk add"},
		"manifest after copy": {text: "FROM a:1\nCOPY . .\nRUN npm ci\n", status: checks.Pass}, // source/dependency-order reports it
		"commit":              {text: "FROM a:1\nARG GIT_SHA\nRUN apk add curl\nCOPY . .\n", status: checks.Warn, finding: "3: apk add comes behind ARG GIT_SHA (from line 2), so that every build that sets another value runs it again"},
		"date and commit":     {text: "FROM a:1\nARG BUILD_DATE\nARG VCS_REF=x\nLABEL a=$VCS_REF\nRUN apk add curl\nRUN apk add git\n", status: checks.Warn, finding: "5: ARG BUILD_DATE and ARG VCS_REF (from line 2)"},
		"commit, install":     {text: "FROM a:1\nARG GIT_SHA\nCOPY package.json .\nRUN npm ci\n", status: checks.Warn, finding: "4: npm ci comes behind ARG"},
		"commit in ENV":       {text: "FROM a:1\nARG GIT_SHA\nENV GIT_SHA=$GIT_SHA\nRUN apk add curl\n", status: checks.Warn, finding: "4: "},
		"commit in base":      {text: "FROM a:1 AS b\nARG GIT_SHA\nFROM b\nRUN apk add curl\n", status: checks.Warn, finding: "4: "},
		"commit before FROM":  {text: "ARG GIT_SHA\nFROM a:1\nRUN apk add curl\n", status: checks.Pass},
		"commit used":         {text: "FROM a:1\nARG GIT_SHA\nRUN git clone x && git checkout $GIT_SHA\nRUN apk add curl\n", status: checks.Pass},
		"commit used by it":   {text: "FROM a:1\nARG GIT_SHA\nRUN apk add app=$GIT_SHA\n", status: checks.Pass},
		"commit copied by":    {text: "FROM a:1\nARG COMMIT\nCOPY app-$COMMIT /app\nRUN apk add curl\n", status: checks.Pass},
		"commit after":        {text: "FROM a:1\nRUN apk add curl\nARG GIT_SHA\nLABEL x=$GIT_SHA\nCOPY . .\n", status: checks.Pass},
		"commit after source": {text: "FROM a:1\nCOPY . .\nARG GIT_SHA\nRUN npm ci\n", status: checks.Pass}, // the source has changed already
		"commit, cheap":       {text: "FROM a:1\nARG GIT_SHA\nRUN mkdir /app\n", status: checks.Pass},
		"commit, other stage": {text: "FROM a:1 AS b\nARG GIT_SHA\nFROM a:1\nRUN apk add curl\nCOPY --from=b /a /a\n", status: checks.Pass},
		"version":             {text: "FROM a:1\nARG VERSION=dev\nRUN apk add curl\n", status: checks.Warn, finding: "3: ARG VERSION"},
		"version of a tool":   {text: "FROM a:1\nARG VERSION=1.2.3\nRUN apk add curl\n", status: checks.Pass},
		"version of base":     {text: "ARG VERSION=3.20\nFROM alpine:$VERSION\nARG VERSION\nRUN apk add curl\n", status: checks.Pass},
		"label alone":         {text: "FROM a:1\nLABEL build-date=today\nRUN apk add curl\n", status: checks.Pass},
		"other arguments":     {text: "FROM a:1\nARG DEBIAN_FRONTEND=noninteractive\nARG TARGETARCH\nARG NODE_VERSION=20\nARG UID=1000\nRUN apk add curl\n", status: checks.Pass},
	}
	for _, line := range []string{
		"apk add --no-cache curl", "dnf install -y curl && dnf clean all", "yum -y install curl", "microdnf install curl", "zypper install -y curl",
		"set -eux; apt-get update; apt-get install -y curl; rm -rf /var/lib/apt/lists/*", "apt-get upgrade -y", "pip install gunicorn==22.0.0", "npm install -g pm2",
		"gem install bundler", "cargo install sccache", "go install golang.org/x/tools/cmd/stringer@v0.1.0", "apk add curl && adduser -D app",
		"apt-get install -y curl && curl -fsSL https://x.example/a.tgz | tar -xz -C /opt", "apt-get install -y https://x.example/a.deb",
	} {
		tests[line] = judgement{text: "FROM a:1\nCOPY . .\nRUN " + line + "\n", status: checks.Warn, finding: "3: comes behind COPY ."}
	}
	for _, line := range []string{
		"apt-get install -y ./a.deb", "apt-get install -y gcc && make", "apk add --virtual .build gcc && npm ci && apk del .build", "apt-get install -y $(cat packages.txt)",
		"xargs apt-get install -y < packages.txt", "pip install .", "pip install -r requirements.txt", "pip install -e . pytest", "npm install express", "npm run build",
		"go build ./...", "cargo install --path .", "apt-get update", "adduser -D app", "sh install.sh && apt-get install -y curl", "apk add curl && chmod +x run.sh",
		"apt-get install -y equivs && apt-get build-dep -y .", "apt-get clean", "echo apt-get install curl", "(",
	} {
		tests["fine: "+line] = judgement{text: "FROM a:1\nCOPY . .\nRUN " + line + "\n", status: checks.Pass}
	}
	judgeAll(t, instructionOrder, tests)

	for text, want := range map[string]checks.Finding{
		"FROM a:1\nCOPY . .\nRUN apk add curl\n":                                                  {Severity: checks.Medium, Fix: "Move this RUN before the COPY."},
		"FROM a:1\nCOPY . .\nRUN --mount=type=cache,target=/var/cache/apk apk add curl\n":         {Severity: checks.Low, Fix: "Move this RUN before the COPY."},
		"FROM a:1\nARG GIT_SHA\nRUN apk add curl\n":                                               {Severity: checks.Low, Fix: "Move ARG GIT_SHA behind this RUN, to the instructions that use it."},
		"FROM a:1\nARG BUILD_DATE\nARG GIT_SHA\nLABEL x=$GIT_SHA\nRUN apk add a\nRUN apk add b\n": {Severity: checks.Low, Fix: "Move ARG BUILD_DATE and ARG GIT_SHA behind this RUN, to the instructions that use it."},
	} {
		found := run(t, instructionOrder, text, dockerfile.Options{}).Findings
		if len(found) != 1 || found[0].Severity != want.Severity || found[0].Fix != want.Fix {
			t.Errorf("%q: found %+v, want %+v", text, found, want)
		}
	}
}
