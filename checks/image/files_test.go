package image

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/imagegate/imagegate/checks"
)

// Images laid out as official ones are must come out without a finding: each file
// of testdata/clean holds those paths of one that a check may stumble over.
func TestClean(t *testing.T) {
	names := must(filepath.Glob("testdata/clean/*.json"))
	if len(names) < 7 {
		t.Fatalf("images %v", names)
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			img, err := Example(string(must(os.ReadFile(name))))
			if err != nil {
				t.Fatal(err)
			}
			img.Declared = &Declared{}
			for _, res := range checks.Run(checks.Select(All(), checks.DefaultProfile), img) {
				if res.Status != checks.Pass && res.Check != growth.ID {
					t.Errorf("%s is %s: %s %+v", res.Check, res.Status, res.Detail, res.Findings)
				}
			}
		})
	}
}

// fileTest is a case of a check that judges files.
type fileTest struct {
	check checks.Check[*Image]
	image string   // an example
	want  []string // parts of findings, in their order
}

var fileTests = map[string]fileTest{
	"compilers, merged by kind": {buildTools, `{"layers": [{}, {"instruction": "RUN apk add build-base", "files": {
		"/usr/bin/gcc": {"mode": "755", "size": 1000000}, "/usr/bin/cc": {"link": "gcc"}, "/usr/bin/x86_64-alpine-linux-musl-gcc": {"mode": "755", "size": 1000000},
		"/usr/libexec/gcc/x86_64/cc1": {"size": 30000000}, "/usr/bin/make": {"mode": "755", "size": 200000}}}]}`,
		[]string{
			"/usr/bin/gcc: a C or C++ compiler is in the image, 32.0 MB: /usr/bin/gcc, /usr/bin/x86_64-alpine-linux-musl-gcc, /usr/libexec/gcc/x86_64/cc1; it comes with layer 2 (RUN apk add build-base)",
			"/usr/bin/make: make and the like is in the image, 200.0 kB",
		}},
	"headers": {buildTools, `{"files": {` + members("/usr/include/%d.h", 30, `{"size": 1000}`) + `}}`,
		[]string{"/usr/include: C headers are in the image, 30.0 kB in 30 files"}},
	"few headers": {buildTools, `{"files": {` + members("/usr/include/%d.h", 5, `{"size": 1000}`) + `}}`, nil},
	"a program of the application's own, named as one": {buildTools, `{"files": {"/app/go": {"mode": "755", "size": 5}, "/usr/share/bash-completion/completions/make": "x"}}`, nil},

	"caches": {packageCache, `{"files": {
		"/home/app/.cache/pip/http/a": {"size": 3000000}, "/root/.cache/pip/b": {"size": 2000000}, "/go/pkg/mod/x/y.go": {"size": 900000}, "/var/cache/apk/APKINDEX.tar.gz": {"size": 1500000},
		"/root/.npm/_logs/x.log": {"size": 900000}, "/srv/.cachet/pip/a": {"size": 900000}}}`,
		[]string{"/go/pkg/mod: the cache of Go, 900.0 kB in 1 file", "/home/app/.cache/pip: the cache of pip, 3.0 MB", "/root/.cache/pip: the cache of pip, 2.0 MB", "/var/cache/apk: the cache of apk, 1.5 MB"}},

	"repositories": {vcsDirectory, `{"files": {"/srv/.git/HEAD": "x", "/srv/.git/sub/.git/HEAD": "x", "/app/.svn/entries": "x", "/app/lib/.git": "gitdir: ../.git/modules/lib", "/opt/.git/hooks/x": "x", "/app/.github/x": "y"}}`,
		[]string{"/app/.svn: a repository, 1 B in 1 file", "/srv/.git: a repository, 2 B in 2 files"}},

	"development files": {developmentFiles, `{"image": {"os": "linux", "config": {"WorkingDir": "/app/"}}, "files": {
		"/app/a.test.ts": "1", "/app/b/__tests__/c.js": "1", "/app/.vscode/settings.json": "1", "/app/.DS_Store": "1", "/app/compose.yaml": "1", "/app/.github/workflows/x.yml": "1",
		"/app/static/app.js.map": "1", "/srv/other.test.ts": "1", "/app/imagegate.yaml": "1", "/app/.imagegate-baseline.json": "1", "/app/contest.py": "1", "/app/latest.js": "1", "/app/node_modules/a/a.test.ts": "1"}}`,
		[]string{
			"/app/.DS_Store: files of editors in the application's directory, 2 files, 2 B: /app/.DS_Store, /app/.vscode/settings.json",
			"/app/.github/workflows/x.yml: files of the build and of its pipelines in the application's directory, 4 files, 4 B: /app/.github/workflows/x.yml, /app/.imagegate-baseline.json, /app/compose.yaml and 1 more",
			"/app/a.test.ts: tests in the application's directory, 2 files, 2 B: /app/a.test.ts, /app/b/__tests__/c.js",
			"/app/static/app.js.map: source maps in the application's directory, 1 file",
		}},
	"development files, the policy": {developmentFiles, `{"image": {"os": "linux", "config": {"WorkingDir": "/app"}}, "files": {"/app/imagegate.yaml": "1", "/app/api/imagegate.yml": "1", "/app/.imagegate-baseline.json": "1"}}`,
		[]string{"/app/.imagegate-baseline.json: files of the build and of its pipelines in the application's directory, 3 files, 3 B: /app/.imagegate-baseline.json, /app/api/imagegate.yml, /app/imagegate.yaml"}},
	"source maps in development":     {developmentFiles, `{"image": {"os": "linux", "config": {"WorkingDir": "/app", "Env": ["NODE_ENV=development"]}}, "files": {"/app/app.js.map": "1"}}`, nil},
	"no directory of an application": {developmentFiles, `{"files": {"/a.test.ts": "1"}}`, nil},

	"npm, by the lock file": {devDependencies, `{"files": {
		"/app/package.json": "{\"devDependencies\": {\"typescript\": \"5\", \"jest\": \"29\"}}",
		"/app/package-lock.json": "{\"packages\": {\"node_modules/jest\": {\"dev\": true}, \"node_modules/jest/node_modules/x\": {\"dev\": true}, \"node_modules/gone\": {\"dev\": true}, \"node_modules/typescript\": {}}}",
		"/app/node_modules/jest/package.json": "{}", "/app/node_modules/jest/index.js": {"size": 4000}, "/app/node_modules/jest/node_modules/x/package.json": "{}",
		"/app/node_modules/jest/node_modules/x/index.js": {"size": 300}, "/app/node_modules/typescript/package.json": "{}"}}`,
		[]string{"/app: 2 npm packages for development alone, 4.3 kB: /app/node_modules/jest, /app/node_modules/jest/node_modules/x"}},
	"npm, without a lock file": {devDependencies, `{"files": {
		"/app/package.json": "{\"devDependencies\": {\"typescript\": \"5\", \"dotenv\": \"1\", \"@types/node\": \"1\"}}",
		"/app/node_modules/typescript/package.json": "{}", "/app/node_modules/dotenv/package.json": "{}", "/app/node_modules/@types/node/package.json": "{}"}}`,
		[]string{"/app: 2 npm packages for development alone, 4 B: /app/node_modules/@types/node, /app/node_modules/typescript"}},
	"Python": {devDependencies, `{"files": {
		"/v/lib/python3.12/site-packages/pytest-8.0.0.dist-info/METADATA": "x", "/v/lib/python3.12/site-packages/pytest/a.py": {"size": 500},
		"/v/lib/python3.12/site-packages/pytest_asyncio-0.23.dist-info/METADATA": "x", "/v/lib/python3.12/site-packages/fastapi-0.1.dist-info/METADATA": "x"}}`,
		[]string{"/v/lib/python3.12/site-packages: 2 Python packages for development alone, 502 B: /v/lib/python3.12/site-packages/pytest, /v/lib/python3.12/site-packages/pytest-asyncio"}},

	"Python, by the source": {devDependencies, `{"files": {"/v/lib/python3.12/site-packages/respx-1.0.dist-info/METADATA": "Name: respx\n", "/v/lib/python3.12/site-packages/httpx-1.0.dist-info/METADATA": "Name: httpx\n", "/v/lib/python3.12/site-packages/fastapi-1.0.dist-info/METADATA": "Name: fastapi\nRequires-Dist: httpx; extra == 'all'\n", "/v/lib/python3.12/site-packages/attrs-1.0.dist-info/METADATA": "Name: attrs\n"}, "source": {"pyproject.toml": "[project]\ndependencies = ['fastapi']\n[dependency-groups]\ndev = ['respx', 'httpx', 'pytest']"}}`,
		[]string{"/v/lib/python3.12/site-packages: 2 Python packages for development alone, 24 B: /v/lib/python3.12/site-packages/httpx, /v/lib/python3.12/site-packages/respx"}},
	"Python, needed by a package": {devDependencies, `{"files": {"/v/lib/python3.12/site-packages/respx-1.0.dist-info/METADATA": "Name: respx\n", "/v/lib/python3.12/site-packages/httpx-1.0.dist-info/METADATA": "Name: httpx\n", "/v/lib/python3.12/site-packages/fastapi-1.0.dist-info/METADATA": "Name: fastapi\n", "/v/lib/python3.12/site-packages/openai-1.0.dist-info/METADATA": "Name: openai\nRequires-Dist: httpx (<1)\n"}, "source": {"pyproject.toml": "[project]\ndependencies = ['fastapi']\n[dependency-groups]\ndev = ['respx', 'httpx', 'pytest']"}}`,
		[]string{"/v/lib/python3.12/site-packages: 1 Python package for development alone, 12 B: /v/lib/python3.12/site-packages/respx"}},
	"Python, needed for an extra": {devDependencies, `{"files": {"/v/lib/python3.12/site-packages/httpx-1.0.dist-info/METADATA": "Name: httpx\n", "/v/lib/python3.12/site-packages/fastapi-1.0.dist-info/METADATA": "Name: fastapi\nRequires-Dist: httpx; extra == 'all'\n"}, "source": {"pyproject.toml": "[project]\ndependencies = ['fastapi[all]']\n[dependency-groups]\ndev = ['respx', 'httpx', 'pytest']"}}`,
		nil},
	"Python, needed for an extra that a package asks for": {devDependencies, `{"files": {"/v/lib/python3.12/site-packages/httpx-1.0.dist-info/METADATA": "Name: httpx\n", "/v/lib/python3.12/site-packages/fastapi-1.0.dist-info/METADATA": "Name: fastapi\nRequires-Dist: httpx; extra == 'all'\n", "/v/lib/python3.12/site-packages/app-1.0.dist-info/METADATA": "Name: app\nRequires-Dist: fastapi[all]\n"}, "source": {"pyproject.toml": "[project]\ndependencies = ['fastapi']\n[dependency-groups]\ndev = ['respx', 'httpx', 'pytest']"}}`,
		nil},
	"Python, needed for whatever extra": {devDependencies, `{"files": {"/v/lib/python3.12/site-packages/httpx-1.0.dist-info/METADATA": "Name: httpx\n", "/v/lib/python3.12/site-packages/fastapi-1.0.dist-info/METADATA": "Name: fastapi\nRequires-Dist: httpx; extra == 'all'\n"}, "source": {"pyproject.toml": "[dependency-groups]\ndev = ['respx', 'httpx', 'pytest']"}}`,
		nil},
	"Python, needed for development": {devDependencies, `{"files": {"/v/lib/python3.12/site-packages/respx-1.0.dist-info/METADATA": "Name: respx\nRequires-Dist: httpx\n", "/v/lib/python3.12/site-packages/httpx-1.0.dist-info/METADATA": "Name: httpx\n"}, "source": {"pyproject.toml": "[project]\ndependencies = ['fastapi']\n[dependency-groups]\ndev = ['respx', 'httpx', 'pytest']"}}`,
		[]string{"/v/lib/python3.12/site-packages: 2 Python packages"}},
	"Python, listed in requirements": {devDependencies, `{"files": {"/v/lib/python3.12/site-packages/respx-1.0.dist-info/METADATA": "Name: respx\n", "/v/lib/python3.12/site-packages/httpx-1.0.dist-info/METADATA": "Name: httpx\n", "/v/lib/python3.12/site-packages/pytest-1.0.dist-info/METADATA": "Name: pytest\n"}, "source": {"pyproject.toml": "[dependency-groups]\ndev = ['respx', 'httpx', 'pytest']", "requirements.txt": "httpx\npytest"}}`,
		[]string{"/v/lib/python3.12/site-packages: 2 Python packages for development alone, 25 B: /v/lib/python3.12/site-packages/pytest, /v/lib/python3.12/site-packages/respx"}},
	"Python, tools": {devDependencies, `{"files": {"/v/lib/python3.12/site-packages/pytest-1.0.dist-info/METADATA": "Name: pytest\n", "/v/lib/python3.12/site-packages/ruff-1.0.dist-info/METADATA": "Name: ruff\n", "/v/lib/python3.12/site-packages/ipython-1.0.dist-info/METADATA": "Name: ipython\n", "/v/lib/python3.12/site-packages/black-1.0.dist-info/METADATA": "Name: black\n", "/v/lib/python3.12/site-packages/pytest_cov-1.0.dist-info/METADATA": "Name: pytest_cov\nRequires-Dist: pytest\nRequires-Dist: ipython\n"}, "source": {"pyproject.toml": "[project]\ndependencies = ['ipython']\n[project.optional-dependencies]\nall = ['black']\n[dependency-groups]\ndev = ['respx', 'httpx', 'pytest']"}}`,
		[]string{"/v/lib/python3.12/site-packages: 4 Python packages"}},
	"Python, a tool of an extra of Poetry": {devDependencies, `{"files": {"/v/lib/python3.12/site-packages/pytest-1.0.dist-info/METADATA": "Name: pytest\n", "/v/lib/python3.12/site-packages/ipython-1.0.dist-info/METADATA": "Name: ipython\n"}, "source": {"pyproject.toml": "[tool.poetry.dependencies]\nipython = '*'\npytest = {version = '*', optional = true}\n[tool.poetry.extras]\ntest = ['pytest']"}}`,
		[]string{"/v/lib/python3.12/site-packages: 1 Python package for development alone, 13 B: /v/lib/python3.12/site-packages/pytest"}},
	"Python, in production elsewhere": {devDependencies, `{"files": {"/srv/pyproject.toml": "[project]\ndependencies = ['httpx']", "/v/lib/python3.12/site-packages/respx-1.0.dist-info/METADATA": "Name: respx\n", "/v/lib/python3.12/site-packages/httpx-1.0.dist-info/METADATA": "Name: httpx\n"}, "source": {"pyproject.toml": "[project]\ndependencies = ['fastapi']\n[dependency-groups]\ndev = ['respx', 'httpx', 'pytest']"}}`,
		[]string{"/v/lib/python3.12/site-packages: 1 Python package for development alone, 12 B: /v/lib/python3.12/site-packages/respx"}},
	"Python, of base images and of Debian": {devDependencies, `{"files": {"/usr/lib/python3/dist-packages/PyYAML-6.0.dist-info/METADATA": "x", "/v/lib/python3.12/site-packages/pip-1.0.dist-info/METADATA": "Name: pip\n", "/v/lib/python3.12/site-packages/setuptools-1.0.dist-info/METADATA": "Name: setuptools\n"}, "source": {"pyproject.toml": "[dependency-groups]\ndev = ['pip', 'setuptools', 'pyyaml']"}}`,
		nil},
	"Python, nothing installed": {devDependencies, `{"files": {"/v/lib/python3.12/site-packages/fastapi-1.0.dist-info/METADATA": "Name: fastapi\n"}, "source": {"pyproject.toml": "[project]\ndependencies = ['fastapi']\n[dependency-groups]\ndev = ['respx', 'httpx', 'pytest']"}}`,
		nil},
	"secrets in the configuration": {secret, `{"image": {"os": "linux", "config": {"Env": ["A=1", "TOKEN=` + githubToken + `"], "Labels": {"x": "` + githubToken + `"}}, "history": [{"created_by": "RUN a"}, {"created_by": "RUN T=` + githubToken + ` make"}]}}`,
		[]string{"config.Env: the variable TOKEN holds a GitHub token", "config.Labels: the label x holds a GitHub token", "history: instruction 2 of the history holds a GitHub token"}},
	"secrets in many files": {secret, `{"files": {` + members("/a/%d", 25, `"`+githubToken+`"`) + `}}`,
		append([]string{"5 files more with secrets"}, slices.Repeat([]string{"/a/"}, 20)...)},

	"build arguments": {buildArguments, `{"image": {"os": "linux", "config": {"Env": ["PATH=/x", "PYTHON_VERSION=3.12.1", "API_TOKEN=f3b1c9d7e5a2", "PYTHON_SHA256=0", "PORT=80", "A=1", "B=` + githubToken + `", "MODE=x"]}},
		"declared": {"arguments": ["A", "API_TOKEN", "B", "GONE", "PYTHON_VERSION"], "variables": ["MODE", "PATH", "PORT"]}}`,
		[]string{
			"config.Env: A, which the Dockerfile declares with ARG alone, is a variable of the image",
			"config.Env: API_TOKEN, which the Dockerfile declares with ARG alone, is a variable of the image: it holds a secret, going by its name",
			"config.Env: B, which the Dockerfile declares with ARG alone, is a variable of the image: it holds a GitHub token",
		}},

	"setuid": {setuid, `{"files": {"/usr/bin/sudo": {"mode": "4755", "size": 9}, "/app/su": {"mode": "4755"}, "/usr/bin/passwd": {"mode": "4755"}, "/opt/data": {"mode": "2644"}, "/opt/d": {"directory": true, "mode": "2775"}}}`,
		[]string{"/app/su: 1 file with a setuid or setgid bit in /app", "/usr/bin/sudo: 1 file with a setuid or setgid bit in /usr/bin: /usr/bin/sudo; from layer 1"}},

	// A waiver for /usr/bin/sudo does not accept what comes beside it.
	"setuid, two in a directory": {setuid, `{"files": {"/usr/bin/sudo": {"mode": "4755", "size": 9}, "/usr/bin/x": {"mode": "4755"}}}`,
		[]string{"/usr/bin: 2 files with a setuid or setgid bit in /usr/bin: /usr/bin/sudo, /usr/bin/x; from layer 1"}},
	"capabilities, two in a directory": {fileCapabilities, `{"files": {"/app/a": {"mode": "755", "capabilities": true}, "/app/b": {"mode": "755", "capabilities": true}}}`,
		[]string{"/app: 2 files with capabilities in /app: /app/a, /app/b; from layer 1"}},
	"world-writable": {worldWritable, `{"files": {"/a/b": {"mode": "666"}, "/a/c": {"mode": "666"}, "/d": {"directory": true, "mode": "777"}, "/e": {"directory": true, "mode": "1777"}, "/f": {"link": "x"}, "/dev/null": {"mode": "666"}}}`,
		[]string{"/a: 2 entries may be written by everybody in /a: /a/b, /a/c", "/d: 1 entry may be written by everybody in /"}},
	"world-writable, in many directories": {worldWritable, `{"files": {` + members("/a/%d/x", 14, `{"mode": "666"}`) + `}}`,
		[]string{"4 more of this kind in other places", "/a/0/x", "/a/1/x", "/a/10/x", "/a/11/x", "/a/12/x", "/a/13/x", "/a/2/x", "/a/3/x", "/a/4/x", "/a/5/x"}},

	"writable code": {writableCode, `{"image": {"os": "linux", "config": {"User": "1000:1000", "WorkingDir": "/app"}}, "files": {
		"/app/a.js": {"mode": "644", "owner": "1000:0"}, "/app/b.js": {"mode": "664", "owner": "0:1000"}, "/app/c.js": "1", "/app/data.json": {"owner": "1000:0"}, "/opt/run": {"mode": "755", "owner": "1000:0"}}}`,
		[]string{"/app: uid 1000, gid 1000 may change 2 files: /app/a.js, /app/b.js", "/opt: uid 1000, gid 1000 may change 1 file: /opt/run"}},

	"accounts": {accounts, `{"files": {"/etc/passwd": "root::0:0::/:\napp:x:1:1::/:\napp:x:2:2::/:\ntoor:x:0:0::/:\n# x:x:0\n", "/etc/group": "a:x:1:\nb:x:1:\n", "/etc/shadow": "root::1:\napp:!:1:\n"}}`,
		[]string{`/etc/group:2: "b" has the number of "a", 1`, `/etc/passwd:1: "root" has an empty password`, `/etc/passwd:3: "app" is there twice, in line 2 too`, `/etc/passwd:4: "toor" has the number of "root", 0`, `/etc/shadow:1: "root" has an empty password`}},

	"accounts, behind a long line": {accounts, `{"files": {"/etc/shadow": "# ` + strings.Repeat("x", 70_000) + `\nroot::1:\n"}}`,
		[]string{`/etc/shadow:2: "root" has an empty password`}},

	"timestamps": {timestamps, `{"read": "2026-01-02T00:00:00Z", "files": {"/a": {"modified": "2026-01-04T00:00:00Z"}, "/b": {"modified": "1901-12-13T20:45:52Z"}, "/c": {"modified": "2026-01-02T12:00:00Z"}}}`,
		[]string{"/a: changed on 2026-01-04T00:00:00Z, which is in the future; from layer 1", "/b: changed on 1901-12-13T20:45:52Z, before 1970"}},
	"timestamps, when nobody knows the time": {timestamps, `{"files": {"/a": {"modified": "2999-01-04T00:00:00Z"}}}`, nil},

	"growth by bytes": {growth, `{"layers": [{"uncompressed": 105, "files": {"/usr/lib/a/b/c": {"size": 90}, "/x": {"size": 5}}}], "baseline": {"layers": [{"uncompressed": 100, "files": {"/usr/lib/a/b/c": {"size": 80}, "/y": {"size": 10}}}]}, "budgets": {"growth-bytes": 4}}`,
		[]string{"105 B, +5.0% of the baseline's 100 B: it grew by more than 4 B; most of all /usr/lib/a by 10 B, /x by 5 B"}},
	"growth of nothing": {growth, `{"layers": [{"uncompressed": 100}], "baseline": {"layers": [{"uncompressed": 50}]}}`,
		[]string{"100 B, +100.0% of the baseline's 50 B: it grew by more than 10%; no path of its files did"}},

	"waste": {wastedBytes, `{"layers": [{"instruction": "COPY . .", "files": {"/a": {"size": 8000000}, "/b": {"size": 4000000}, "/c": {"size": 10}}}, {"files": {"/a": {"size": 1}, "/.wh.b": ""}}, {"instruction": "RUN x", "files": {"/c": ""}}]}`,
		[]string{"10 B more in 1 file, between other layers", "/a: layer 2 writes again 8.0 MB that layer 1 (COPY . .) added (1 file): /a", "/b: layer 2 removes 4.0 MB that layer 1 (COPY . .) added (1 file): /b"}},
	"sizes": {size, `{"layers": [{"instruction": "RUN x", "compressed": 40, "uncompressed": 100}, {"compressed": 70, "uncompressed": 50}], "budgets": {"uncompressed": 140, "compressed": 100, "layer": 90}}`,
		[]string{"110 B compressed, 10 B over the budget of 100 B", "150 B uncompressed, 10 B over the budget of 140 B; biggest layers: layer 1 of 2 with 100 B", "layer 1 (RUN x) of 2 has 100 B uncompressed, 10 B over the budget of 90 B for a layer"}},
	"labels": {labels, `{"image": {"os": "linux", "config": {"Labels": {"org.opencontainers.image.source": "x", "org.opencontainers.image.version": " "}}}}`,
		[]string{"config.Labels: without org.opencontainers.image.revision, org.opencontainers.image.version"}},
}

// members returns members of an object with a number each.
func members(format string, n int, value string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"`+format+`": %s`, i, value)
	}
	return strings.Join(list, ", ")
}

func TestFiles(t *testing.T) {
	for name, test := range fileTests {
		t.Run(name, func(t *testing.T) {
			img, err := Example(test.image)
			if err != nil {
				t.Fatal(err)
			}
			res := checks.Run([]checks.Check[*Image]{test.check}, img)[0]
			var got []string
			for _, f := range res.Findings {
				got = append(got, strings.TrimPrefix(f.Location.String()+": "+f.Message, ": "))
			}
			if len(got) != len(test.want) || res.Status == checks.Error {
				t.Fatalf("%s %s, findings\n%s\nwant\n%s", res.Status, res.Detail, strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
			for i, want := range test.want {
				if !strings.HasPrefix(got[i], want) {
					t.Errorf("finding %q, want %q", got[i], want)
				}
			}
		})
	}
}

// A budget that is no number to keep is an error, never a pass.
func TestBudgetErrors(t *testing.T) {
	for id, b := range map[string]Budgets{
		"image/size": {Layer: -1}, "image/layers": {Layers: -1}, "image/wasted-bytes": {Wasted: -1}, "image/growth": {Growth: -1},
	} {
		i := slices.IndexFunc(All(), func(c checks.Check[*Image]) bool { return c.ID == id })
		if status, message := judge(All()[i], &Image{Budgets: b}); status != checks.Error || !strings.Contains(message, "give ") {
			t.Errorf("%s: %s %s", id, status, message)
		}
	}
	if status, message := judge(growth, &Image{}); status != checks.Skipped || !strings.Contains(message, "no earlier image was given: --baseline takes the last release's archive") {
		t.Errorf("growth without a baseline: %s %s", status, message)
	}
}

// Whether a build argument blocks depends on what it holds, which no report tells.
func TestBuildArguments(t *testing.T) {
	for variable, want := range map[string]checks.Status{
		"VERSION=1.4.0":                  checks.Warn,
		"VERSION=":                       checks.Warn,
		"TOKEN_TTL=3600":                 checks.Warn,
		"VERSION=" + githubToken:         checks.Fail,
		"API_TOKEN=f3b1c9d7e5a2":         checks.Fail,
		"DB=postgres://u:f3b1c9d7@db/db": checks.Fail,
	} {
		name, value, _ := strings.Cut(variable, "=")
		img := &Image{Config: &v1.ConfigFile{Config: v1.Config{Env: []string{variable}}}, Declared: &Declared{Arguments: []string{name}}}
		status, message := judge(buildArguments, img)
		if status != want {
			t.Errorf("%s is %s, want %s", variable, status, want)
		}
		if value != "" && strings.Contains(message, value) {
			t.Errorf("the value is in the report: %s", message)
		}
		img.Declared = nil
		if status, message := judge(buildArguments, img); status != checks.Skipped || !strings.Contains(message, "--source") {
			t.Errorf("without a Dockerfile: %s %s", status, message)
		}
	}
}
