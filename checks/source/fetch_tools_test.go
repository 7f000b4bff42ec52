package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestFetchTools(t *testing.T) {
	judgeAll(t, fetchTools, map[string]judgement{
		"columns":          {text: "FROM a:1\nRUN apt-get update && apt-get install -y wget \\\n    curl\n", status: checks.Warn, finding: "3:5: curl does what wget from line 2 does"},
		"two RUNs":         {text: "FROM a:1\nRUN apk add --no-cache curl=8.0\nRUN apk add --no-cache wget\n", status: checks.Warn, finding: "3:24: wget does what curl from line 2"},
		"base stage":       {text: "FROM a:1 AS b\nRUN dnf install -y wget\nFROM b\nRUN dnf install -y curl\n", status: checks.Warn, finding: "4: "},
		"one":              {text: "FROM a:1\nRUN apk add curl libcurl wget2x\n", status: checks.Pass},
		"the same twice":   {text: "FROM a:1\nRUN apk add curl\nRUN apk add curl\n", status: checks.Pass},
		"both called":      {text: "FROM a:1\nRUN wget https://a.b/c; curl https://a.b/c\n", status: checks.Pass},
		"one removed":      {text: "FROM a:1\nRUN apk add curl wget && apk del wget\n", status: checks.Pass},
		"virtual removed":  {text: "FROM a:1\nRUN apk add curl && apk add -t .deps wget && apk del .deps\n", status: checks.Pass},
		"one in the build": {text: "FROM a:1 AS b\nRUN apk add wget\nFROM a:1\nCOPY --from=b /x /x\nRUN apk add curl\n", status: checks.Pass},
		"unknown":          {text: "FROM a:1\nRUN apk add curl $PACKAGES\n", status: checks.Pass},
		"pip":              {text: "FROM a:1\nRUN pip install wget && apk add curl\n", status: checks.Pass},
	})
}
