package image

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// names returns those of requirements with their extras, each once, sorted.
func names(list []PythonRequirement) string {
	set := map[string]bool{}
	for _, r := range list {
		name := r.Name
		if len(r.Extras) > 0 {
			name += fmt.Sprint(slices.Sorted(slices.Values(r.Extras)))
		}
		set[name] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(set)), " ")
}

// TestPyproject reads what a project names in each of the tables that there are.
func TestPyproject(t *testing.T) {
	for name, test := range map[string]struct{ text, production, development string }{
		"PEP 735": {`
			[project]
			name = "My_App"
			dependencies = ["Flask>=3", "uvicorn[standard,Http.2] ~= 0.30 ; python_version > '3.8'", "x @ https://h/x.whl"]
			[dependency-groups]
			Test = ["PyTest", "zope.interface"]
			dev = [{include-group = "test"}, "ruff==0.1", "my.app[extra]", {unknown = "x"}]
			prod = ["gunicorn", {include-group = "server_Base"}]
			server-base = ["gevent"]
			loop = [{include-group = "loop"}, "a"]`,
			"flask gevent gunicorn uvicorn[http-2 standard] x", "a pytest ruff zope-interface"},
		"extras": {"[project.optional-dependencies]\ndev = ['a']\nDocs = ['b']\npostgres = ['psycopg[c]', 'b']", "b psycopg[c]", "a b"},
		"Poetry": {`
			[tool.poetry]
			name = "app"
			[tool.poetry.dependencies]
			python = "^3.12"
			uvicorn = {version = "^0.30", extras = ["standard"]}
			numpy = [{version = "1", python = "<3.12"}, {version = "2", python = ">=3.12", extras = ["x"]}]
			psycopg = {version = "3", optional = true}
			[tool.poetry.dev-dependencies]
			legacy = "*"
			[tool.poetry.group.test]
			optional = true
			[tool.poetry.group.test.dependencies]
			Pytest_Cov = "^5"
			[tool.poetry.group.production.dependencies]
			gunicorn = "*"`,
			"gunicorn numpy[x] psycopg uvicorn[standard]", "legacy pytest-cov"},
		"PDM": {"[tool.pdm.dev-dependencies]\ntest = ['a', '-e file:///x#egg=x']\nlint = ['b>1']", "", "a b"},
		"uv":  {"[tool.uv]\ndev-dependencies = ['a', 'b[c]']", "", "a b[c]"},
		"long strings": {"[project]\ndescription = \"\"\"\n[[[[[[[[[[[[[[[\\\"\"\"\"\"\n" + `x.a = '''[[[[[[[[[[[[['''` + "\ndependencies = [\n 'a', # [[[[[[[[[[[[[[[ \"\n]\n",
			"a", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m, ok := decodePythonManifest("app/pyproject.toml", strings.NewReader(test.text))
			if got := names(m.Production); !ok || got != test.production {
				t.Errorf("%t; production %q, want %q", ok, got, test.production)
			}
			if got := names(m.Development); got != test.development {
				t.Errorf("development %q, want %q", got, test.development)
			}
		})
	}
}

// locks are what uv, Poetry and PDM write, without the hashes of most files.
var locks = map[string]struct {
	name, text string
}{
	"uv": {"uv.lock", `version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "flask" },
    { name = "uvicorn", extra = ["standard"] },
]

[package.optional-dependencies]
pg = [
    { name = "psycopg" },
]
test = [
    { name = "freezegun" },
]

[package.dev-dependencies]
dev = [
    { name = "click" },
    { name = "respx" },
]
prod = [
    { name = "gunicorn" },
]

[package.metadata]
requires-dist = [{ name = "flask" }, { name = "psycopg", marker = "extra == 'pg'" }]

[package.metadata.requires-dev]
dev = [{ name = "click" }]

[[package]]
name = "click"
version = "8.3.1"
source = { registry = "https://pypi.org/simple" }
dependencies = [
    { name = "colorama", marker = "sys_platform == 'win32'" },
]
sdist = { url = "https://h/click-8.3.1.tar.gz", hash = "sha256:12", size = 295065, upload-time = "2025-11-15T20:45:42.706Z" }
wheels = [
    { url = "https://h/click-8.3.1-py3-none-any.whl", hash = "sha256:98", size = 108274 },
]

[[package]]
name = "colorama"
version = "0.4.6"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "flask"
version = "3.1.2"
source = { registry = "https://pypi.org/simple" }
dependencies = [
    { name = "click" },
]

[[package]]
name = "freezegun"
version = "1.5.5"
source = { registry = "https://pypi.org/simple" }
dependencies = [
    { name = "python-dateutil" },
]

[[package]]
name = "python-dateutil"
version = "2.9.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "respx"
version = "0.22.0"
source = { registry = "https://pypi.org/simple" }
dependencies = [
    { name = "httpx" },
]

[[package]]
name = "httpx"
version = "0.28.1"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "uvicorn"
version = "0.38.0"
source = { registry = "https://pypi.org/simple" }

[package.optional-dependencies]
standard = [
    { name = "httptools" },
]
unused = [
    { name = "httpx" },
]
`},
	"uv, a workspace": {"uv.lock", `version = 1

[manifest]
members = [
    "api",
    "worker",
]

[manifest.dependency-groups]
dev = [{ name = "respx" }]

[[package]]
name = "api"
source = { editable = "packages/api" }
dependencies = [{ name = "flask" }]

[[package]]
name = "worker"
source = { editable = "packages/worker" }
dependencies = [{ name = "celery" }]

[package.dev-dependencies]
dev = [{ name = "celery" }, { name = "parameterized" }]
`},
	"Poetry 2.1": {"poetry.lock", `# This file is automatically @generated by Poetry 2.1.4 and should not be changed by hand.

[[package]]
name = "Flask"
version = "3.1.2"
description = "[package]"
optional = false
python-versions = ">=3.9"
groups = ["main", "dev"]
files = [
    {file = "flask-3.1.2-py3-none-any.whl", hash = "sha256:ca"},
]

[package.dependencies]
click = ">=8.1.3"

[package.extras]
async = ["asgiref (>=3.2)"]

[[package]]
name = "httpx"
version = "0.28.1"
optional = false
groups = ["dev"]
markers = "python_version < \"4\""

[[package]]
name = "psycopg"
version = "3.3"
optional = true
groups = ["main"]

[extras]
pg = ["psycopg"]

[metadata]
lock-version = "2.1"
`},
	"Poetry 1.8": {"poetry.lock", `[[package]]
name = "flask"
version = "3.1.2"
optional = false

[package.dependencies]
click = ">=8.1.3"
asgiref = {version = ">=3.2", optional = true, markers = "extra == \"async\""}

[package.extras]
async = ["asgiref (>=3.2)"]

[[package]]
name = "respx"
version = "0.22.0"
optional = false

[package.dependencies]
click = "*"
httpx = [
    {version = ">=0.25.0", markers = "python_version < \"3.12\""},
    {version = ">=0.26.0", extras = ["http2"], markers = "python_version >= \"3.12\""},
]

[[package]]
name = "httpx"
version = "0.28.1"
optional = false

[package.dependencies]
h2 = {version = ">=3,<5", optional = true, markers = "extra == \"http2\""}

[package.extras]
http2 = ["h2 (>=3,<5)"]

[metadata]
lock-version = "2.0"
`},
	"Poetry 1.1": {"poetry.lock", `[[package]]
name = "click"
version = "8.0"
category = "main"
optional = false

[[package]]
name = "httpx"
version = "0.20"
category = "dev"
optional = false

[metadata]
lock-version = "1.1"

[metadata.files]
click = [
    {file = "click-8.0.whl", hash = "sha256:1"},
]
`},
	"PDM": {"pdm.lock", `# This file is @generated by PDM.

[metadata]
groups = ["default", "dev", "pg"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"

[[package]]
name = "click"
version = "8.3.1"
groups = ["default", "dev"]
dependencies = [
    "colorama; platform_system == \"Windows\"",
]
files = [
    {file = "click-8.3.1-py3-none-any.whl", hash = "sha256:98"},
]

[[package]]
name = "httpx"
version = "0.28.1"
groups = ["dev"]

[[package]]
name = "uvicorn"
version = "0.38.0"
extras = ["standard"]
groups = ["default"]
dependencies = [
    "httptools>=0.6.3",
    "uvicorn==0.38.0",
]
`},
}

// TestPythonLocks reads what lock files say that packages are for, with what they pull
// in; Poetry 1.8 leaves to the project what it is for.
func TestPythonLocks(t *testing.T) {
	const poetry = "[tool.poetry.dependencies]\nflask = '*'\n[tool.poetry.group.dev.dependencies]\nrespx = '*'\n"
	for name, test := range map[string]struct{ project, production, development string }{
		"uv":              {"", "app click colorama flask gunicorn httptools uvicorn", "freezegun httpx python-dateutil respx"},
		"uv, a workspace": {"", "api celery flask worker", "parameterized respx"},
		"Poetry 2.1":      {"", "click flask", "httpx"},
		"Poetry 1.8":      {poetry, "click flask", "h2 httpx respx"},
		"Poetry 1.1":      {"", "click", "httpx"},
		"PDM":             {"", "click colorama uvicorn", "httpx"},
	} {
		t.Run(name, func(t *testing.T) {
			lock := locks[name]
			img := &Image{}
			var err error
			img.PythonManifests, err = ReadPythonManifests(fstest.MapFS{pyproject: {Data: []byte(test.project)}, lock.name: {Data: []byte(lock.text)}}, ".")
			if err != nil {
				t.Fatal(err)
			}
			p := pythonPurposes(img)
			if got := strings.Join(slices.Sorted(maps.Keys(p.production)), " "); got != test.production {
				t.Errorf("production %q, want %q", got, test.production)
			}
			if got := strings.Join(slices.Sorted(maps.Keys(p.dev)), " "); got != test.development {
				t.Errorf("development %q, want %q", got, test.development)
			}
		})
	}
}

// failingFS is a source that cannot be read.
type failingFS struct{}

func (failingFS) Open(string) (fs.File, error) { return nil, errors.New("the engine is gone") }

func TestReadPythonManifests(t *testing.T) {
	const text = "[dependency-groups]\ndev = ['a']\n"
	source := fstest.MapFS{
		"pyproject.toml":          {Data: []byte(text)},
		"requirements.txt":        {Data: []byte("# no package\n-r other.txt\nFlask[async]==3 \\\n    --hash=sha256:12\n")},
		"requirements/prod.txt":   {Data: []byte("httpx\n")},
		"requirements/dev.txt":    {Data: []byte("respx\n")},
		"requirements-test.txt":   {Data: []byte("respx\n")},
		"services/requirements":   {Data: []byte("no directory\n")},
		"services/api/uv.lock":    {Data: []byte("[[package]]\nname = 'a'\n")},
		"services/pyproject.toml": {Data: []byte(text)},
		"uv.lock/x":               {Data: []byte(text)},
		"pdm.lock":                {Data: bytes.Repeat([]byte("#\n"), MaxManifest/2+1)},
		"poetry.lock":             {Data: []byte("<<<<<<< HEAD\n[[package]]\nname = <<<<<<<\n")},
	}
	manifests, err := ReadPythonManifests(source, ".", "services/api", ".", "services/requirements", "../up", "/services")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range manifests {
		got = append(got, fmt.Sprintf("%s: %s, %s, %d", m.Path, names(m.Production), names(m.Development), len(m.Packages)))
	}
	want := []string{"pyproject.toml: , a, 0", "requirements.txt: flask[async], , 0", "requirements/prod.txt: httpx, , 0", "services/api/uv.lock: , , 1"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if _, err := ReadPythonManifests(failingFS{}, "."); err == nil {
		t.Error("no error where the source cannot be read")
	}
}

// TestPythonManifests reads those of the layers that are the application's and are left.
func TestPythonManifests(t *testing.T) {
	const text = "[dependency-groups]\ndev = ['a']\n"
	img, err := read(t, imageOf("amd64",
		layerOf(
			file("app/pyproject.toml", text+"# "+githubToken),
			file("app/uv.lock", locks["uv"].text),
			file("app/requirements.txt", "--index-url https://"+githubToken+"@h\na\n"),
			file("gone/pyproject.toml", text),
			file("none/pyproject.toml", "[tool.ruff]\nline-length = 100\n"),
			file("broken/pyproject.toml", text+"x = ["),
			file("types/pyproject.toml", "[dependency-groups]\ndev = 'a'\n"),
			file("app/.venv/lib/python3.12/site-packages/b/pyproject.toml", text),
			file("usr/lib/python3/x/pyproject.toml", text),
			file("v/site-packages/B.c_d-1.0.dist-info/METADATA", "Metadata-Version: 2.4\nName: b.c-d\nKeywords: "+strings.Repeat("x", 10_000)+"\nRequires-Dist: E[f] (>=1) ; python_version < '4'\nRequires-Dist: g; extra == 'X_y' or extra == \"z\"\n\nRequires-Dist: no\n"),
			file("v/site-packages/gone-1.0.dist-info/METADATA", "Requires-Dist: a\n"),
			file("v/other/h-1.0.dist-info/METADATA", "Requires-Dist: a\n"),
		),
		layerOf(file("gone/.wh.pyproject.toml", ""), file("v/site-packages/.wh.gone-1.0.dist-info", "")),
	))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range img.PythonManifests {
		got = append(got, fmt.Sprintf("%s %d %d %d", m.Path, len(m.Production), len(m.Development), len(m.Packages)))
	}
	if want := []string{"/app/pyproject.toml 0 1 0", "/app/requirements.txt 1 0 0", "/app/uv.lock 3 3 9"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := fmt.Sprint(img.PythonPackages), "[{/v/site-packages/B.c_d-1.0.dist-info/METADATA b-c-d [{e [f] } {g [] x-y} {g [] z}] 0 9}]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	var secrets []string
	for _, s := range img.Secrets {
		secrets = append(secrets, s.Path)
	}
	if want := []string{"/app/pyproject.toml", "/app/requirements.txt"}; !slices.Equal(secrets, want) {
		t.Errorf("secrets in %q, want %q", secrets, want)
	}
}

// TestHostileTOML has documents that cost their decoder far more than their length.
func TestHostileTOML(t *testing.T) {
	for name, text := range map[string]string{
		"arrays":                "a = " + strings.Repeat("[", 100_000),
		"closed arrays":         "a = " + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
		"inline tables":         "a = " + strings.Repeat("{a = ", 50_000),
		"brackets in strings":   "a = " + strings.Repeat(`["]", `, 50_000),
		"brackets in long ones": "a = " + strings.Repeat(`['''`+"\n"+`]''', """\"""]"""", `, 10_000),
		"brackets in comments":  "a = " + strings.Repeat("[ # ]\n", 50_000),
		"a long header":         "[" + strings.Repeat("a.", 50_000) + "a]",
		"a spaced header":       "[" + strings.Repeat("a . ", 50_000) + "a]",
		"a long key":            strings.Repeat("'a'.", 50_000) + "a = 1",
		"a long key of a table": "a = {" + strings.Repeat("a.", 50_000) + "a = 1}",
		"closed before":         "a = ]\n",
		"large":                 "a = 1 #" + strings.Repeat("a", maxTOML),
	} {
		t.Run(name, func(t *testing.T) {
			if len(text) <= maxTOML && checkTOMLShape([]byte(text)) == nil {
				t.Error("its shape is allowed")
			}
			if _, ok := decodePythonManifest(pyproject, strings.NewReader("[dependency-groups]\ndev = ['a']\n[x]\n"+text)); ok {
				t.Error("it was read")
			}
		})
	}
	var included strings.Builder
	included.WriteString("[dependency-groups]\n")
	for i := range 8_000 {
		fmt.Fprintf(&included, "g%d = [{include-group = 'g%d'}]\n", i, i+1)
	}
	if m, ok := decodePythonManifest(pyproject, strings.NewReader(included.String()+"g8000 = ['a']\n")); !ok || len(m.Development) != 1 {
		t.Errorf("groups that include each other name %v", m.Development)
	}
	for name, text := range map[string]string{
		"packages":     strings.Repeat("[[package]]\nname = 'a'\n", maxRequirements+1),
		"bytes":        "[[package]]\nname = 'a'\n" + strings.Repeat("#\n", MaxManifest/2),
		"of a package": "[[package]]\nname = 'a'\n#" + strings.Repeat("x", maxTOML),
	} {
		if _, ok := decodePythonManifest(uvLock, strings.NewReader(text)); ok {
			t.Errorf("a lock file of more %s than the limit was read", name)
		}
	}
}

// TestManyExtras has files that name far more extras than requirements.
func TestManyExtras(t *testing.T) {
	line := "a[" + strings.Repeat("b,", maxRequirement/2-10) + "]\n"
	for name, text := range map[string]string{
		"requirements.txt": strings.Repeat(line, 100),
		pyproject:          "[project]\ndependencies = [" + strings.Repeat("'"+strings.TrimSpace(line)+"',", 100) + "]\n",
		uvLock:             strings.Repeat("[[package]]\nname = 'a'\ndependencies = [{name = 'b', extra = ["+strings.Repeat("'c',", 1000)+"]}]\n", 100),
	} {
		if _, ok := decodePythonManifest(name, strings.NewReader(text)); ok {
			t.Errorf("%s with more extras than the limit was read", name)
		}
	}
	p := decodePythonMetadata("site-packages/a-1.dist-info/METADATA", strings.NewReader(strings.Repeat("Requires-Dist: "+line, 100)))
	if n := extrasOf(p.Requires); n == 0 || n > maxRequirements+maxRequirement {
		t.Errorf("METADATA with %d extras was kept", n)
	}
}

// FuzzPython reads any manifest and any METADATA: nothing comes of it that there was no
// room for, and names are normalised.
func FuzzPython(f *testing.F) {
	f.Add(uint8(0), []byte("[project]\nname = 'a'\ndependencies = ['b[c]>1; extra == \"x\"']\n[dependency-groups]\ndev = [{include-group = 'D'}, 'e']\nd = []\n[tool.poetry.group.x.dependencies]\nf = [{extras = ['g']}]\n"))
	for _, name := range slices.Sorted(maps.Keys(locks)) {
		f.Add(uint8(slices.Index(pythonManifests, locks[name].name)), []byte(locks[name].text))
	}
	kinds := append(slices.Clone(pythonManifests), "requirements.txt")
	f.Add(uint8(slices.Index(kinds, "requirements.txt")), []byte("a[b,c]==1 \\\n --hash=x\n"))
	f.Add(uint8(len(kinds)), []byte("Name: a\nRequires-Dist: b ; extra == 'c'\n\n"))
	f.Fuzz(func(t *testing.T, kind uint8, content []byte) {
		var lists [][]PythonRequirement
		if int(kind) >= len(kinds) {
			lists = append(lists, decodePythonMetadata("site-packages/a-1.dist-info/METADATA", bytes.NewReader(content)).Requires)
		} else {
			m, ok := decodePythonManifest("app/"+kinds[kind], bytes.NewReader(content))
			if !ok {
				return
			}
			lists = append(lists, m.Production, m.Development)
			for _, requires := range m.Packages {
				lists = append(lists, requires)
			}
			pythonPurposes(&Image{PythonManifests: []PythonManifest{m}})
		}
		for _, list := range lists {
			if len(list) > len(content) {
				t.Errorf("%d requirements of %d bytes", len(list), len(content))
			}
			for _, r := range list {
				if r.Name != normalName(r.Name) || r.For != normalName(r.For) {
					t.Errorf("%+v is not normalised", r)
				}
			}
		}
	})
}
