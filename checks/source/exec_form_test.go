package source

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestExecForm(t *testing.T) {
	judgeAll(t, execForm, map[string]judgement{
		"article right":      {text: "FROM python:3.12\nCMD [\"uvicorn\", \"app.main:app\", \"--host\", \"0.0.0.0\", \"--port\", \"8000\"]\n", status: checks.Pass},
		"article wrong":      {text: "FROM python:3.12\nCMD uvicorn app.main:app --host 0.0.0.0 --port 8000\n", status: checks.Fail, finding: "2: CMD is in shell form"},
		"entrypoint":         {text: "FROM a:1\nENTRYPOINT app\nCMD [\"x\"]\n", status: checks.Fail, finding: "2: ENTRYPOINT"},
		"exec":               {text: "FROM a:1\nCMD exec app --serve\n", status: checks.Pass},
		"exec behind others": {text: "FROM a:1\nCMD cd /app && exec ./app\n", status: checks.Pass},
		"exec in a branch":   {text: "FROM a:1\nCMD if [ -n \"$A\" ]; then exec a; else b; fi\n", status: checks.Fail, finding: "2: CMD"},
		"exec before others": {text: "FROM a:1\nCMD exec >/log && app\n", status: checks.Fail, finding: "2: CMD"},
		"single quotes":      {text: "FROM a:1\nCMD ['app']\n", status: checks.Fail},
		"neither":            {text: "FROM a:1\n", status: checks.Skipped},
		"in builder only":    {text: "FROM a:1 AS b\nCMD app\nFROM a:1\nCMD [\"app\"]\n", status: checks.Pass},
		"inherited":          {text: "FROM a:1 AS b\nCMD app\nFROM b\n", status: checks.Fail, finding: "2: CMD"},
		"reset":              {text: "FROM a:1 AS b\nCMD app\nFROM b\nENTRYPOINT [\"app\"]\n", status: checks.Pass},
		"corrected later":    {text: "FROM a:1\nCMD app\nCMD [\"app\"]\n", status: checks.Pass},
		"variable":           {text: "FROM a:1\nCMD [\"java\", \"$JAVA_OPTS\", \"-jar\", \"/app.jar\"]\n", status: checks.Warn, finding: "2: java gets the text $JAVA_OPTS, not the value"},
		"variable inside":    {text: "FROM a:1\nENTRYPOINT [\"gunicorn\", \"--bind=0.0.0.0:${PORT:-8000}\"]\n", status: checks.Warn, finding: "2: gunicorn gets the text --bind=0.0.0.0:${PORT:-8000}"},
		"variable, own":      {text: "FROM a:1\nCMD [\"./server\", \"--port\", \"$PORT\"]\n", status: checks.Warn},
		"variable of Spring": {text: "FROM a:1\nCMD [\"java\", \"-jar\", \"a.jar\", \"--server.port=${PORT}\"]\n", status: checks.Pass},
		"variable in sh":     {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"exec app $PORT\"]\n", status: checks.Pass},
		"variable, tini sh":  {text: "FROM a:1\nENTRYPOINT [\"tini\", \"--\", \"sh\", \"-c\", \"exec app $PORT\"]\n", status: checks.Pass},
		"variable by name":   {text: "FROM a:1\nCMD [\"envsubst\", \"$PORT\"]\n", status: checks.Pass},
		"variable escaped":   {text: "FROM a:1\nCMD [\"app\", \"\\\\$PORT\"]\n", status: checks.Pass},
		"variable of Caddy":  {text: "FROM a:1\nCMD [\"caddy\", \"respond\", \"--listen\", \"{$PORT}\"]\n", status: checks.Pass},
		"no variable":        {text: "FROM a:1\nCMD [\"app\", \"--match=^a$\", \"--cost=5$\", \"$1\", \"$(POD)\"]\n", status: checks.Pass},
		"variable in code":   {text: "FROM a:1\nCMD [\"node\", \"-e\", \"console.log(`$A`)\"]\n", status: checks.Pass},
		"variable in script": {text: "FROM a:1\nENTRYPOINT [\"/entrypoint.sh\"]\nCMD [\"app\", \"$PORT\"]\n", status: checks.Pass},
		"variable, handed":   {text: "-- Dockerfile --\nFROM a:1\nCOPY start /\nENTRYPOINT [\"/start\"]\nCMD [\"app\", \"$PORT\"]\n-- start --\n#!/bin/sh\neval exec \"$@\"\n", status: checks.Pass},
		"variable, Windows":  {text: "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCMD [\"app\", \"$PORT\"]\n", status: checks.Pass},
		"one word":           {text: "FROM a:1\nENTRYPOINT [\"/app --flag\"]\n", status: checks.Fail, finding: "2:1: no program is called /app --flag"},
		"one word in CMD":    {text: "FROM node:20\nCMD [\"node server.js\"]\n", status: checks.Fail, finding: "2:1: no program is called node server.js"},
		"one word, tini":     {text: "FROM a/b:1\nENTRYPOINT [\"tini\", \"--\"]\nCMD [\"node server.js\"]\n", status: checks.Fail, finding: "3:1: "},
		"one word, sh":       {text: "FROM a:1\nENTRYPOINT [\"/bin/sh\", \"-c\"]\nCMD [\"node server.js\"]\n", status: checks.Pass},
		"one word, unknown":  {text: "FROM registry.example.com/sh:1\nCMD [\"node server.js\"]\n", status: checks.Pass},
		"one word, not base": {text: "ARG B\nFROM $B\nCMD [\"node server.js\"]\n", status: checks.Pass},
		"one word, script":   {text: "FROM a:1\nENTRYPOINT [\"/entrypoint.sh\"]\nCMD [\"node server.js\"]\n", status: checks.Pass},
		"one word, argument": {text: "FROM a:1\nENTRYPOINT [\"echo\"]\nCMD [\"hello world\"]\n", status: checks.Pass},
		"one word, a path":   {text: "FROM a:1\nCMD [\"/opt/My App/run\"]\n", status: checks.Pass},
		"one word, Windows":  {text: "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCMD [\"app serve\"]\n", status: checks.Pass},
		"with another shell": {text: "FROM a:1\nSHELL [\"/bin/bash\", \"-c\"]\nCMD app\n", status: checks.Fail},
	})
	for text, fix := range map[string]string{
		"CMD java -jar /app.jar":                   `Write CMD ["java", "-jar", "/app.jar"].`,
		"CMD java $JAVA_OPTS -jar /app.jar":        `Write CMD ["sh", "-c", "exec java $JAVA_OPTS -jar /app.jar"].`,
		"ENTRYPOINT cd /app && ./server --a='b c'": `Write ENTRYPOINT ["sh", "-c", "cd /app && exec ./server --a='b c'"].`,
		`CMD app --name "a b" 'c"d'`:               `Write CMD ["app", "--name", "a b", "c\"d"].`,
		"CMD app *.conf":                           `Write CMD ["sh", "-c", "exec app *.conf"].`,
		"CMD A=1 app":                              `Write CMD ["sh", "-c", "A=1 exec app"].`,
		"CMD app > /log":                           `Write CMD ["sh", "-c", "exec app > /log"].`,
		"CMD a; b":                                 `Write CMD ["sh", "-c", "a; exec b"].`,
		"CMD a \\\n  --b":                          `Write CMD ["a", "--b"].`,
		"CMD ['nginx', '-g', 'daemon off;']":       `Write it as JSON, which has double quotes alone: CMD ["program", "argument"].`,
		"CMD app --token=c0rrecthorse":             `Write the command as a JSON array, as in CMD ["node", "dist/main.js"].`,
		"CMD app | tee /log":                       "Write a script that ends in exec and the application, COPY it, and name it in exec form.",
		"CMD if $A; then a; fi":                    "Write a script that ends in exec and the application, COPY it, and name it in exec form.",
		"SHELL [\"/bin/bash\", \"-c\"]\nCMD a $B":  `Write CMD ["/bin/bash", "-c", "exec a $B"].`,
		`CMD ["java", "$OPTS", "-jar", "a"]`:       `Write CMD ["sh", "-c", "exec java $OPTS -jar a"].`,
		`CMD ["node server.js"]`:                   `Write CMD ["node", "server.js"].`,
		`ENTRYPOINT ["java $OPTS -jar /a"]`:        `Write ENTRYPOINT ["sh", "-c", "exec java $OPTS -jar /a"].`,
		"ENTRYPOINT [\"app\"]\nCMD [\"$PORT\"]":    "Write the value itself, or let the program read the variable.",
	} {
		found := run(t, execForm, "FROM a:1\n"+text+"\n", dockerfile.Options{}).Findings
		if len(found) != 1 || found[0].Fix != fix {
			t.Errorf("%q: found %+v, want %s", text, found, fix)
			continue
		}
		// The advice does away with the finding, and brings no other.
		written, ok := strings.CutPrefix(strings.TrimSuffix(fix, "."), "Write ")
		if !ok || !strings.HasSuffix(written, "]") || strings.HasPrefix(written, "the ") || strings.HasPrefix(written, "it ") {
			continue
		}
		for _, check := range []Check{execForm, endsInExec} {
			if found := run(t, check, "FROM a:1\n"+written+"\n", dockerfile.Options{}).Findings; len(found) > 0 {
				t.Errorf("%s: found %+v", written, found)
			}
		}
	}
}
