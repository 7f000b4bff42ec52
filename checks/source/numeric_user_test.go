package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestNumericUser(t *testing.T) {
	judgeAll(t, numericUser, map[string]judgement{
		"name":                 {text: "FROM a:1\nUSER node\n", status: checks.Warn, finding: "2:1: USER node is a name"},
		"name and group":       {text: "FROM a:1\nUSER node:1000\n", status: checks.Warn, finding: "2: USER node is"},
		"number":               {text: "FROM a:1\nUSER 1000\n", status: checks.Pass},
		"number, group":        {text: "FROM a:1\nUSER 1000:node\n", status: checks.Pass},
		"argument":             {text: "FROM a:1\nARG U=node\nUSER $U\n", status: checks.Warn, finding: "3: USER node"},
		"argument number":      {text: "FROM a:1\nARG U=1000\nUSER ${U}\n", status: checks.Pass},
		"not known":            {text: "FROM a:1\nUSER $APP_UID\n", status: checks.Pass},
		"root":                 {text: "FROM a:1\nUSER root\n", status: checks.Pass}, // source/user
		"missing":              {text: "FROM a:1\n", status: checks.Pass},
		"not the last":         {text: "FROM a:1\nUSER node\nRUN x\nUSER 1000\n", status: checks.Pass},
		"other stage":          {text: "FROM a:1 AS b\nUSER node\nFROM a:1\nUSER 1000\n", status: checks.Pass},
		"inherited":            {text: "FROM a:1 AS b\nUSER node\nFROM b\n", status: checks.Warn, finding: "2: "},
		"windows, by argument": {text: "ARG B\nFROM $B\nUSER ContainerUser\n", status: checks.Pass},
		"windows":              {text: "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nUSER ContainerUser\n", status: checks.Pass},
	})
	for text, want := range map[string]string{
		"FROM a:1\nRUN useradd --uid 10001 app\nUSER app:app\n": "Write USER 10001:app",
		"FROM a:1\nRUN adduser -D app\nUSER app\n":              "Create app in line 2 with a number of its own, as 10001, and name that in USER.",
		"FROM a:1\nUSER node\n":                                 numericUser.Fix,
		"FROM node:22-slim\nUSER app\n":                         numericUser.Fix,
		"FROM node:22-slim\nUSER node\n":                        "Write USER 1000:1000: that is node in node:22-slim",
	} {
		if res := run(t, numericUser, text, dockerfile.Options{}); len(res.Findings) != 1 || res.Findings[0].Fix != want {
			t.Errorf("%+v, want %s", res.Findings, want)
		}
	}
}
