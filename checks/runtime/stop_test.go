package runtime

import (
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
)

// wantFix wants the only finding on a document to have a fix with these words.
func wantFix(t *testing.T, text, want string) {
	t.Helper()
	var fixes []string
	for _, res := range checks.Run(All(), example(t, text)) {
		for _, f := range res.Findings {
			fixes = append(fixes, f.Fix)
		}
	}
	if len(fixes) != 1 || !strings.Contains(fixes[0], want) {
		t.Errorf("%s: fixes %q, want one with %q", text, fixes, want)
	}
}

func TestRequestsInFlight(t *testing.T) {
	document := func(stop string) string {
		return `{"args": ["/app"], "stop": {"signal": "SIGTERM", "number": 15, "name": "app", ` + stop + `}}`
	}
	const (
		exit     = `"exit": {"code": 0, "at": 900000000}, `
		answered = `"request": {"path": "/slow", "port": 80, "status": 200, "took": 1400000000}`
		dropped  = `"request": {"path": "/slow", "port": 80, "error": "connection reset", "took": 510000000}`
		left     = "skipped the main process did not end by itself on its stop signal: runtime/stop-signal says why"
	)
	testVerdicts(t, requestsInFlight, map[string]verdict{
		"not named": {document(`"exit": {"code": 0}`), "skipped no path is named that answers slowly: --slow-path or LABEL io.imagegate.slow-path names one"},
		"no port":   {document(exit + `"request": {"path": "/slow", "early": true, "error": "the application listens on no TCP port"}`), "HIGH /slow could not be asked for: the application listens on no TCP port: no request was in flight"},
		"no answer": {document(exit + `"request": {"path": "/slow", "port": 80, "early": true, "error": "connection refused"}`), "HIGH port 80 did not answer /slow, before the stop signal: connection refused: no request was in flight"},
		"broken off": {document(exit + `"request": {"path": "/slow", "port": 80, "early": true, "status": 200, "error": "connection closed before the end of the answer of status 200", "took": 2000000}`),
			"HIGH port 80 did not answer /slow, before the stop signal: connection closed before the end of the answer of status 200: no request was in flight"},
		"not found": {document(exit + `"request": {"path": "/slow", "port": 80, "early": true, "status": 404, "took": 2000000}`),
			"HIGH port 80 answers /slow with status 404, within 2ms, before the stop signal: no request was in flight"},
		"fails at once": {document(exit + `"request": {"path": "/slow", "port": 80, "early": true, "status": 500, "took": 2000000}`),
			"HIGH port 80 answers /slow with status 500, within 2ms, before the stop signal: no request was in flight"},
		"too fast": {document(exit + `"request": {"path": "/slow", "port": 80, "early": true, "status": 200, "took": 2000000}`),
			"LOW port 80 answered /slow with status 200, within 2ms, before the stop signal: no request was in flight"},
		"answered":            {document(exit + answered), "pass /slow answered with status 200, 1.4s after it was sent"},
		"answered by no":      {document(exit + `"request": {"path": "/slow", "port": 80, "status": 401, "took": 600000000}`), "pass /slow answered with status 401, 600ms after it was sent"},
		"answered, exit 143":  {document(`"exit": {"code": 143}, "dropped": true, ` + dropped), "HIGH a request for /slow on port 80 that was in flight at SIGTERM was not answered: connection reset, 510ms after it was sent"},
		"dropped":             {document(exit + dropped), "HIGH a request for /slow on port 80 that was in flight at SIGTERM was not answered: connection reset, 510ms after it was sent"},
		"answered by failure": {document(exit + `"request": {"path": "/slow", "port": 80, "status": 503, "took": 600000000}`), "HIGH a request for /slow on port 80 that was in flight at SIGTERM was answered with status 503, 600ms after it was sent"},
		"killed":              {document(dropped), left},
		"not handled":         {document(`"exit": {"code": -1, "signal": "SIGTERM"}, ` + dropped), left},
		"Go, not handled":     {document(`"exit": {"code": 2}, "dropped": true, ` + dropped), left},
		"answered, killed":    {document(answered + `, "connections": {"accepted": 400, "lastAccepted": 9900000000}`), "pass /slow answered with status 200, 1.4s after it was sent"},
		"lets in late": {document(exit + answered + `, "connections": {"accepted": 60, "refused": 0, "lastAccepted": 1200000000}`),
			"LOW new connections were accepted until 1.2s after SIGTERM, and none was refused: 60 of them"},
		"lets in for a moment":   {document(exit + answered + `, "connections": {"accepted": 40, "refused": 0, "lastAccepted": 800000000}`), "pass /slow answered with status 200, 1.4s after it was sent"},
		"lets in, then no more":  {document(exit + answered + `, "connections": {"accepted": 60, "refused": 9, "lastAccepted": 1200000000}`), "pass /slow answered with status 200, 1.4s after it was sent"},
		"ended before it was to": {`{"args": ["/app"], "early": {"code": 0}}`, "skipped the main process did not stay up: runtime/start says why"},
	})
}

// TestFixOfStop wants the fix to be for the program that it is.
func TestFixOfStop(t *testing.T) {
	for text, want := range map[string]string{
		`"args": ["/bin/sh", "-c", "node server.js"], "stop": {"name": "sh", "program": "sh", `:              "write the command in exec form",
		`"args": ["/bin/bash", "-euo", "pipefail", "-c", "node a.js"], "stop": {"name": "bash", `:            "write the command in exec form",
		`"args": ["/bin/bash", "-ec", "node a.js"], "stop": {"name": "bash", `:                               "write the command in exec form",
		`"args": ["/entrypoint.sh", "node"], "stop": {"name": "entrypoint.sh", "program": "sh", `:            `exec "$@"`,
		`"args": ["/usr/bin/npm", "start"], "stop": {"name": "npm start", "program": "npm start", `:          "start the program itself",
		`"args": ["/usr/bin/npm", "run", "x"], "stop": {"name": "npm run start:p", "program": "npm run x", `: "start the program itself",
		`"args": ["/usr/bin/node", "a.js"], "stop": {"name": "MainThread", "program": "node", `:              `process.on("SIGTERM"`,
		`"args": ["/usr/bin/python3", "a.py"], "stop": {"name": "python3.12", "program": "python3", `:        "signal.signal(signal.SIGTERM",
		`"args": ["/app"], "stop": {"name": "app", "program": "app", `:                                       "in exec form",
	} {
		wantFix(t, `{`+text+`"signal": "SIGTERM", "number": 15}}`, want)
	}
	for exit, want := range map[string]string{
		`"dropped": true, "exit": {"code": 2}`:             "signal.NotifyContext(ctx, syscall.SIGTERM)",
		`"exit": {"code": 1}`:                              "exit with status 0",
		`"exit": {"code": -1, "signal": "SIGSEGV"}`:        "from its last output",
		`"exit": {"code": 0}, "left": ["worker"]`:          "wait for them",
		`"handled": true, "exit": {"signal": "SIGTERM"}`:   "exit with status 0",
		`"dropped": true, "asInit": true, "handled": true`: "below an init",
		`"exit": {"code": -1, "signal": "SIGTERM"}`:        "handle SIGTERM in the application: stop accepting, finish what is in flight, exit; a program that is not yours, and has nothing to finish, ends by the signal below an init",
		`"handled": true`:                                  "in exec form",
	} {
		wantFix(t, `{"args": ["/app"], "stop": {"name": "app", "signal": "SIGTERM", "number": 15, `+exit+`}}`, want)
	}
}

// TestShell wants the message to name what the shell runs, and the fix to be for
// that.
func TestShell(t *testing.T) {
	const takes = ": the program then takes the shell's place, and gets the signal"
	const packageManager = `start the program itself, as in CMD ["node", "server.js"]: a package manager starts it below a shell of its own, and stands between it and the signal`
	const last = `put exec before the command that serves, and let it be the last, as in CMD ["sh", "-c", "prepare && exec program"]`
	for name, c := range map[string]struct {
		// args are the image's, command is what the main process had become.
		args, command string
		shell, fix    string
	}{
		"script with arguments": {
			`"/docker-entrypoint.sh", "node", "a.js"`, `"/bin/sh", "/docker-entrypoint.sh", "node", "a.js"`,
			"sh /docker-entrypoint.sh", `make exec "$@" the last line of /docker-entrypoint.sh` + takes,
		},
		"script with arguments, by env": {
			`"/docker-entrypoint.sh", "node"`, `"bash", "/docker-entrypoint.sh", "node"`,
			"bash /docker-entrypoint.sh", `make exec "$@" the last line of /docker-entrypoint.sh` + takes,
		},
		"script alone":             {`"/start.sh"`, `"/bin/sh", "/start.sh"`, "sh /start.sh", "put exec before the last command of /start.sh, as in exec node server.js" + takes},
		"script that is not known": {`"/start.sh", "a"`, "", "sh /start.sh", `make exec "$@" the last line of /start.sh` + takes},
		"shell with options":       {`"/x"`, `"/bin/bash", "-eu", "+x", "-o", "pipefail", "--", "/x", "a"`, "bash /x", `make exec "$@" the last line of /x` + takes},
		"login shell":              {`"/x"`, `"-bash", "--rcfile", "/etc/rc", "/x"`, "-bash /x", "put exec before the last command of /x, as in exec node server.js" + takes},
		"script that became another": {
			`"/docker-entrypoint.sh", "/bin/sh", "-c", "migrate; serve"`, `"/bin/sh", "-c", "migrate; serve"`,
			`sh -c "migrate; serve"`, last,
		},
		"two commands":      {`"sh", "-c", "migrate && node a.js"`, "", `sh -c "migrate && node a.js"`, last},
		"two lines":         {`"sh", "-c", "migrate\nnode a.js"`, "", `sh -c "migrate node a.js"`, last},
		"command and more":  {`"sh", "-c", "node a.js; echo done"`, "", `sh -c "node a.js; echo done"`, last},
		"one command":       {`"sh", "-c", "node a.js --port 80"`, "", `sh -c "node a.js --port 80"`, `write the command in exec form, CMD ["node", "a.js", "--port", "80"]`},
		"one in the end":    {`"sh", "-c", "node a.js &"`, "", `sh -c "node a.js &"`, `write the command in exec form, CMD ["node", "a.js"]`},
		"variable":          {`"bash", "-euo", "pipefail", "-c", "node $FILE", "name"`, "", `bash -c "node $FILE"`, `put exec before the command, as in CMD ["sh", "-c", "exec program $ARGUMENT"], or write it in exec form where it needs no shell`},
		"npm start":         {`"sh", "-c", "npm start"`, "", `sh -c "npm start"`, packageManager},
		"yarn, after more":  {`"sh", "-c", "cd /app && /usr/bin/yarn start"`, "", `sh -c "cd /app && /usr/bin/yarn start"`, packageManager},
		"shell alone":       {`"/bin/bash"`, `"/bin/bash"`, "bash", `name the program in the place of the shell, in exec form: CMD ["program", "argument"]`},
		"options alone":     {`"/bin/bash", "-l"`, `"/bin/bash", "-l"`, "bash", `name the program in the place of the shell, in exec form: CMD ["program", "argument"]`},
		"no command at all": {`"sh", "-c"`, "", "sh", `name the program in the place of the shell, in exec form: CMD ["program", "argument"]`},
		"empty command":     {`"sh", "-c", " ; "`, "", `sh -c " ; "`, stopSignal.Fix},
	} {
		for _, exit := range []string{"", `"exit": {"code": -1, "signal": "SIGTERM"}, `} {
			text := `{"args": [` + c.args + `], "stop": {"signal": "SIGTERM", "number": 15, "name": "sh", "program": "sh", ` + exit + `"command": [` + c.command + `]}}`
			findings := checks.Run([]checks.Check[*Run]{stopSignal}, example(t, text))[0].Findings
			if len(findings) != 1 || !strings.Contains(findings[0].Message, "a shell ("+c.shell+")") || findings[0].Fix != c.fix {
				t.Errorf("%s: got %+v, want the shell %s, and %s", name, findings, c.shell, c.fix)
			}
		}
	}
}
