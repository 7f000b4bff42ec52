package source

import (
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestExec(t *testing.T) {
	// with is an image whose entrypoint is a script of this text.
	with := func(script string) string {
		return "-- Dockerfile --\nFROM a:1\nCOPY entrypoint.sh /\nENTRYPOINT [\"/entrypoint.sh\"]\nCMD [\"app\", \"serve\"]\n-- entrypoint.sh --\n#!/bin/sh\n" + script
	}
	judgeAll(t, endsInExec, map[string]judgement{
		// What stands in the instruction.
		"sh -c":               {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"uvicorn app:app --port $PORT\"]\n", status: checks.Warn, finding: "2:1: the script in CMD ends in uvicorn without exec"},
		"sh -c and":           {text: "FROM a:1\nENTRYPOINT [\"/bin/bash\", \"-ec\", \"prepare && ./server\"]\n", status: checks.Warn, finding: "2: the script in ENTRYPOINT ends in server without exec"},
		"sh -c exec":          {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"exec uvicorn app:app --port $PORT\"]\n", status: checks.Pass},
		"sh -c and exec":      {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"prepare && exec ./server\"]\n", status: checks.Pass},
		"sh -c split":         {text: "FROM a:1\nENTRYPOINT [\"sh\", \"-c\"]\nCMD [\"prepare && ./server\"]\n", status: checks.Warn, finding: "3: the script in CMD ends in server"},
		"or exit":             {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"exec app || exit 1\"]\n", status: checks.Pass},
		"exit behind":         {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"app; exit $?\"]\n", status: checks.Warn, finding: "2: ends in app"},
		"only redirects":      {text: "FROM a:1\nCMD [\"bash\", \"-c\", \"exec 2>&1; app\"]\n", status: checks.Warn, finding: "2: ends in app"},
		"pipe":                {text: "FROM a:1\nCMD [\"bash\", \"-c\", \"exec app | tee /log\"]\n", status: checks.Warn, finding: "2: ends in app"},
		"subshell":            {text: "FROM a:1\nCMD [\"bash\", \"-c\", \"(cd /x && exec app)\"]\n", status: checks.Warn, finding: "2: ends in app"},
		"shell form":          {text: "FROM a:1\nCMD prepare && app\n", status: checks.Pass}, // source/exec-form
		"exec form":           {text: "FROM a:1\nCMD [\"app\"]\n", status: checks.Pass},
		"nothing":             {text: "FROM a:1\n", status: checks.Pass},
		"unknown program":     {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"$START_COMMAND\"]\n", status: checks.Pass},
		"eval":                {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"eval \\\"$START\\\"\"]\n", status: checks.Pass},
		"one-off":             {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"cat /etc/motd\"]\n", status: checks.Pass},
		"migration alone":     {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"alembic upgrade head\"]\n", status: checks.Pass},
		"replaced later":      {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"app\"]\nCMD [\"app\"]\n", status: checks.Pass},
		"other stage":         {text: "FROM a:1 AS dev\nCMD [\"sh\", \"-c\", \"app\"]\nFROM a:1\nCMD [\"app\"]\n", status: checks.Pass},
		"target":              {text: "FROM a:1 AS dev\nCMD [\"sh\", \"-c\", \"app\"]\nFROM a:1\nCMD [\"app\"]\n", status: checks.Warn, finding: "2: ", options: dockerfile.Options{Target: "dev"}},
		"inherited":           {text: "FROM a:1 AS b\nCMD [\"sh\", \"-c\", \"app\"]\nFROM b\nUSER 1\n", status: checks.Warn, finding: "2: "},
		"arguments":           {text: "FROM a:1\nENTRYPOINT [\"app\"]\nCMD [\"sh\", \"-c\", \"x\"]\n", status: checks.Pass},
		"windows":             {text: "FROM mcr.microsoft.com/windows/nanoserver:ltsc2022\nCMD [\"sh\", \"-c\", \"app\"]\n", status: checks.Pass},
		"sudo stays":          {text: "FROM a:1\nCMD [\"sudo\", \"sh\", \"-c\", \"app\"]\n", status: checks.Pass},
		"bad syntax":          {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"if app\"]\n", status: checks.Pass},
		"below tini":          {text: "FROM a:1\nENTRYPOINT [\"tini\", \"--\"]\nCMD [\"sh\", \"-c\", \"prepare; app\"]\n", status: checks.Warn, finding: "3: ends in app"},
		"tini with groups":    {text: "FROM a:1\nENTRYPOINT [\"tini\", \"-g\", \"--\"]\nCMD [\"sh\", \"-c\", \"prepare; app\"]\n", status: checks.Pass},
		"dumb-init":           {text: "FROM a:1\nENTRYPOINT [\"dumb-init\", \"--\"]\nCMD [\"sh\", \"-c\", \"prepare; app\"]\n", status: checks.Pass},
		"dumb-init, one":      {text: "FROM a:1\nENTRYPOINT [\"dumb-init\", \"-c\", \"--\"]\nCMD [\"sh\", \"-c\", \"prepare; app\"]\n", status: checks.Warn, finding: "3: ends in app"},
		"npm start":           {text: "FROM node:22\nCMD [\"npm\", \"start\"]\n", status: checks.Warn, finding: "2:1: npm runs the script start by a shell"},
		"npm run":             {text: "FROM node:22\nCMD [\"npm\", \"run\", \"start:prod\"]\n", status: checks.Warn, finding: "2:1: npm runs the script start:prod by a shell"},
		"yarn start":          {text: "FROM node:22\nENTRYPOINT [\"yarn\", \"start\"]\n", status: checks.Warn, finding: "2:1: yarn runs"},
		"pnpm, tini":          {text: "FROM node:22\nENTRYPOINT [\"tini\", \"--\"]\nCMD [\"pnpm\", \"start\"]\n", status: checks.Warn, finding: "3:1: pnpm runs"},
		"npm, tini -g":        {text: "FROM node:22\nENTRYPOINT [\"tini\", \"-g\", \"--\"]\nCMD [\"npm\", \"start\"]\n", status: checks.Pass},
		"npm, exec in script": {text: "-- Dockerfile --\nFROM a:1\nWORKDIR /app\nCOPY . .\nCMD [\"npm\", \"start\"]\n-- package.json --\n{\"scripts\": {\"start\": \"exec node a.js\"}}\n", status: checks.Pass},
		"exec npm start":      {text: with("exec npm start\n"), status: checks.Warn, finding: "entrypoint.sh:2:1: npm runs the script start"},
		"npm without exec":    {text: with("npm start\n"), status: checks.Warn, finding: "entrypoint.sh:2:1: entrypoint.sh ends in npm without exec"},
		"npm, shell form":     {text: "FROM node:22\nCMD npm start\n", status: checks.Pass}, // source/exec-form
		"npm test":            {text: "FROM node:22\nCMD [\"npm\", \"run\", \"test\"]\n", status: checks.Pass},
		"npm run dev":         {text: "FROM node:22\nCMD [\"npm\", \"run\", \"dev\"]\n", status: checks.Pass}, // source/development-server
		"npm run migrate":     {text: "FROM node:22\nCMD [\"npm\", \"run\", \"db:migrate\"]\n", status: checks.Pass},
		"npm, dev stage":      {text: "FROM node:22 AS dev\nCMD [\"npm\", \"start\"]\n", status: checks.Pass},
		"npm, other words":    {text: "FROM node:22\nCMD [\"npm\", \"--version\"]\n", status: checks.Pass},
		"npm as an argument":  {text: "FROM node:22\nENTRYPOINT [\"app\"]\nCMD [\"npm\", \"start\"]\n", status: checks.Pass},
		"setpriv":             {text: "FROM a:1\nCMD [\"setpriv\", \"--reuid\", \"1000\", \"--clear-groups\", \"sh\", \"-c\", \"prepare; app\"]\n", status: checks.Warn, finding: "2: ends in app"},
		"chpst":               {text: "FROM a:1\nCMD [\"chpst\", \"-u\", \"app\", \"sh\", \"-c\", \"exec app\"]\n", status: checks.Pass},
		"base's entrypoint":   {text: "FROM a:1\nENTRYPOINT [\"docker-entrypoint.sh\"]\nCMD [\"sh\", \"-c\", \"prepare; app\"]\n", status: checks.Warn, finding: "3: ends in app"},
		"nested":              {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"exec sh -c 'prepare; app'\"]\n", status: checks.Warn, finding: "2: ends in app"},
		"s6":                  {text: "FROM a:1\nENTRYPOINT [\"/init\"]\nCMD [\"sh\", \"-c\", \"prepare; app\"]\n", status: checks.Pass},
		"background, wait":    {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"app & wait\"]\n", status: checks.Warn, finding: "2: ends in app"},
		"trap":                {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"trap 'kill $!' TERM; app & wait\"]\n", status: checks.Pass},
		"trap that it resets": {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"trap 'rm /tmp/x' USR1; app\"]\n", status: checks.Warn},

		"tests":             {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"prepare && npm run test:unit\"]\n", status: checks.Pass},
		"a script of tests": {text: "FROM a:1\nCMD [\"sh\", \"-c\", \"bash ./ci/run-tests.sh\"]\n", status: checks.Pass},

		// Scripts of the build context.
		"script by a shell":    {text: with("bash /srv/serve.sh\n"), status: checks.Warn, finding: "entrypoint.sh:2:1: ends in serve.sh without"},
		"script":               {text: with("set -e\n\"$@\"\n"), status: checks.Warn, finding: "entrypoint.sh:3:1: entrypoint.sh ends in \"$@\" without exec"},
		"script, exec":         {text: with("set -e\nexec \"$@\"\n"), status: checks.Pass},
		"script, gosu":         {text: with("exec gosu app \"$@\"\n"), status: checks.Pass},
		"script, gosu alone":   {text: with("gosu app \"$@\"\n"), status: checks.Warn, finding: "entrypoint.sh:2: "},
		"script, background":   {text: with("app serve &\nwait $!\n"), status: checks.Warn, finding: "entrypoint.sh:2: "},
		"function":             {text: with("main() {\n  prepare\n  exec \"$@\"\n}\nmain \"$@\"\n"), status: checks.Pass},
		"function without":     {text: with("main() {\n  prepare\n  app serve\n}\nmain \"$@\"\n"), status: checks.Warn, finding: "entrypoint.sh:4:3: ends in app"},
		"recursion":            {text: with("main() { main; }\nmain\n"), status: checks.Pass},
		"branches":             {text: with("if [ \"$1\" = worker ]; then\n  celery -A app worker\nelse\n  exec \"$@\"\nfi\n"), status: checks.Warn, finding: "entrypoint.sh:3:3: ends in celery"},
		"branch that ends":     {text: with("if [ \"$1\" = seed ]; then\n  ./seed-data\n  exit 0\nfi\nexec \"$@\"\n"), status: checks.Pass},
		"case":                 {text: with("case \"$1\" in\n  lint) ./lint ;;\n  *) exec \"$@\" ;;\nesac\n"), status: checks.Pass},
		"loop":                 {text: with("while true; do app; sleep 1; done\n"), status: checks.Pass},
		"sourced functions":    {text: with(". /lib.sh\nstart_app\n"), status: checks.Pass},
		"sourced, path":        {text: with(". /lib.sh\n/usr/bin/app\n"), status: checks.Warn, finding: "entrypoint.sh:3: "},
		"behind exec":          {text: with("exec \"$@\"\napp\n"), status: checks.Pass},
		"called script":        {text: with("exec /start.sh\n-- start.sh --\n#!/bin/sh\napp\n"), status: checks.Pass}, // which is not in the image
		"called script, found": {text: "-- Dockerfile --\nFROM a:1\nWORKDIR /app\nCOPY bin/ bin/\nCMD [\"bin/run.sh\"]\n-- bin/run.sh --\n#!/bin/bash\nexec bin/start.sh\n-- bin/start.sh --\n#!/bin/bash\napp serve\n", status: checks.Warn, finding: "bin/start.sh:2:1: start.sh ends in app"},
		"called without exec":  {text: "-- Dockerfile --\nFROM a:1\nWORKDIR /app\nCOPY bin/ bin/\nCMD [\"bin/run.sh\"]\n-- bin/run.sh --\n#!/bin/bash\nbin/start.sh\n-- bin/start.sh --\n#!/bin/bash\napp serve\n", status: checks.Warn, finding: "bin/run.sh:2:1: run.sh ends in start.sh"},
		"by a shell":           {text: "-- Dockerfile --\nFROM a:1\nWORKDIR /app\nCOPY . .\nCMD [\"bash\", \"-e\", \"start\"]\n-- start --\napp serve\n", status: checks.Warn, finding: "start:1:1: start ends in app"},
		"from a stage":         {text: "-- Dockerfile --\nFROM a:1 AS b\nWORKDIR /src\nCOPY . .\nFROM a:1\nCOPY --from=b /src /app\nWORKDIR /app\nENTRYPOINT [\"./docker/start.sh\"]\n-- docker/start.sh --\n#!/bin/sh\napp serve\n", status: checks.Warn, finding: "docker/start.sh:2:1: start.sh ends in app"},
		"one file of a stage":  {text: "-- Dockerfile --\nFROM a:1 AS b\nCOPY start.sh /src/\nFROM a:1\nCOPY --from=b /src/start.sh /usr/local/bin/start\nENTRYPOINT [\"start\"]\n-- start.sh --\n#!/bin/sh\napp serve\n", status: checks.Warn, finding: "start.sh:2:1: start ends in app"},
		"made by a stage":      {text: "-- Dockerfile --\nFROM a:1 AS b\nRUN generate > /src/start.sh\nFROM a:1\nCOPY --from=b /src/start.sh /\nENTRYPOINT [\"/start.sh\"]\n-- start.sh --\n#!/bin/sh\napp serve\n", status: checks.Pass},
		"another image's":      {text: "-- Dockerfile --\nFROM a:1\nCOPY --from=b:1 /start.sh /\nENTRYPOINT [\"/start.sh\"]\n-- start.sh --\n#!/bin/sh\napp serve\n", status: checks.Pass},
		"ignored":              {text: "-- Dockerfile --\nFROM a:1\nCOPY . /\nENTRYPOINT [\"/start.sh\"]\n-- .dockerignore --\n*.sh\n-- start.sh --\n#!/bin/sh\napp serve\n", status: checks.Pass},
		"python":               {text: "-- Dockerfile --\nFROM a:1\nCOPY start /\nENTRYPOINT [\"/start\"]\n-- start --\n#!/usr/bin/env python3\nimport app\n", status: checks.Pass},
		"binary":               {text: "-- Dockerfile --\nFROM a:1\nCOPY start /\nENTRYPOINT [\"/start\"]\n-- start --\n\x7fELF\x02\x01\n", status: checks.Pass},
		"CRLF":                 {text: with("set -e\r\n\"$@\"\r\n"), status: checks.Warn, finding: "entrypoint.sh:3:1: "},
		"overwritten":          {text: "-- Dockerfile --\nFROM a:1\nCOPY a.sh /start.sh\nCOPY b.sh /start.sh\nCMD [\"/start.sh\"]\n-- a.sh --\n#!/bin/sh\napp\n-- b.sh --\n#!/bin/sh\nexec app\n", status: checks.Pass},
		"heredoc":              {text: "FROM a:1\nCOPY --chmod=755 <<\"EOF\" /start.sh\n#!/bin/sh\nprepare\n  app serve\nEOF\nCMD [\"/start.sh\"]\n", status: checks.Warn, finding: "5:3: start.sh ends in app"},
		"second heredoc":       {text: "FROM a:1\nCOPY <<'A' <<'B' /x/\nfirst\nA\n#!/bin/sh\napp serve\nB\nCMD [\"/x/B\"]\n", status: checks.Warn, finding: "6:1: B ends in app"},
		"heredoc expanded":     {text: "FROM a:1\nCOPY <<EOF /start.sh\n#!/bin/sh\n$APP serve\nEOF\nCMD [\"/start.sh\"]\n", status: checks.Pass},
	})
	for _, test := range []struct{ cmd, script, fix string }{
		{`CMD ["npm", "start"]`, "node dist/main.js", `Write CMD ["node", "dist/main.js"].`},
		{`CMD ["npm", "start"]`, "next start -p 3000", `Write CMD ["node_modules/.bin/next", "start", "-p", "3000"].`},
		{`CMD ["npm", "start"]`, "node a.js $A", `Start the application itself, by what the script start of package.json calls, as in CMD ["node", "dist/main.js"].`},
		{`CMD exec npm start`, "node .", "Start the application itself: node .."},
		{`CMD ["sh", "-c", "x; npm start"]`, "node a.js", "Write exec node a.js."},
		{`CMD ["sh", "-c", "x; npm start"]`, "a; b", "Write exec and what the script start of package.json calls: npm does not pass the signal on, either."},
	} {
		text := "-- Dockerfile --\nFROM node:22\nWORKDIR /app\nCOPY . .\n" + test.cmd + "\n-- package.json --\n{\"scripts\": {\"start\": \"" + test.script + "\"}}\n"
		if found := run(t, endsInExec, text, dockerfile.Options{}).Findings; len(found) != 1 || found[0].Fix != test.fix {
			t.Errorf("%s, %s: found %+v, want %s", test.cmd, test.script, found, test.fix)
		}
	}
	text := "-- Dockerfile --\nFROM node:22\nWORKDIR /app\nCOPY . .\nCMD npm start\n-- package.json --\n{\"scripts\": {\"start\": \"node a.js\"}}\n"
	if found := run(t, execForm, text, dockerfile.Options{}).Findings; len(found) != 1 || found[0].Fix != `Write CMD ["node", "a.js"].` {
		t.Errorf("shell form: found %+v", found)
	}
}
