package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// contains reports whether a table says what a pattern of words, with single spaces,
// says: it wraps its lines between words, and has other columns beside them.
func (r result) contains(words string) bool {
	return regexp.MustCompile(strings.Join(strings.Fields(words), `\s+(?:\S.*\n\s+)?`)).MatchString(r.stdout + r.stderr)
}

// TestImageWarnings has the image gate find what only warns.
func TestImageWarnings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, example string
		old, with     string            // in the Dockerfile
		files         map[string]string // that the source has, too
		args          []string
		row           string
		hides         string
	}{
		{
			"npm packages for development", "node-api", " && npm prune --omit=dev", "", nil, nil,
			`warn +image/dev-dependencies +/app +\d+ npm packages? for development`, "",
		},
		{
			// No list of tools has httpx, and the image has no pyproject.toml.
			"Python packages for development", "python-api", "\nFROM python:3.12.1-slim-bookworm AS production",
			"RUN pip --python /opt/venv/bin/python install --no-cache-dir httpx==0.28.1\n\nFROM python:3.12.1-slim-bookworm AS production",
			map[string]string{"pyproject.toml": "[dependency-groups]\ndev = [\"httpx\", \"pytest\"]\n"}, nil,
			`warn +image/dev-dependencies +/opt/venv/\S* +1 Python package for`, "",
		},
		{
			"build argument", "node-api", "AS production\n", "AS production\nARG REVISION\n", nil, []string{"--build-arg=REVISION=3f445c2e"},
			`warn +image/build-arguments +config.Env +REVISION, which the Dockerfile declares`, "3f445c2e",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			source := copyExample(t, c.example)
			edit(t, filepath.Join(source, "Dockerfile"), c.old, c.with)
			for name, text := range c.files {
				write(t, filepath.Join(source, name), text)
			}
			out := shareModule(t).call(t, slices.Concat(c.args, []string{"image", "--source=" + source})...).succeed(t)
			if !regexp.MustCompile(c.row).MatchString(out.stdout) {
				t.Errorf("the table has no row %q\n%s", c.row, out)
			}
			if c.hides != "" && strings.Contains(out.stdout, c.hides) {
				t.Errorf("the table tells the value\n%s", out)
			}
		})
	}
}

func TestBudgets(t *testing.T) {
	t.Parallel()
	image := func(t *testing.T, flag string) result {
		t.Helper()
		return shareModule(t).call(t, flag, "image", "--source=examples/go-api")
	}
	for flag, says := range map[string]string{
		"--max-compressed-size=1kB": `MB compressed, \S+ MB over the budget of 1\.0 kB`,
		"--max-layer-size=1kB":      `over the budget of 1\.0 kB for a layer`,
	} {
		t.Run(flag, func(t *testing.T) {
			t.Parallel()
			out := image(t, flag)
			if got := out.blocked(t); !slices.Equal(got, []string{"image/size"}) || !out.contains(says) {
				t.Errorf("blocked by %v, without %q\n%s", got, says, out)
			}
		})
	}
	t.Run("--max-layers", func(t *testing.T) {
		t.Parallel()
		out := image(t, "--max-layers=1").succeed(t)
		if !regexp.MustCompile(`warn +image/layers +\d+ layers, with a budget of 1`).MatchString(out.stdout) {
			t.Errorf("no warning\n%s", out)
		}
	})
}

// TestGrowth measures an image against the one before, which lacked a file.
func TestGrowth(t *testing.T) {
	t.Parallel()
	imagegate := shareModule(t)
	before := filepath.Join(t.TempDir(), "before.tar")
	dagger(t, "call", "build", "--source=examples/go-api", "as-tarball", "export", "--path="+before).succeed(t)
	source := copyExample(t, "go-api")
	edit(t, filepath.Join(source, "Dockerfile"), "ENTRYPOINT ", "COPY --from=builder /usr/local/go/bin/gofmt /opt/tools/gofmt\nENTRYPOINT ")
	out := imagegate.call(t, "--baseline="+before, "image", "--source="+source)
	if got := out.blocked(t); !slices.Equal(got, []string{"image/growth"}) || !out.contains("it grew by more than 10%; most of all /opt/tools/gofmt by") {
		t.Errorf("blocked by %v\n%s", got, out)
	}
	allowed := imagegate.call(t, "--baseline="+before, "--max-growth=500%", "image", "--source="+source).succeed(t)
	if !regexp.MustCompile(`pass +image/growth .*% of the baseline's`).MatchString(allowed.stdout) {
		t.Errorf("the growth is not told\n%s", allowed)
	}
	broken := filepath.Join(t.TempDir(), "broken.tar")
	if err := os.WriteFile(broken, []byte(strings.Repeat("garbage", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	unread := imagegate.call(t, "--baseline="+broken, "image", "--source="+source)
	if unread.blocked(t); !unread.contains("read the image of --baseline") {
		t.Errorf("a baseline that is no image\n%s", unread)
	}
}

func TestReproducible(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, run string
		differs   string // empty: the builds are the same
	}{
		{"the same", "echo always > /x", ""},
		{"the time it is told", "date --utc --date=@$SOURCE_DATE_EPOCH > /x", ""},
		{"random", "cat /proc/sys/kernel/random/uuid > /x", `differ in layer 2, /x: content: 37 B each, different from byte`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			source := t.TempDir()
			write(t, filepath.Join(source, "Dockerfile"), "FROM debian:bookworm-slim\nRUN "+c.run+"\n")
			out := shareModule(t).call(t, "reproducible", "--source="+source)
			switch {
			case c.differs == "" && (out.code != 0 || !strings.Contains(out.stdout, "two builds for linux/amd64 are the same")):
				t.Errorf("status %d\n%s", out.code, out)
			case c.differs != "" && (out.code == 0 || !strings.Contains(out.stderr, c.differs)):
				t.Errorf("status %d, without %q\n%s", out.code, c.differs, out)
			}
		})
	}
}
