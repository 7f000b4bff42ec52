package source

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

// requirementFindings judges a Dockerfile and files by a check and returns where
// and what it finds.
func requirementFindings(t *testing.T, check Check, lines, files string) []string {
	t.Helper()
	var got []string
	for _, f := range run(t, check, "-- Dockerfile --\nFROM a:1\nWORKDIR /app\n"+lines+"\n"+files, dockerfile.Options{}).Findings {
		got = append(got, f.Location.String()+": "+f.Message)
	}
	return got
}

const (
	copyRequirements = "COPY requirements.txt .\nRUN pip install -r requirements.txt"
	looseFile        = "-- requirements.txt --\na\n"
)

func TestPinnedRequirements(t *testing.T) {
	loose := []string{"requirements.txt:1:1: a has no version, so that line 4 of Dockerfile installs the newest"}
	for name, test := range map[string]struct {
		lines, files string
		want         []string
	}{
		"kinds of lines": {copyRequirements, "-- requirements.txt --\n# comment\n--index-url https://a.b/simple\na==1.0\nb[x] == 2 ; python_version < \"3\"\nc===1\n\nd # comment\ne>=1,<2\n  f~=1.0\ng==1.*\n" +
			"h @ https://a.b/h-1.0.whl#sha256=00\ni @ git+https://a.b/i@0123456\nj @ git+https://a.b/j.git\n-e git+https://a.b/k.git#egg=k\n-e .\n./l\nm==${V}\nn==1 \\\n    --hash=sha256:00\no ; python_version < \"3\"\n",
			[]string{
				"requirements.txt:7:1: d has no version, so that line 4 of Dockerfile installs the newest",
				"requirements.txt:8:1: e may have any version in >=1,<2",
				"requirements.txt:9:3: f may have any version in ~=1.0",
				"requirements.txt:10:1: g may have any version in ==1.*",
				"requirements.txt:13:1: j @ git+https://a.b/j.git names no tag or commit",
				"requirements.txt:14:1: git+https://a.b/k.git#egg=k names no tag or commit",
				"requirements.txt:20:1: o has no version, so that line 4 of Dockerfile installs the newest",
			}},
		"includes": {copyRequirements, "-- requirements.txt --\n-r req/base.txt\n-rreq/other.txt\na==1\n-r missing.txt\n-r requirements.txt\n-- req/base.txt --\nb\n--requirement=more.txt\n-- req/other.txt --\nc\n-- req/more.txt --\nd\n",
			[]string{
				"req/base.txt:1:1: b has no version, so that line 4 of Dockerfile installs the newest",
				"req/more.txt:1:1: d has no version, so that line 4 of Dockerfile installs the newest",
				"req/other.txt:1:1: c has no version, so that line 4 of Dockerfile installs the newest",
			}},
		"whole context": {"COPY . .\nRUN pip3 install --no-cache-dir -r ./requirements.txt", looseFile, loose},
		"mount":         {"# mounts\nRUN --mount=type=bind,source=requirements.txt,target=/tmp/r.txt pip install --requirement /tmp/r.txt", looseFile, loose},
		"elsewhere":     {"COPY requirements.txt /tmp/\nRUN pip install -r /tmp/requirements.txt", looseFile, loose},
		"cd":            {"COPY . /src\nRUN cd /src && pip install -r requirements.txt", looseFile, loose},
		"wheel":         {"COPY requirements.txt .\nRUN pip wheel -w /w -rrequirements.txt", looseFile, loose},
		"uv":            {"COPY requirements.txt .\nRUN uv pip install --system -r requirements.txt", looseFile, loose},
		"twice":         {"COPY requirements.txt .\nRUN pip install -r requirements.txt && pip install -r requirements.txt", looseFile, loose},
		"base stage":    {"COPY requirements.txt .\nRUN pip install -r requirements.txt\nFROM a:1\nCOPY --from=0 /x /x", looseFile, loose},

		"other file":      {"COPY requirements.txt .\nRUN pip install -r requirements-dev.txt", looseFile, nil},
		"constraints":     {"COPY . .\nRUN pip install -r requirements.txt -c constraints.txt", looseFile, nil},
		"own constraints": {copyRequirements, "-- requirements.txt --\n-c constraints.txt\na\n", nil},
		"not copied":      {"RUN pip install -r requirements.txt", looseFile, nil},
		"from a stage":    {"COPY --from=a /r/requirements.txt .\nRUN pip install -r requirements.txt", looseFile, nil},
		"no such file":    {copyRequirements, "", nil},
		"here document":   {"COPY <<EOF requirements.txt\na\nEOF\nRUN pip install -r requirements.txt", looseFile, nil},
		"variable":        {"COPY . .\nRUN pip install -r $FILE", looseFile, nil},
		"stage not used":  {copyRequirements + "\nFROM a:1", looseFile, nil},
		"uninstall":       {"COPY . .\nRUN pip uninstall -y -r requirements.txt", looseFile, nil},
		"CRLF":            {copyRequirements, "-- requirements.txt --\na==1\r\nb==2\r\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got := requirementFindings(t, pinnedRequirements, test.lines, test.files)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRequirementsBound includes more files than are read.
func TestRequirementsBound(t *testing.T) {
	var files strings.Builder
	files.WriteString("-- requirements.txt --\n")
	for _, letter := range letters {
		files.WriteString("-r " + string(letter) + ".txt\n")
	}
	for _, letter := range letters {
		files.WriteString("-- " + string(letter) + ".txt --\nx\n")
	}
	if got := requirementFindings(t, pinnedRequirements, copyRequirements, files.String()); len(got) != maxRequirementsFiles-1 {
		t.Errorf("%d findings", len(got))
	}
}

func TestHashedRequirements(t *testing.T) {
	for files, want := range map[string][]string{
		"a==1\nb==2 --hash=sha256:00\nc==3\nd>=1\n-e .\n":                             {"requirements.txt:1:1: 2 of 5 requirements have no hash, from a on"},
		"a==1 --hash=sha256:00\nb==2 \\\n  --hash=sha256:00 \\\n  --hash=sha256:11\n": nil,
		"a @ https://a.b/a.whl#sha256=00\n./b\n":                                      nil,
		"a\n":                                                                         nil,
	} {
		got := requirementFindings(t, hashedRequirements, copyRequirements, "-- requirements.txt --\n"+files)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", files, diff)
		}
	}
	if s := hashedRequirements.Severity; s != checks.Medium {
		t.Error(s)
	}
}
