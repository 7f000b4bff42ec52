package source

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func TestDockerignoreNeeded(t *testing.T) {
	const lock = "-- package.json --\n{}\n-- package-lock.json --\n{}\n"
	tests := map[string]struct {
		dockerfile, ignore, files string
		want                      []string // place, message and fix
	}{
		"allow list lacks a file": {"COPY a.conf b.conf /etc/\n", "*\n!a.conf\n", "",
			[]string{"1:1 * leaves out b.conf, which COPY in line 2 needs; Write !b.conf behind it"}},
		"allow list lacks a directory": {"ADD src /src\n", "*\n!web\n", "",
			[]string{"1:1 * leaves out src, which ADD in line 2 needs; Write !src behind it"}},
		"another exception": {"COPY dist /app\n", ".git\n dist/\n*.md\n!README.md\n", "",
			[]string{"2:2 dist/ leaves out dist, which COPY in line 2 needs; Remove the line dist/"}},
		"pattern": {"COPY conf/*.conf /etc/\n", "conf/a*\nconf/b.conf\n", "-- conf/a.conf --\n-- conf/b.conf --\n",
			[]string{"1:1 conf/a* leaves out conf/a.conf, which COPY conf/*.conf in line 2 needs; Write !conf/a.conf behind it"}},
		"lock file of the context": {"COPY . .\nRUN npm install\n", "package-lock.json\n", lock,
			[]string{"1:1 package-lock.json leaves out package-lock.json, which npm install in line 3 needs; Remove the line package-lock.json"}},
		"lock file by pattern": {"COPY package*.json ./\nRUN npm ci\n", "*-lock.json\n", lock,
			[]string{"1:1 *-lock.json leaves out package-lock.json, which npm ci in line 3 needs; Write !package-lock.json behind it"}},
		"lock file of a directory": {"COPY web/package*.json ./\nRUN npm ci\n", "**/package-lock.json\n", "-- web/package.json --\n-- web/package-lock.json --\n",
			[]string{"1:1 **/package-lock.json leaves out web/package-lock.json, which npm ci in line 3 needs; Write !web/package-lock.json behind it"}},
		"python": {"COPY . .\nRUN uv sync\n", "*.lock\n", "-- pyproject.toml --\n-- uv.lock --\n",
			[]string{"1:1 *.lock leaves out uv.lock, which uv sync in line 3 needs; Write !uv.lock behind it"}},

		"allow list":               {"COPY src package.json /app/\n", "*\n!src\n!package.json\n", "", nil},
		"part of a directory":      {"COPY src /app\n", "*\n!src/app\n", "", nil},
		"part by pattern":          {"COPY src /app\n", "*\n!**/*.go\n", "", nil},
		"BuildKit's own":           {"COPY a.conf /etc/\nCOPY *.md /\n", "*.conf\n*.md\n", "-- a.md --\n", nil},
		"whole context":            {"COPY . .\n", "*\n!src\n", "", nil},
		"some of a pattern":        {"COPY *.conf /etc/\n", "b.conf\n", "-- a.conf --\n-- b.conf --\n", nil},
		"pattern of nothing":       {"COPY *.conf /etc/\n", "a.conf\n!x\n", "", nil},
		"from a stage":             {"COPY --from=b a.conf /etc/\n", "*\n!x\n", "", nil},
		"lock file that is absent": {"COPY . .\nRUN npm install\n", "package-lock.json\nyarn.lock\n", "-- package.json --\n", nil},
		"lock file of another":     {"COPY . .\nRUN yarn install\n", "package-lock.json\n", lock + "-- yarn.lock --\n", nil},
		"installs a package":       {"COPY . .\nRUN npm install -g serve\n", "package-lock.json\n", lock, nil},
		"excluded by copy":         {"COPY --exclude=*-lock.json . .\nRUN npm install\n", "package-lock.json\n", lock, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text := "-- Dockerfile --\nFROM a:1\n" + test.dockerfile + test.files + "-- .dockerignore --\n" + test.ignore
			var got []string
			for _, f := range run(t, dockerignoreNeeded, text, dockerfile.Options{}).Findings {
				if f.Severity != checks.Medium || f.Location.Path != ".dockerignore" {
					t.Errorf("%+v", f)
				}
				got = append(got, f.Location.String()[len(".dockerignore:"):]+" "+f.Message+"; "+f.Fix)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			// What BuildKit's rule says is not said twice.
			i := slices.IndexFunc(buildkitChecks, func(c Check) bool { return c.ID == "buildkit/CopyIgnoredFile" })
			if res := run(t, buildkitChecks[i], text, dockerfile.Options{}); len(res.Findings) > 0 && len(got) > 0 {
				t.Errorf("BuildKit says so too: %+v", res.Findings)
			}
		})
	}
}
