package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestWorkdirSystem(t *testing.T) {
	judgeAll(t, workdirSystem, map[string]judgement{
		"proc":             {text: "FROM a:1\nWORKDIR /proc\n", status: checks.Fail, finding: "2: WORKDIR /proc is in a file system of the kernel"},
		"descriptor":       {text: "FROM a:1\nWORKDIR /proc/self/fd/8\n", status: checks.Fail, finding: "2: WORKDIR /proc/self/fd/8"},
		"by dots":          {text: "FROM a:1\nWORKDIR /app\nWORKDIR ../sys\n", status: checks.Fail, finding: "3: WORKDIR /sys"},
		"by a variable":    {text: "FROM a:1\nARG DIR=/dev\nWORKDIR $DIR/x\n", status: checks.Fail, finding: "3: WORKDIR /dev/x"},
		"root":             {text: "FROM a:1\nWORKDIR /\n", status: checks.Pass},
		"name in front":    {text: "FROM a:1\nWORKDIR /processor\n", status: checks.Pass},
		"name behind":      {text: "FROM a:1\nWORKDIR /srv/dev\n", status: checks.Pass},
		"relative":         {text: "FROM a:1\nWORKDIR dev\n", status: checks.Pass},
		"unknown":          {text: "FROM a:1\nWORKDIR $HOME\n", status: checks.Pass},
		"boot":             {text: "FROM a:1\nWORKDIR /boot\n", status: checks.Pass},
		"stage not in use": {text: "FROM a:1 AS b\nWORKDIR /proc\nFROM a:1\n", status: checks.Pass},
	})
}
