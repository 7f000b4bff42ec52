package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestUnusedUser(t *testing.T) {
	const cmd = "CMD [\"app\"]\n"
	judgeAll(t, unusedUser, map[string]judgement{
		"unused":           {text: "FROM a:1\nRUN addgroup app && adduser -D -G app app\nCOPY --chown=app . /app\n" + cmd, status: checks.Warn, finding: "2:21: the user app is created, and nothing switches to it"},
		"back to root":     {text: "FROM a:1\nRUN useradd app\nUSER root\n" + cmd, status: checks.Warn, finding: "2:5: "},
		"in a base stage":  {text: "FROM a:1 AS b\nRUN useradd app\nFROM b\n" + cmd, status: checks.Warn, finding: "2:5: "},
		"heredoc":          {text: "FROM a:1\nRUN <<EOF\nset -e\nuseradd app\nEOF\n" + cmd, status: checks.Warn, finding: "4:1: "},
		"used":             {text: "FROM a:1\nRUN useradd app\nUSER app\n" + cmd, status: checks.Pass},
		"used by number":   {text: "FROM a:1\nRUN useradd -u 10 app\nUSER 10\n" + cmd, status: checks.Pass},
		"other user":       {text: "FROM a:1\nRUN useradd app\nUSER node\n" + cmd, status: checks.Pass},
		"user not known":   {text: "FROM a:1\nRUN useradd app\nUSER $U\n" + cmd, status: checks.Pass},
		"for a while":      {text: "FROM a:1\nRUN useradd build\nUSER build\nRUN make\nUSER root\n" + cmd, status: checks.Pass},
		"builder":          {text: "FROM a:1 AS b\nRUN useradd app\nFROM a:1\n" + cmd, status: checks.Pass},
		"nonroot base":     {text: "FROM gcr.io/distroless/static:nonroot\nRUN useradd app\n" + cmd, status: checks.Pass},
		"base's start":     {text: "FROM a:1\nRUN useradd app\n", status: checks.Pass},
		"base's script":    {text: "FROM a:1\nRUN useradd app\nENTRYPOINT [\"docker-entrypoint.sh\"]\n", status: checks.Pass},
		"su":               {text: "FROM a:1\nRUN useradd app\nCMD [\"su\", \"app\", \"-c\", \"exec app\"]\n", status: checks.Pass},
		"s6 copied":        {text: "FROM a:1\nRUN useradd app\nCOPY --from=x:1 /out/s6-setuidgid /bin/\nCMD [\"app\"]\n", status: checks.Pass},
		"other copied":     {text: "FROM a:1\nRUN useradd app\nCOPY --from=x:1 /out/s7-setuidgid /bin/\nCMD [\"app\"]\n", status: checks.Warn},
		"gosu":             {text: "FROM a:1\nRUN useradd app\nENTRYPOINT [\"gosu\", \"app\", \"app\"]\n", status: checks.Pass},
		"gosu in script":   {text: "-- Dockerfile --\nFROM a:1\nRUN useradd app\nCOPY e.sh /\nENTRYPOINT [\"/e.sh\"]\n-- e.sh --\n#!/bin/sh\nexec gosu app \"$@\"\n", status: checks.Pass},
		"no gosu in it":    {text: "-- Dockerfile --\nFROM a:1\nRUN useradd app\nCOPY e.sh /\nENTRYPOINT [\"/e.sh\"]\n-- e.sh --\n#!/bin/sh\nexec app\n", status: checks.Warn, finding: "2: "},
		"gosu installed":   {text: "FROM a:1\nRUN apt-get install -y gosu && useradd app\n" + cmd, status: checks.Pass},
		"gosu copied":      {text: "FROM a:1\nCOPY --from=tianon/gosu /gosu /usr/local/bin/\nRUN useradd app\n" + cmd, status: checks.Pass},
		"drops by itself":  {text: "FROM alpine:3\nRUN adduser -S www\nCMD [\"nginx\", \"-g\", \"daemon off;\"]\n", status: checks.Pass},
		"by an option":     {text: "FROM a:1\nRUN useradd app\nCMD [\"server\", \"--user=app\"]\n", status: checks.Pass},
		"su at build time": {text: "FROM a:1\nRUN useradd build && su build -c make\n" + cmd, status: checks.Pass},
		"no user":          {text: "FROM a:1\n" + cmd, status: checks.Pass},
		"name by argument": {text: "FROM a:1\nARG U=app\nRUN useradd $U\n" + cmd, status: checks.Pass},
	})
}
