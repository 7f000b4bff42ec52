package e2e

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// mirror is the registry beside the native engine, as the engine reaches it.
const mirror = "127.0.0.1:5000"

// TestBrokenScanner runs verify with scanners that break each in its own way:
// none may read as a pass.
func TestBrokenScanner(t *testing.T) {
	t.Parallel()
	for what, script := range map[string]string{
		"killed":        "kill -KILL $$",
		"silent":        "exit 0",
		"garbage":       `while [ $# -gt 0 ]; do [ "$1" = --output ] && echo 'Segmentation fault' > "$2"; shift; done`,
		"half a report": `while [ $# -gt 0 ]; do [ "$1" = --output ] && printf '{"SchemaVersion": 2, "Results": [' > "$2"; shift; done`,
		"another tool":  `while [ $# -gt 0 ]; do [ "$1" = --output ] && echo '{}' > "$2"; shift; done`,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			imagegate, image := shareModule(t), mirror+"/imagegate/scanner-"+strings.ReplaceAll(what, " ", "-")+":1"
			// The database is fetched by a scanner that works.
			database := filepath.Join(t.TempDir(), "database")
			// 493 is 0755.
			const publish = `{ container { from(address: "debian:bookworm-slim") { withNewFile(path: "/usr/local/bin/trivy", contents: %q, permissions: 493) { publish(address: %q) } } } }`
			if err := imagegate.query(t.Context(), new(any), publish, "#!/bin/sh\n"+script+"\n", image); err != nil {
				t.Fatal(err)
			}
			writeDatabase(t, database, fresh)
			out := imagegate.call(t, "--scanner-image="+image, "--database="+database, "verify", "--source="+app)
			blocked := out.blocked(t)
			for _, check := range []string{"vuln/scanner", "vuln/secret", "vuln/vulnerability"} {
				if !slices.Contains(blocked, check) {
					t.Errorf("not blocked by %s", check)
				}
			}
			if i := slices.IndexFunc(blocked, func(id string) bool { return !strings.HasPrefix(id, "vuln/") }); i >= 0 {
				t.Errorf("blocked by %s", blocked[i])
			}
			if !strings.Contains(out.stderr, "\nerror ") {
				t.Errorf("no row of the table says error\n%s", out)
			}
		})
	}
}

func TestScannerThatIsNotThere(t *testing.T) {
	t.Parallel()
	out := shareModule(t).call(t, "--scanner-image="+mirror+"/imagegate/no-such-scanner:1", "verify", "--source="+app)
	blocked := out.blocked(t)
	if !slices.Contains(blocked, "vuln/vulnerability") || slices.Contains(blocked, "vuln/sarif") || !out.contains("--scanner-image names the image in a registry") {
		t.Errorf("blocked by %v\n%s", blocked, out)
	}
}

func TestOldDatabase(t *testing.T) {
	t.Parallel()
	database := filepath.Join(t.TempDir(), "database")
	writeDatabase(t, database, old)
	out := shareModule(t).call(t, "--database="+database, "verify", "--source="+app)
	if got := strings.Join(out.blocked(t), " "); got != "vuln/database" {
		t.Errorf("blocked by %s\n%s", got, out)
	}
}

func TestDatabaseGivenAsADirectory(t *testing.T) {
	t.Parallel()
	database := filepath.Join(t.TempDir(), "database")
	writeDatabase(t, database, fresh)
	out := dagger(t, "call", "--database="+database, "scan", "--source="+app).succeed(t)
	if !strings.Contains(out.stdout, "directory given with --database") {
		t.Errorf("the table does not name the database\n%s", out)
	}
}

// patience is how long the dagger command may go on trying to reach an engine
// that is gone before the test interrupts it, as a user would.
const patience = 20 * time.Second

// TestEngineThatGoesAway breaks the connection to the engine under a running
// verify.
func TestEngineThatGoesAway(t *testing.T) {
	t.Parallel()
	dagger(t, "version").succeed(t) // the engine is up
	line := tap(t, engineSocket())
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	source := relabelled(t, time.Now().String()) // one that no verify has passed yet
	cmd := exec.CommandContext(ctx, nativeDagger(t), "--progress=plain", "call", "verify", "--source="+source)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "_EXPERIMENTAL_DAGGER_RUNNER_HOST=unix://"+line.socket, "DAGGER_NO_NAG=1", "DO_NOT_TRACK=1")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stdout strings.Builder
	cmd.Stdout = &stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cut := false
	lines := bufio.NewScanner(stderr)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if !cut && strings.Contains(lines.Text(), "gate: ") {
			cut = true
			line.cut()
			interrupt := time.AfterFunc(patience, func() { _ = cmd.Process.Signal(os.Interrupt) })
			defer interrupt.Stop()
			kill := time.AfterFunc(2*patience, func() { _ = cmd.Process.Kill() })
			defer kill.Stop()
		}
	}
	if err := cmd.Wait(); err == nil || strings.Contains(stdout.String(), "verdict  passed") {
		t.Errorf("verify ended with %v and printed\n%s", err, stdout.String())
	}
	if !cut {
		t.Error("verify ended before a gate was seen running")
	}
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	imagegate, empty := serveModule(t), t.TempDir()
	for _, c := range []struct {
		name, says string
		args       []string
	}{
		{"no Dockerfile", "--dockerfile", []string{"lint", "--source=" + empty}},
		{"no such stage", "builder", []string{"--target=nowhere", "lint", "--source=" + app}},
		{"size", "--max-size", []string{"--max-size=much", "lint", "--source=" + app}},
		{"duration", "--grace-period", []string{"--grace-period=soon", "lint", "--source=" + app}},
		{"build argument", "--build-arg", []string{"--build-arg=NAME", "lint", "--source=" + app}},
		{"variable", "--env", []string{"--env=NAME", "run", "--source=" + app}},
		{"required variable", "--required", []string{"--required=my-variable", "lint", "--source=" + app}},
		{"names of secrets", "--secret-env-name", []string{"--secret-env-name=TOKEN", "lint", "--source=" + app}},
		{"secret without a name", "--secret-env-name", []string{"--secret-env=env:not-a-name", "run", "--source=" + app}},
		{"service without an image", "--service", []string{"--service=db", "lint", "--source=" + app}},
		{"service that runs", "--bind=tcp://localhost:5432 --bind-as=db", []string{"--service=db=tcp://localhost:5432", "lint", "--source=" + app}},
		{"bound without a name", "--bind-as", []string{"--bind=tcp://localhost:5432", "lint", "--source=" + app}},
		{"no such Compose file", "--compose", []string{"--compose=missing.yaml", "run", "--source=" + app}},
		{"service of no Compose file", "--compose", []string{"--compose-service=app", "lint", "--source=" + app}},
		{"path", "--slow-path", []string{"--slow-path=slow", "lint", "--source=" + app}},
		{"directory", "--tmpfs", []string{"--tmpfs=tmp", "lint", "--source=" + app}},
		{"no such scanner", "--sarif", []string{"--scanner=snyk", "lint", "--source=" + app}},
		{"Scout without an account", "--scout-token", []string{"--scanner=scout", "lint", "--source=" + app}},
		{"no such severity", `--severity-threshold="bad"`, []string{"--severity-threshold=bad", "lint", "--source=" + app}},
		{"no such format", "--format", []string{"sbom", "--source=" + app, "--format=table"}},
		{"memory", "--max-memory", []string{"--max-memory=much", "lint", "--source=" + app}},
		{"address without a tag", "names no tag", []string{"publish", "--source=" + app, "--address=registry.example.com/app"}},
		{"half a login", "--registry-password", []string{"publish", "--source=" + app, "--address=registry.example.com/app:1", "--registry-username=me"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out := imagegate.call(t, c.args...)
			if out.code == 0 || !strings.Contains(out.stderr, c.says) {
				t.Errorf("status %d, without %q\n%s", out.code, c.says, out)
			}
		})
	}
}

func TestBuildThatFails(t *testing.T) {
	t.Parallel()
	source := copyExample(t, "go-api")
	dockerfile := filepath.Join(source, "Dockerfile")
	text, err := os.ReadFile(dockerfile)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dockerfile, strings.Replace(string(text), "RUN ", "RUN echo the reason >&2; exit 7\nRUN ", 1))
	out := shareModule(t).call(t, "verify", "--source="+source)
	if got := strings.Join(out.blocked(t), " "); got != "build/image" {
		t.Errorf("blocked by %s", got)
	}
	for _, says := range []string{"7: the reason", "image skipped", "scan skipped", "run skipped"} {
		if !strings.Contains(out.stderr, says) {
			t.Errorf("the table lacks %q", says)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}
