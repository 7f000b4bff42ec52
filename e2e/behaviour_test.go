package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// behaviour is an image, and what the run gate has to find when it runs.
type behaviour struct {
	name string
	// habit is what testdata/behaviour is started with; dockerfile is the whole
	// Dockerfile, where that is another program.
	habit, dockerfile string
	// lines are put in the place of those of the same instruction, or at the end.
	lines []string
	args  []string
	// want are the findings, as in "fail runtime/start", sorted.
	want []string
	// says is a part of their texts.
	says string
	// process1 is whether the image runs as the real process 1, too, which has to stop
	// as the gate says.
	process1 bool
}

const behaviourDockerfile = `FROM scratch
COPY behaviour /behaviour
USER 65532:65532
EXPOSE 8080
LABEL io.imagegate.slow-path=/slow
HEALTHCHECK --interval=1s --timeout=3s --retries=2 CMD ["/behaviour", "-check=http://127.0.0.1:8080/health"]
ENTRYPOINT ["/behaviour", "-habit=%s"]
`

const shellDockerfile = `FROM debian:bookworm-slim
COPY behaviour /behaviour
USER 65532:65532
EXPOSE 8080
HEALTHCHECK --interval=1s --timeout=3s --retries=2 CMD ["/behaviour", "-check=http://127.0.0.1:8080/health"]
`

const nodeDockerfile = `FROM node:20.20.2-bookworm-slim
COPY <<EOF /app/main.js
const server = require("http").createServer((req, res) => {
	res.flushHeaders();
	setTimeout(() => res.end("ok\\n"), req.url === "/slow" ? 1500 : 0);
});
server.listen(8080);
%s
EOF
USER 65532:65532
EXPOSE 8080
LABEL io.imagegate.slow-path=/slow
HEALTHCHECK --interval=1s --timeout=3s --retries=2 CMD ["node", "-e", "fetch('http://127.0.0.1:8080/').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/main.js"]
`

const pythonDockerfile = `FROM python:3.12.1-slim-bookworm
COPY <<EOF /app/main.py
import http.server, signal, sys, threading
http.server.SimpleHTTPRequestHandler.log_message = lambda *_: None
http.server.ThreadingHTTPServer.handle_error = lambda *_: None # a client that gave up while it was frozen
server = http.server.ThreadingHTTPServer(("", 8080), http.server.SimpleHTTPRequestHandler)
%s
server.serve_forever()
EOF
USER 65532:65532
WORKDIR /app
EXPOSE 8080
HEALTHCHECK --interval=1s --timeout=3s --retries=2 CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/', timeout=2)"]
ENTRYPOINT ["python", "/app/main.py"]
`

var behaviours = []behaviour{
	{name: "well behaved", process1: true},
	{name: "ignores SIGTERM", process1: true, habit: "ignores SIGTERM", args: []string{"--grace-period=3s"}, want: []string{"fail runtime/stop-signal"}, says: "was still there 3s"},
	{name: "no handler", process1: true, habit: "no handler", args: []string{"--grace-period=3s"}, want: []string{"fail runtime/stop-signal"}, says: "does not handle SIGTERM"},
	{name: "drops requests in flight", process1: true, habit: "drops requests", want: []string{"fail runtime/requests-in-flight"}, says: "was not answered"},
	{name: "drains late", process1: true, habit: "drains late", want: []string{"warn runtime/requests-in-flight"}, says: "new connections were accepted until"},
	{name: "exits 143", process1: true, habit: "exits 143"},
	{name: "exits 1 on stop", process1: true, habit: "exits 1", want: []string{"warn runtime/stop-signal"}, says: "exited with status 1"},
	{name: "double fork", process1: true, habit: "forks twice", want: []string{"warn runtime/stop-signal"}, says: "left others behind"},
	{name: "zombies", habit: "never waits", want: []string{"warn runtime/zombies"}},
	{name: "memory", habit: "takes memory", args: []string{"--max-memory=200MB"}, want: []string{"fail runtime/resources"}, says: "memory"},
	{name: "log flood", habit: "floods", want: []string{"warn runtime/logs"}, says: "1 of 5000001 lines"},
	{name: "secret in the output", habit: "tells its secret", args: []string{"--secret-env=env:API_TOKEN"}, want: []string{"fail runtime/secrets-in-output"}, says: "API_TOKEN"},
	{
		name:  "healthcheck hangs",
		lines: []string{`HEALTHCHECK --interval=1s --timeout=1s --retries=2 CMD ["/behaviour", "-check=never"]`},
		want:  []string{"fail runtime/healthcheck"}, says: "still running at its timeout of 1s",
	},
	{
		name:  "healthcheck that is always true",
		lines: []string{`HEALTHCHECK --interval=1s --timeout=1s --retries=2 CMD ["/behaviour", "-check=always"]`},
		want:  []string{"fail runtime/healthcheck-frozen"},
	},
	{
		name:  "healthcheck by a curl that is not there",
		lines: []string{`HEALTHCHECK --interval=1s --timeout=1s --retries=2 CMD ["curl", "-f", "http://127.0.0.1:8080/health"]`},
		want:  []string{"fail runtime/healthcheck"}, says: "curl is in no directory of PATH",
	},
	{name: "flaky, then fine", habit: "flaky", lines: []string{`HEALTHCHECK --interval=1s --timeout=3s --retries=5 CMD ["/behaviour", "-check=http://127.0.0.1:8080/health"]`}},
	{name: "root that drops its privileges", habit: "drops root", lines: []string{"USER 0"}, want: []string{"fail runtime/user"}, says: "until it becomes uid 65532"},
	{
		name: "set-user-ID program", habit: "starts a set-user-ID program",
		lines: []string{"COPY --chown=2000:2000 --chmod=4755 behaviour /spool"},
		want:  []string{"warn runtime/setuid", "warn runtime/stop-signal"}, says: "was started by uid 65532 and runs as uid 2000",
	},
	{name: "listens on loopback only", lines: []string{`CMD ["-listen=127.0.0.1:8080"]`}, want: []string{"fail runtime/ports"}, says: "127.0.0.1"},
	{
		name: "another port",
		lines: []string{
			`CMD ["-listen=:9090"]`, "LABEL io.imagegate.slow-path=",
			`HEALTHCHECK --interval=1s --timeout=3s --retries=2 CMD ["/behaviour", "-check=http://127.0.0.1:9090/health"]`,
		},
		want: []string{"warn runtime/ports", "warn runtime/ports"}, says: "9090",
	},
	{name: "writes into /app", habit: "writes", lines: []string{"COPY --chown=65532:65532 behaviour /app/"}, want: []string{"warn runtime/read-only-rootfs"}, says: "/app"},
	{name: "deletes a file", habit: "deletes", lines: []string{"COPY --chown=65532:65532 behaviour /app/"}, want: []string{"warn runtime/read-only-rootfs"}, says: "/app (behaviour)"},
	{name: "changes a file's mode", habit: "changes a mode", lines: []string{"COPY --chown=65532:65532 behaviour /app/"}, want: []string{"warn runtime/read-only-rootfs"}, says: "/app (behaviour)"},
	{name: "logs into a file", habit: "logs into a file", lines: []string{"COPY --chown=65532:65532 behaviour /app/"}, want: []string{"warn runtime/log-files"}, says: "/app/service.log"},
	{
		name: "missing variable ignored", lines: []string{"LABEL io.imagegate.required=API_URL"}, args: []string{"--env=API_URL=http://api"},
		want: []string{"fail runtime/required-variable"}, says: "API_URL",
	},
	{name: "missing variable refused", habit: "needs API_URL", args: []string{"--env=API_URL=http://api", "--required=API_URL"}},
	{name: "crashes after 2 s", habit: "crashes", lines: []string{"HEALTHCHECK NONE"}, want: []string{"fail runtime/start"}, says: "exited with status 2"},
	{
		name: "shell form with a second command", process1: true,
		dockerfile: shellDockerfile + "CMD /behaviour; echo stopped\n", args: []string{"--grace-period=3s"},
		want: []string{"fail runtime/stop-signal"}, says: "shell",
	},
	{
		name: "sh -c with &&", process1: true,
		dockerfile: shellDockerfile + `CMD ["sh", "-c", "echo starting && /behaviour && echo stopped"]` + "\n", args: []string{"--grace-period=3s"},
		want: []string{"fail runtime/stop-signal"}, says: "shell",
	},
	{
		name: "script without exec", process1: true,
		dockerfile: shellDockerfile + `COPY --chmod=755 <<"EOF" /docker-entrypoint.sh
#!/bin/sh
set -eu
"$@"
EOF
ENTRYPOINT ["/docker-entrypoint.sh"]
CMD ["/behaviour"]
`, args: []string{"--grace-period=3s"},
		want: []string{"fail runtime/stop-signal"}, says: "a shell (sh /docker-entrypoint.sh)",
	},
	{name: "sh -c with exec", process1: true, dockerfile: shellDockerfile + `CMD ["sh", "-c", "echo starting && exec /behaviour"]` + "\n"},
	{
		name: "Node.js without a handler", process1: true,
		dockerfile: fmt.Sprintf(nodeDockerfile, ""), args: []string{"--grace-period=3s"},
		want: []string{"fail runtime/stop-signal"}, says: "does not handle SIGTERM",
	},
	{name: "Node.js that closes its server", process1: true, dockerfile: fmt.Sprintf(nodeDockerfile, `process.on("SIGTERM", () => server.close(() => process.exit(0)));`)},
	{
		name: "Python without a handler", process1: true,
		dockerfile: fmt.Sprintf(pythonDockerfile, ""), args: []string{"--grace-period=3s"},
		want: []string{"fail runtime/stop-signal"}, says: "does not handle SIGTERM",
	},
	{
		name: "Python that shuts its server down", process1: true,
		dockerfile: fmt.Sprintf(pythonDockerfile, `signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())`),
	},
	{
		// As an init does: it has no handler, and gets the signal all the same.
		name: "Python that waits for the signal", process1: true,
		dockerfile: fmt.Sprintf(pythonDockerfile, `signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
threading.Thread(target=lambda: (signal.sigwait({signal.SIGTERM}), server.shutdown())).start()`),
	},
}

// TestBehaviours runs images of applications that each do one thing, good or bad,
// and wants exactly the findings that it is about. Where the application is the real
// process 1, without the probe, it has to stop as they say.
func TestBehaviours(t *testing.T) {
	t.Parallel()
	program, imagegate := behaviourProgram(t), serveModule(t, "API_TOKEN=horse-battery-staple")
	for _, b := range behaviours {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			b.test(t, imagegate, program)
		})
	}
}

// TestForkBomb stands alone: it leaves little of the machine to other tests.
func TestForkBomb(t *testing.T) {
	bomb := behaviour{habit: "fork bomb", args: []string{"--max-processes=100"}, want: []string{"fail runtime/resources"}, says: "limit of 100"}
	bomb.test(t, serveModule(t), behaviourProgram(t))
}

// test runs the image, and judges what the gate says of it.
func (b behaviour) test(t *testing.T, imagegate *module, program []byte) {
	t.Helper()
	source := b.source(t, program)
	out := b.run(t, imagegate, source)
	table := out.stdout + out.stderr
	got := findings(table)
	if !slices.Equal(got, b.want) || !strings.Contains(table, "runtime/user ") {
		t.Errorf("found %q, want %q\n%s", got, b.want, out)
	}
	if !strings.Contains(messages(table), b.says) {
		t.Errorf("the table does not say %q\n%s", b.says, out)
	}
	if strings.Contains(table, "horse-battery-staple") {
		t.Errorf("the secret is in the table")
	}
	if !b.process1 {
		return
	}
	path := ""
	if strings.Contains(b.file(), "slow-path=/slow") {
		path = "/slow"
	}
	real := stopProcess1(t, imagegate.session, source, path)
	if ends := !stays.MatchString(messages(table)); real.ended != ends {
		t.Errorf("that it ends by itself is %t by the gate, and %t of the real process 1\n%s", ends, real.ended, out)
	}
	answers := !slices.Contains(got, "fail runtime/requests-in-flight")
	if path != "" && !unasked.MatchString(table) && real.answered != answers {
		t.Errorf("that the request in flight is answered is %t by the gate, and %t of the real process 1\n%s", answers, real.answered, out)
	}
}

var (
	repeat = flag.Int("repeat", 5, "how many times TestSameVerdict runs each image")
	busy   = flag.Int("busy", 0, "how many processes that do nothing TestSameVerdict keeps running meanwhile")
)

// TestSameVerdict runs the same images again and again, several at a time, and wants
// the same findings each time. Fifty times on a busy machine:
//
//	go test -run=TestSameVerdict -count=1 -timeout=60m . -repeat=50 -busy=8
func TestSameVerdict(t *testing.T) {
	t.Parallel()
	program, imagegate := behaviourProgram(t), serveModule(t)
	for range *busy {
		loop := exec.Command("sh", "-c", "while :; do :; done")
		if err := loop.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = loop.Process.Kill()
			_ = loop.Wait()
		})
	}
	for _, name := range []string{"well behaved", "drops requests in flight", "no handler", "crashes after 2 s"} {
		b := behaviours[slices.IndexFunc(behaviours, func(b behaviour) bool { return b.name == name })]
		source := b.source(t, program)
		for i := range *repeat {
			t.Run(fmt.Sprintf("%s/%d", name, i+1), func(t *testing.T) {
				t.Parallel()
				out := b.run(t, imagegate, source)
				if got := findings(out.stdout + out.stderr); !slices.Equal(got, b.want) || !strings.Contains(out.String(), "runtime/user ") {
					t.Errorf("found %q, want %q\n%s", got, b.want, out)
				}
			})
		}
	}
}

// behaviourProgram builds testdata/behaviour, and returns it.
func behaviourProgram(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "behaviour")
	run(t, ".", []string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, "./testdata/behaviour").succeed(t)
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// source returns a directory from which the image is built.
func (b behaviour) source(t *testing.T, program []byte) string {
	t.Helper()
	source := t.TempDir()
	write(t, filepath.Join(source, "Dockerfile"), b.file())
	if err := os.WriteFile(filepath.Join(source, "behaviour"), program, 0o755); err != nil {
		t.Fatal(err)
	}
	return source
}

// run runs the gate.
func (b behaviour) run(t *testing.T, imagegate *module, source string) result {
	t.Helper()
	return imagegate.call(t, slices.Concat(b.args, []string{"run", "--source=" + source})...)
}

var (
	// stays is what the gate says of one that has to be killed.
	stays = regexp.MustCompile(`was still there|the end of the grace period`)
	// unasked is what it says where there was no request, or nothing to say of it.
	unasked = regexp.MustCompile(`(?m)^skipped\s+runtime/requests-in-flight`)
)

// findings returns those of a table, as in "fail runtime/start", sorted.
func findings(table string) []string {
	var found []string
	for _, m := range finding.FindAllStringSubmatch(table, -1) {
		found = append(found, m[1]+" "+m[2])
	}
	slices.Sort(found)
	return found
}

// finding is a line of the table that is neither of a check that passed nor of one
// that was skipped.
var finding = regexp.MustCompile(`(?m)^(fail|warn|error)\s+(\S+)`)

// file returns the Dockerfile of an image.
func (b behaviour) file() string {
	if b.dockerfile != "" {
		return b.dockerfile
	}
	lines := strings.SplitAfter(fmt.Sprintf(behaviourDockerfile, b.habit), "\n")
	for _, line := range b.lines {
		keyword, _, _ := strings.Cut(line, " ")
		at := slices.IndexFunc(lines, func(old string) bool { return keyword != "COPY" && strings.HasPrefix(old, keyword+" ") })
		if at < 0 {
			lines = append(lines, line+"\n")
		} else {
			lines[at] = line + "\n"
		}
	}
	return strings.Join(lines, "")
}

// messages returns what a table says of what was found, without its other columns.
func messages(table string) string {
	var words []string
	from, to := -1, -1
	for line := range strings.Lines(table) {
		switch {
		case strings.HasPrefix(line, "STATUS "):
			from, to = strings.Index(line, "WHAT"), strings.Index(line, "FIX")
			if to < 0 {
				to = len(line)
			}
		case strings.TrimSpace(line) == "":
			from = -1
		case from >= 0 && len(line) > from:
			words = append(words, strings.Fields(cell(line, from, to))...)
		}
	}
	return strings.Join(words, " ")
}
