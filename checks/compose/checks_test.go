package compose

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func example(t testing.TB, text string) fs.FS {
	t.Helper()
	files, err := dockerfile.ExampleFile(text, DefaultFile)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// run judges the Compose files of an example by one check.
func run(t testing.TB, check Check, text string) checks.Result {
	t.Helper()
	return Run([]Check{check}, example(t, text), dockerfile.Options{})[0]
}

// Run judges the Compose files of a source by a list of checks.
func Run(list []Check, files fs.FS, options dockerfile.Options) []checks.Result {
	p, err := Load(files, options)
	return Judge(list, p, err)
}

// refused is a file system that has a file, which nobody may read.
type refused struct {
	fs.FS
	name string
}

func (r refused) Open(name string) (fs.File, error) {
	if name == r.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return r.FS.Open(name)
}

func TestUnreadable(t *testing.T) {
	files := refused{example(t, "services:\n  app:\n    image: a:1\n"), DefaultFile}
	list := []Check{imageTag, valid, secret}
	for _, res := range Run(list, files, dockerfile.Options{}) {
		var located *checks.FileError
		switch {
		case res.Check != valid.ID:
			if res.Status != checks.Skipped || !strings.Contains(res.Detail, valid.ID) {
				t.Errorf("%s: %s %s", res.Check, res.Status, res.Detail)
			}
		case res.Status != checks.Error, !errors.As(res.Err, &located), located.Location.Path != DefaultFile, located.Fix == "":
			t.Errorf("%s: %s %s %v", res.Check, res.Status, res.Detail, located)
		}
	}
	if results := Run([]Check{secret}, files, dockerfile.Options{}); len(results) != 2 {
		t.Errorf("a list without %s hides that nothing could be judged: %v", valid.ID, results)
	}
}

// judgement is what one check says of a Compose file or an archive: the status,
// and "SEVERITY path:line:column: part of the message" of each finding.
type judgement struct {
	text     string
	findings []string
}

func judgeAll(t *testing.T, check Check, tests map[string]judgement) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			res := run(t, check, test.text)
			if res.Status == checks.Error || res.Status == checks.Skipped {
				t.Fatalf("%s: %s", res.Status, res.Detail)
			}
			if len(res.Findings) != len(test.findings) {
				t.Fatalf("%d findings, want %d: %+v", len(res.Findings), len(test.findings), res.Findings)
			}
			for i, want := range test.findings {
				f := res.Findings[i]
				severity, rest, _ := strings.Cut(want, " ")
				place, message, _ := strings.Cut(rest, ": ")
				if got := f.Location.String(); got != place || string(f.Severity) != severity || !strings.Contains(f.Message, message) {
					t.Errorf("got %s %s: %s\nwant %s", f.Severity, got, f.Message, want)
				}
				if f.Fix == "" {
					t.Errorf("%s: no fix", want)
				}
			}
		})
	}
}

func TestExamples(t *testing.T) {
	for _, check := range All() {
		t.Run(check.ID, func(t *testing.T) {
			if res := run(t, check, check.Good); res.Status != checks.Pass {
				t.Errorf("good example: %s %s %+v", res.Status, res.Detail, res.Findings)
			}
			res := run(t, check, check.Bad)
			if want := check.Severity.Status(); res.Status != want {
				t.Errorf("bad example: %s %s %+v, want %s", res.Status, res.Detail, res.Findings, want)
			}
			for _, f := range res.Findings {
				if f.Location.Line < 1 || f.Location.Column < 1 {
					t.Errorf("finding without a place: %+v", f)
				}
			}
		})
	}
}

// TestExamplesAreValid wants examples that Compose would take, other than those of
// compose/valid.
func TestExamplesAreValid(t *testing.T) {
	for _, check := range All() {
		for _, text := range []string{check.Good, check.Bad} {
			if res := run(t, valid, text); check.ID != valid.ID && res.Status != checks.Pass {
				t.Errorf("%s: %+v", check.ID, res.Findings)
			}
		}
	}
}

// article is the Compose file for development of "Docker Best Practices for
// Production Applications", with a Dockerfile as it has them.
const article = `
-- docker-compose.yml --
services:
  app:
    build:
      context: .
      target: builder  # Use builder stage for dev
    volumes:
      - .:/app          # Hot reload
      - /app/node_modules  # Don't override deps
    ports:
      - "3000:3000"
    environment:
      - NODE_ENV=development
    depends_on:
      db:
        condition: service_healthy
      redis:
        condition: service_healthy

  db:
    image: postgres:16-alpine
    environment:
      POSTGRES_USER: devuser
      POSTGRES_PASSWORD: devpass
      POSTGRES_DB: myapp_dev
    volumes:
      - postgres_data:/var/lib/postgresql/data
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U devuser -d myapp_dev"]
      interval: 5s
      timeout: 5s
      retries: 5

  redis:
    image: redis:7-alpine
    healthcheck:
      test: ["CMD", "redis-cli", "ping"]
      interval: 5s
      timeout: 5s
      retries: 5

volumes:
  postgres_data:
-- Dockerfile --
FROM node:20-alpine AS builder
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build

FROM node:20-alpine AS production
WORKDIR /app
COPY --from=builder /app/dist ./dist
COPY --from=builder /app/node_modules ./node_modules
CMD ["node", "dist/main.js"]
-- package.json --
{}
`

func TestArticle(t *testing.T) {
	for _, res := range Run(All(), example(t, article), dockerfile.Options{}) {
		if res.Status != checks.Pass {
			t.Errorf("%s: %s %s %+v", res.Check, res.Status, res.Detail, res.Findings)
		}
	}
}

func TestNoComposeFile(t *testing.T) {
	for _, res := range Run(All(), example(t, "-- Dockerfile --\nFROM a\n"), dockerfile.Options{}) {
		if res.Status != checks.Skipped || res.Detail != noFiles {
			t.Errorf("%s: %s %s", res.Check, res.Status, res.Detail)
		}
	}
}

func BenchmarkAll(b *testing.B) {
	files := example(b, article)
	for b.Loop() {
		Run(All(), files, dockerfile.Options{})
	}
}
