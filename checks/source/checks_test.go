package source

import (
	"go/ast"
	goparser "go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func load(t testing.TB, text string, options dockerfile.Options) *dockerfile.Source {
	t.Helper()
	s, err := dockerfile.Load(example(t, text), options)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func example(t testing.TB, text string) fs.FS {
	t.Helper()
	files, err := dockerfile.Example(text)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// run judges a source by one check.
func run(t testing.TB, check Check, text string, options dockerfile.Options) checks.Result {
	t.Helper()
	return checks.Run([]Check{check}, load(t, text, options))[0]
}

// everyCheck are All and the rules of BuildKit that All leaves out as covered.
func everyCheck() []Check {
	list := All()
	for _, check := range buildkitChecks {
		if !slices.ContainsFunc(list, func(c Check) bool { return c.ID == check.ID }) {
			list = append(list, check)
		}
	}
	return list
}

func TestExamples(t *testing.T) {
	for _, check := range everyCheck() {
		t.Run(check.ID, func(t *testing.T) {
			if res := run(t, check, check.Good, dockerfile.Options{}); res.Status != checks.Pass {
				t.Errorf("good example: %s %s %+v", res.Status, res.Detail, res.Findings)
			}
			res := run(t, check, check.Bad, dockerfile.Options{})
			if want := check.Severity.Status(); res.Status != want {
				t.Errorf("bad example: %s %s, want %s", res.Status, res.Detail, want)
			}
			for _, f := range res.Findings {
				if f.Location.Path == dockerfile.DefaultDockerfile && f.Location.Line < 1 {
					t.Errorf("finding without a line: %+v", f)
				}
			}
		})
	}
}

func TestRules(t *testing.T) {
	seen := map[string]bool{}
	for _, rule := range checks.Rules(everyCheck()) {
		if seen[rule.ID] {
			t.Errorf("%s: id used twice", rule.ID)
		}
		seen[rule.ID] = true
		for what, text := range map[string]string{
			"title": rule.Title, "why": rule.Why, "fix": rule.Fix, "reference": rule.Reference,
		} {
			if text == "" {
				t.Errorf("%s: no %s", rule.ID, what)
			}
		}
		if rule.Severity.Status() == checks.Fail && strings.HasPrefix(rule.ID, buildkitPrefix) {
			t.Errorf("%s: a rule of BuildKit blocks", rule.ID)
		}
	}
}

func TestAllLeavesOutWhatOurChecksCover(t *testing.T) {
	all := All()
	for id, want := range map[string]bool{
		"buildkit/SecretsUsedInArgOrEnv": false,
		"buildkit/JSONArgsRecommended":   false,
		"buildkit/StageNameCasing":       true,
	} {
		got := slices.ContainsFunc(all, func(c Check) bool { return c.ID == id })
		if got != want {
			t.Errorf("%s in All: %v, want %v", id, got, want)
		}
	}
}

// TestEveryBuildKitRule compares our list with the rules that the library
// exports, so that an upgrade that brings a rule fails here.
func TestEveryBuildKitRule(t *testing.T) {
	dir, err := exec.Command("go", "list", "-f", "{{.Dir}}", "github.com/moby/buildkit/frontend/dockerfile/linter").Output()
	if err != nil {
		t.Fatal(err)
	}
	file, err := goparser.ParseFile(token.NewFileSet(), filepath.Join(strings.TrimSpace(string(dir)), "ruleset.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var exported []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			for _, name := range spec.Names {
				if rule, ok := strings.CutPrefix(name.Name, "Rule"); ok {
					exported = append(exported, rule)
				}
			}
		}
		return true
	})
	var ours []string
	for _, check := range buildkitChecks {
		ours = append(ours, buildkitRule(check.ID))
	}
	for name, reason := range buildkitLeftOut {
		if reason == "" {
			t.Errorf("%s is left out without a reason", name)
		}
		ours = append(ours, name)
	}
	slices.Sort(exported)
	slices.Sort(ours)
	if len(exported) == 0 || !slices.Equal(exported, ours) {
		t.Errorf("rules of the library:\n%v\nours:\n%v", exported, ours)
	}
}

// sixtyLines is a Dockerfile of a usual size, with what costs time.
const sixtyLines = `# syntax=docker/dockerfile:1
ARG NODE_VERSION=20.20.2
ARG VARIANT=alpine3.22

# The dependencies, in a layer of their own.
FROM node:${NODE_VERSION}-${VARIANT} AS deps
WORKDIR /app
COPY package*.json ./
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev

FROM node:${NODE_VERSION}-${VARIANT} AS build
ARG TARGETARCH
ENV NODE_ENV=production \
    PORT=3000 \
    LOG_LEVEL=info
WORKDIR /app
RUN apk add --no-cache \
      git \
      python3 \
      make \
      g++
COPY package*.json ./
RUN npm ci
COPY . .
RUN <<SCRIPT
set -eu
npm run build
if [ "$NODE_ENV" = production ]; then
  npm prune --production
fi
SCRIPT
ARG REVISION=unknown
RUN set -eux; \
    # say what was built
    echo "$REVISION" > /app/REVISION; \
    ls -l dist; \
    rm -rf /tmp/*

FROM build AS test
RUN npm test

FROM node:${NODE_VERSION}-${VARIANT} AS production
LABEL org.opencontainers.image.title="app" \
      org.opencontainers.image.source="https://example.com/app"
ENV NODE_ENV=production PORT=3000
RUN addgroup --system --gid 1001 nodejs \
    && adduser --system --uid 1001 appuser
WORKDIR /app
COPY --from=build --chown=appuser:nodejs /app/dist ./dist
COPY --from=deps --chown=appuser:nodejs /app/node_modules ./node_modules
COPY --from=build --chown=appuser:nodejs /app/package.json ./
USER appuser
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=5s --retries=3 \
    CMD wget --no-verbose --tries=1 --spider http://localhost:3000/ || exit 1
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["node", "dist/main.js"]
`

const sixtyLinesArchive = "-- Dockerfile --\n" + sixtyLines + "-- package.json --\n{}\n-- .dockerignore --\n.git\n.env\n.env.*\nnode_modules\ndist\nDockerfile*\n*.md\n!README.md\n"

func TestSixtyLines(t *testing.T) {
	s := load(t, sixtyLinesArchive, dockerfile.Options{})
	for _, res := range checks.Run(checks.Select(All(), checks.DefaultProfile), s) {
		if res.Status != checks.Pass {
			t.Errorf("%s: %s %s %+v", res.Check, res.Status, res.Detail, res.Findings)
		}
	}
}

func BenchmarkAll(b *testing.B) {
	files := example(b, sixtyLinesArchive)
	list := All()
	var own []Check
	for _, c := range list {
		if c.ID != valid.ID && !strings.HasPrefix(c.ID, buildkitPrefix) {
			own = append(own, c)
		}
	}
	for name, list := range map[string][]Check{"load": nil, "own": own, "all": list} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				s, err := dockerfile.Load(files, dockerfile.Options{})
				if err != nil {
					b.Fatal(err)
				}
				checks.Run(list, s)
			}
		})
	}
}
