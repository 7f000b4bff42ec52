package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestAptUpdateAlone(t *testing.T) {
	judgeAll(t, aptUpdateAlone, map[string]judgement{
		"alone":            {text: "FROM a:1\nRUN apt-get update\nRUN apt-get install -y curl\n", status: checks.Fail, finding: "2:5: apt-get update stands in a RUN of its own, and line 3 installs from its lists"},
		"apt":              {text: "FROM a:1\nRUN apt -y update\nCOPY a b\nRUN apt install -y curl\n", status: checks.Fail, finding: "2:5: apt update"},
		"sudo":             {text: "FROM a:1\nRUN sudo apt-get update\nRUN sudo apt-get install -y curl\n", status: checks.Fail, finding: "2:5: "},
		"with a key":       {text: "FROM a:1\nRUN apt-get update && echo ok\nRUN set -e; apt-get upgrade -y\n", status: checks.Fail, finding: "2:5: "},
		"base stage":       {text: "FROM a:1 AS b\nRUN apt-get update\nFROM b\nRUN apt-get install -y curl\n", status: checks.Fail, finding: "2:5: line 4"},
		"from lists":       {text: "FROM a:1\nRUN apt-get update && apt-get install -y curl\nRUN apt-get install -y git\n", status: checks.Warn, finding: "3:5: apt-get install installs from the lists of apt-get update in line 2"},
		"apk":              {text: "FROM a:1\nRUN apk update\nRUN apk add curl\n", status: checks.Fail, finding: "2:5: apk update"},
		"apk no cache":     {text: "FROM a:1\nRUN apk update\nRUN apk add --no-cache curl\n", status: checks.Pass},
		"apk updates":      {text: "FROM a:1\nRUN apk update\nRUN apk add -U curl\nRUN apk --update add git\n", status: checks.Pass},
		"together":         {text: "FROM a:1\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\n", status: checks.Pass},
		"each its own":     {text: "FROM a:1\nRUN apt-get update && apt-get install -y curl\nRUN apt-get update && apt-get install -y git\n", status: checks.Pass},
		"heredoc":          {text: "FROM a:1\nRUN <<EOF\napt-get update\napt-get install -y curl\nEOF\n", status: checks.Pass},
		"lists removed":    {text: "FROM a:1\nRUN apt-get update && apt-get install -y curl && rm -rf /var/lib/apt/lists/*\nRUN apt-get install -y git\n", status: checks.Pass},
		"nothing behind":   {text: "FROM a:1\nRUN apt-get update\nRUN ./install.sh\n", status: checks.Pass},
		"no update":        {text: "FROM a:1\nRUN apt-get install -y curl\n", status: checks.Pass},
		"a file":           {text: "FROM a:1\nRUN apt-get update && apt-get install -y curl\nRUN apt-get install -y ./a.deb\n", status: checks.Pass},
		"only clean":       {text: "FROM a:1\nRUN apt-get update && apt-get install -y curl\nRUN apt-get purge -y gcc && apt-get clean\n", status: checks.Pass},
		"yum":              {text: "FROM a:1\nRUN yum makecache\nRUN yum install -y curl\n", status: checks.Pass},
		"script adds":      {text: "FROM a:1\nRUN apt-get update && apt-get install -y curl\nRUN curl -fsSL https://a.b/setup | bash - && apt-get install -y nodejs\n", status: checks.Pass},
		"repository":       {text: "FROM a:1\nRUN apt-get update && apt-get install -y a\nRUN add-apt-repository -y ppa:x/y && apt-get install -y z\n", status: checks.Pass},
		"other stage":      {text: "FROM a:1 AS b\nRUN apt-get update\nFROM a:1\nCOPY --from=b /x /x\nRUN apt-get install -y curl\n", status: checks.Pass},
		"stage not used":   {text: "FROM a:1 AS b\nRUN apt-get update\nRUN apt-get install -y curl\nFROM a:1\n", status: checks.Pass},
		"as an argument":   {text: "FROM a:1\nRUN echo apt-get update\nRUN apt-get install -y curl\n", status: checks.Pass},
		"lists are mounts": {text: "FROM a:1\nRUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y a\nRUN --mount=type=cache,target=/var/lib/apt apt-get update && apt-get install -y b\n", status: checks.Pass},
	})
}

func TestAptUpdateAloneIsReportedOnce(t *testing.T) {
	text := "FROM a:1 AS b\nRUN apt-get update\nFROM b AS c\nRUN apt-get install -y x\nFROM b\nRUN apt-get install -y y\nCOPY --from=c /x /x\n"
	if f := run(t, aptUpdateAlone, text, dockerfile.Options{}).Findings; len(f) != 1 {
		t.Errorf("%+v", f)
	}
}
