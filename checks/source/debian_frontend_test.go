package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestDebianFrontend(t *testing.T) {
	judgeAll(t, debianFrontend, map[string]judgement{
		"columns":       {text: "FROM a:1\nENV LANG=C.UTF-8 \\\n    DEBIAN_FRONTEND=noninteractive\n", status: checks.Warn, finding: "3:5: ENV DEBIAN_FRONTEND=noninteractive stays in every container of the image"},
		"old form":      {text: "FROM a:1\nENV DEBIAN_FRONTEND noninteractive\n", status: checks.Warn, finding: "2:5: "},
		"base stage":    {text: "FROM a:1 AS b\nENV DEBIAN_FRONTEND=noninteractive\nFROM b\n", status: checks.Warn, finding: "2:5: "},
		"from ARG":      {text: "FROM a:1\nARG F=noninteractive\nENV DEBIAN_FRONTEND=$F\n", status: checks.Warn},
		"ARG":           {text: "FROM a:1\nARG DEBIAN_FRONTEND=noninteractive\nRUN true\n", status: checks.Pass},
		"inline":        {text: "FROM a:1\nRUN DEBIAN_FRONTEND=noninteractive apt-get install -y x\n", status: checks.Pass},
		"export":        {text: "FROM a:1\nRUN export DEBIAN_FRONTEND=noninteractive; apt-get install -y x\n", status: checks.Pass},
		"reset":         {text: "FROM a:1\nENV DEBIAN_FRONTEND=noninteractive\nRUN true\nENV DEBIAN_FRONTEND=\n", status: checks.Pass},
		"back to what":  {text: "FROM a:1\nENV DEBIAN_FRONTEND=noninteractive\nRUN true\nENV DEBIAN_FRONTEND=dialog\n", status: checks.Pass},
		"build stage":   {text: "FROM a:1 AS b\nENV DEBIAN_FRONTEND=noninteractive\nFROM a:1\nCOPY --from=b /x /x\n", status: checks.Pass},
		"unknown":       {text: "FROM a:1\nARG F\nENV DEBIAN_FRONTEND=$F\n", status: checks.Pass},
		"another value": {text: "FROM a:1\nENV DEBIAN_FRONTEND=teletype DEBIAN_FRONTEND_X=noninteractive\n", status: checks.Pass},
	})
}
