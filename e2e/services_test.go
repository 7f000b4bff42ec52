package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// edit replaces a text in a file of a copy of an example.
func edit(t *testing.T, file, old, with string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s has no %q", file, old)
	}
	write(t, file, strings.ReplaceAll(string(text), old, with))
}

// results are those of the run gate, by their check.
func (d document) results(gate string) map[string]string {
	found := map[string]string{}
	for _, g := range d.Gates {
		if g.Name == gate {
			for _, r := range g.Results {
				found[r.Check] = r.Status
			}
		}
	}
	return found
}

// TestComposeWithPostgreSQLAndRedis judges an application that does not work
// without either, with no more than the name of its Compose file.
func TestComposeWithPostgreSQLAndRedis(t *testing.T) {
	t.Parallel()
	doc := report(t, "--compose=compose.yaml", "report", "--source=examples/orders-api")
	if doc.Verdict != "passed" {
		t.Errorf("blocked by %v", doc.Blocked)
	}
	for check, status := range doc.results("run") {
		if status != "pass" {
			t.Errorf("%s is %s", check, status)
		}
	}
	out := dagger(t, "call", "run", "--source=examples/orders-api")
	if blocked := out.blocked(t); !slices.Equal(blocked, []string{"runtime/start"}) || !strings.Contains(out.stderr, "DATABASE_URL must be set") || !strings.Contains(out.stderr, "--compose=compose.yaml") {
		t.Errorf("without them it is blocked by %v\n%s", blocked, out)
	}
}

func TestServiceThatIsNeverHealthy(t *testing.T) {
	t.Parallel()
	source := copyExample(t, "orders-api")
	edit(t, filepath.Join(source, "compose.yaml"), `["CMD", "redis-cli", "ping"]`, `["CMD", "redis-cli", "-p", "1", "ping"]`)
	out := shareModule(t).call(t, "--compose=compose.yaml", "--start-timeout=30s", "run", "--source="+source)
	if blocked := out.blocked(t); !slices.Contains(blocked, "runtime/start") {
		t.Errorf("blocked by %v", blocked)
	}
	text := strings.Join(strings.Fields(out.stderr), " ")
	for _, says := range []string{"error runtime/start", "the service cache did not turn healthy within 30s", "Could not connect to Redis at 127.0.0.1:1", "--start-timeout"} {
		if !strings.Contains(text, says) {
			t.Errorf("the table does not say %q", says)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

func TestServiceThatEnds(t *testing.T) {
	t.Parallel()
	source := copyExample(t, "orders-api")
	edit(t, filepath.Join(source, "compose.yaml"), "POSTGRES_HOST_AUTH_METHOD: trust", "POSTGRES_HOST_AUTH_METHOD: scram-sha-256")
	out := shareModule(t).call(t, "--compose=compose.yaml", "run", "--source="+source)
	out.blocked(t)
	if text := strings.Join(strings.Fields(out.stderr), " "); !strings.Contains(text, "the service db exited with status 1 before it was ready") {
		t.Errorf("the table does not say why\n%s", out)
	}
}

// TestServicesOfTheCaller takes Redis once from an image, and once from a server on
// this machine, in the place of the Compose file's.
func TestServicesOfTheCaller(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"image":   {"--service=cache=redis:7.0.15-bookworm"},
		"machine": {"--bind=tcp://" + respServer(t), "--bind-as=cache"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "machine" {
				_, port, _ := net.SplitHostPort(strings.TrimPrefix(args[0], "--bind=tcp://"))
				args = append(args, "--env=REDIS_URL=redis://cache:"+port+"/0")
			}
			out := dagger(t, append(append([]string{"call", "--compose=compose.yaml"}, args...), "run", "--source=examples/orders-api")...).succeed(t)
			if !strings.Contains(out.stdout, "runtime/healthcheck ") {
				t.Errorf("%s", out)
			}
		})
	}
}

// respServer is enough of Redis for a client to connect, and to subscribe. It
// returns its address.
func respServer(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				commands := bufio.NewReader(conn)
				for {
					words, err := readCommand(commands)
					if err != nil {
						return
					}
					answer := "-ERR unknown command\r\n"
					switch strings.ToLower(words[0]) {
					case "ping":
						answer = "+PONG\r\n"
					case "subscribe":
						answer = fmt.Sprintf("*3\r\n$9\r\nsubscribe\r\n$%d\r\n%s\r\n:1\r\n", len(words[1]), words[1])
					}
					if _, err := io.WriteString(conn, answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// readCommand reads a command as clients of Redis write it: *2\r\n$4\r\nPING\r\n…
func readCommand(r *bufio.Reader) ([]string, error) {
	number := func(kind string) (int, error) {
		line, err := r.ReadString('\n')
		if err != nil {
			return 0, err
		}
		return strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, kind)))
	}
	count, err := number("*")
	if err != nil || count < 1 {
		return nil, fmt.Errorf("no command: %w", err)
	}
	var words []string
	for range count {
		length, err := number("$")
		if err != nil {
			return nil, err
		}
		word := make([]byte, length+len("\r\n"))
		if _, err := io.ReadFull(r, word); err != nil {
			return nil, err
		}
		words = append(words, string(word[:length]))
	}
	return words, nil
}

// TestSecrets gives an application a secret, which it keeps, and then prints. What
// is reported holds the value in neither case.
func TestSecrets(t *testing.T) {
	t.Parallel()
	const value = "s3cr3t-of-this-test"
	secret := []string{"API_TOKEN_OF_TEST=" + value}
	run := func(source string) result {
		return daggerIn(t, root, secret, "call", "--secret-env=env:API_TOKEN_OF_TEST", "--secret-env-name=API_TOKEN", "run", "--source="+source)
	}
	kept := run("examples/go-api").succeed(t)
	source := copyExample(t, "go-api")
	edit(t, filepath.Join(source, "main.go"), "	var err error\n	switch", "	fmt.Println(\"configured with\", os.Environ())\n	var err error\n	switch")
	printed := run(source)
	if blocked := printed.blocked(t); !slices.Equal(blocked, []string{"runtime/secrets-in-output"}) || !strings.Contains(printed.stderr, "API_TOKEN") {
		t.Errorf("blocked by %v\n%s", blocked, printed)
	}
	for _, out := range []result{kept, printed} {
		if strings.Contains(out.String(), value) {
			t.Errorf("the value is in the report\n%s", out)
		}
	}
	// A number that the probe's document is full of.
	out := daggerIn(t, root, []string{"PORT=8080"}, "call", "--secret-env=env:PORT", "run", "--source=examples/go-api")
	if blocked := out.blocked(t); !slices.Equal(blocked, []string{"runtime/secrets-in-output"}) {
		t.Errorf("blocked by %v\n%s", blocked, out)
	}
}

// TestRequiredVariables has an application that starts without a variable that it
// is said to require, and one that refuses to.
func TestRequiredVariables(t *testing.T) {
	t.Parallel()
	ignores := shareModule(t).call(t, "--required=GREETING", "--env=GREETING=hello", "run", "--source=examples/go-api")
	if blocked := ignores.blocked(t); !slices.Equal(blocked, []string{"runtime/required-variable"}) || !strings.Contains(ignores.stderr, "GREETING") {
		t.Errorf("blocked by %v\n%s", blocked, ignores)
	}
	source := copyExample(t, "go-api")
	edit(t, filepath.Join(source, "main.go"), "	var err error\n	switch", "	if os.Getenv(\"GREETING\") == \"\" {\n		fmt.Fprintln(os.Stderr, \"GREETING must be set\")\n		os.Exit(1)\n	}\n	var err error\n	switch")
	out := dagger(t, "call", "--required=GREETING", "--env=GREETING=hello", "run", "--source="+source).succeed(t)
	if !strings.Contains(out.stdout, "ends without GREETING") {
		t.Errorf("%s", out)
	}
}
