package suppress

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/compose"
	"github.com/imagegate/imagegate/checks/dockerfile"
	"github.com/imagegate/imagegate/checks/source"
)

var today = time.Date(2026, 11, 25, 23, 0, 0, 0, time.UTC)

// judge judges an example by every check of the source, and then what accepts
// findings in it.
func judge(t testing.TB, text string, options dockerfile.Options) (found, own []checks.Result) {
	t.Helper()
	files, err := dockerfile.Example(text)
	if err != nil {
		t.Fatal(err)
	}
	s, err := dockerfile.Load(files, options)
	if err != nil {
		t.Fatal(err)
	}
	list := source.All()
	r := Read(input(t, files, s), today)
	found = r.Apply(checks.Run(checks.Select(list, checks.DefaultProfile), s))
	return found, r.Results(checks.DefaultProfile)
}

func input(t testing.TB, files fs.FS, s *dockerfile.Source) Input {
	t.Helper()
	project, err := compose.Load(files, s.Options())
	if err != nil {
		t.Fatal(err)
	}
	ofSource := checks.Rules(source.All())
	all := append(slices.Clone(ofSource), checks.Rule{ID: "image/healthcheck"}, checks.Rule{ID: "build/image"})
	return Input{Files: files, Options: s.Options(), Dockerfile: s, Compose: project, Names: checks.NamesOf(ofSource), AllNames: checks.NamesOf(all)}
}

func TestExamples(t *testing.T) {
	for _, check := range All() {
		for what, test := range map[string]struct {
			text string
			want checks.Status
		}{"good": {check.Good, checks.Pass}, "bad": {check.Bad, check.Severity.Status()}} {
			_, own := judge(t, test.text, dockerfile.Options{})
			i := slices.IndexFunc(own, func(res checks.Result) bool { return res.Check == check.ID })
			if own[i].Status != test.want {
				t.Errorf("%s, %s example: %s %s %+v, want %s", check.ID, what, own[i].Status, own[i].Detail, own[i].Findings, test.want)
			}
		}
	}
}

// accepted lists what was waived, and what is wrong with what waives.
func accepted(t *testing.T, text string, options dockerfile.Options) []string {
	t.Helper()
	found, own := judge(t, text, options)
	var lines []string
	for _, res := range found {
		if res.Status == checks.Error {
			t.Fatalf("%s: %s", res.Check, res.Detail)
		}
		for _, f := range res.Findings {
			if f.Status == checks.Waived {
				lines = append(lines, fmt.Sprintf("%d waived %s: %s", f.Location.Line, res.Check, f.Reason))
			}
		}
	}
	for _, res := range own {
		if res.Status == checks.Error {
			lines = append(lines, "error: "+res.Detail)
		}
		for _, f := range res.Findings {
			if f.Fix == "" || f.Status != f.Severity.Status() {
				t.Errorf("%s: %+v", res.Check, f)
			}
			l := f.Location
			lines = append(lines, fmt.Sprintf("%s:%d:%d-%d %s", l.Path, l.Line, l.Column, l.EndColumn, f.Message))
		}
	}
	slices.Sort(lines)
	return lines
}

func TestAccepted(t *testing.T) {
	const base = "FROM scratch\nUSER 65534\n"
	for name, test := range map[string]struct {
		text    string
		options dockerfile.Options
		want    []string
	}{
		"nothing": {text: base + "# imagegate is what judges this\nHEALTHCHECK NONE\n"},
		"reason": {
			text: base + "# imagegate:ignore source/healthcheck reason=it ends by itself\nHEALTHCHECK NONE\n",
			want: []string{"4 waived source/healthcheck: it ends by itself"},
		},
		"quoted, and still held": {
			text: base + "#imagegate:ignore source/healthcheck until=2026-11-25 reason=\"it ends\"\nHEALTHCHECK NONE\n",
			want: []string{"4 waived source/healthcheck: it ends"},
		},
		"until behind the reason": {
			text: base + "# imagegate:ignore source/healthcheck reason=it ends until=2027-01-01\nHEALTHCHECK NONE\n",
			want: []string{"4 waived source/healthcheck: it ends"},
		},
		"until within the reason": {
			text: base + "# imagegate:ignore source/healthcheck reason=held until monday, 2026-01-01\nHEALTHCHECK NONE\n",
			want: []string{"4 waived source/healthcheck: held until monday, 2026-01-01"},
		},
		"alias": {
			text: base + "# imagegate:ignore DL3057 reason=it ends\nHEALTHCHECK NONE\n",
			want: []string{"4 waived source/healthcheck: it ends"},
		},
		"other comments and blank lines between": {
			text: base + "# imagegate:ignore source/healthcheck reason=it ends\n# It converts.\n\nHEALTHCHECK NONE\n",
			want: []string{"6 waived source/healthcheck: it ends"},
		},
		"indented, CRLF": {
			text: "FROM scratch\r\nUSER 65534\r\n\t # imagegate:ignore source/healthcheck reason=it ends\r\n  HEALTHCHECK NONE\r\n",
			want: []string{"4 waived source/healthcheck: it ends"},
		},
		"escape": {
			text: "# escape=`\nFROM scratch\nUSER `\n  65534\n# imagegate:ignore source/healthcheck reason=it ends\nHEALTHCHECK `\n  NONE\n",
			want: []string{"6 waived source/healthcheck: it ends"},
		},
		"two checks": {
			text: "FROM scratch\n# imagegate:ignore source/healthcheck,source/user reason=a test\nFROM alpine:3.20.1\n",
			want: []string{"3 waived source/healthcheck: a test", "3 waived source/user: a test"},
		},
		"one of two names is unknown": {
			text: "FROM scratch\n# imagegate:ignore source/healthcheck,source/uses reason=a test\nFROM alpine:3.20.1\nUSER 1\n",
			want: []string{"3 waived source/healthcheck: a test", "Dockerfile:2:39-50 the comment names source/uses, and no check has that name"},
		},
		"one of two is unused": {
			text: "FROM scratch\n# imagegate:ignore source/healthcheck,source/user reason=a test\nFROM alpine:3.20.1\nUSER 1\n",
			want: []string{"3 waived source/healthcheck: a test", "Dockerfile:2:39-50 the comment accepts a finding of source/user, and there is none"},
		},
		"check whose findings cannot be accepted": {
			text: base + "# imagegate:ignore build/image reason=it breaks\nHEALTHCHECK NONE\n",
			want: []string{"Dockerfile:3:20-31 the comment names build/image, and what that finds cannot be accepted"},
		},
		"no check of the source": {
			text: base + "# imagegate:ignore image/healthcheck reason=a test\nHEALTHCHECK CMD /a\n",
			want: []string{"Dockerfile:3:20-37 the comment names image/healthcheck, which does not judge the source: a comment accepts nothing there"},
		},
		"no reason": {
			text: base + "# imagegate:ignore source/healthcheck\nHEALTHCHECK NONE\n",
			want: []string{"Dockerfile:3:1-38 the comment gives no reason to accept source/healthcheck, so that it accepts nothing"},
		},
		"empty reason": {
			text: base + "  # imagegate:ignore source/healthcheck reason= until=2027-01-01\nHEALTHCHECK NONE\n",
			want: []string{"Dockerfile:3:3-65 the comment gives no reason to accept source/healthcheck, so that it accepts nothing"},
		},
		"expired": {
			text: base + "# imagegate:ignore source/healthcheck reason=it ends until=2026-11-24\nHEALTHCHECK NONE\n",
			want: []string{"Dockerfile:3:1-70 the comment accepted source/healthcheck until 2026-11-24"},
		},
		"no date": {
			text: base + "# imagegate:ignore source/healthcheck reason=it ends until=2026-13-24\nHEALTHCHECK NONE\n",
			want: []string{"Dockerfile:3:1-70 the comment accepts nothing: until=2026-13-24 is no date"},
		},
		"another word for until": {
			text: base + "# imagegate:ignore source/healthcheck reason=it ends expires=2026-11-24\nHEALTHCHECK NONE\n",
			want: []string{`Dockerfile:3:1-72 the comment accepts nothing: "expires=2026-11-24" looks like a date that it ends on`},
		},
		"no name": {
			text: base + "# imagegate:ignore reason=it ends\nHEALTHCHECK NONE\n",
			want: []string{"Dockerfile:3:1-34 the comment accepts nothing: it names no check"},
		},
		"another key": {
			text: base + "# imagegate:ignore source/healthcheck because=it ends\nHEALTHCHECK NONE\n",
			want: []string{`Dockerfile:3:1-54 the comment accepts nothing: "because=it" is neither reason=… nor until=YYYY-MM-DD`},
		},
		"no key": {
			text: base + "# imagegate:ignore DL3057 because it is fine\nHEALTHCHECK NONE\n",
			want: []string{`Dockerfile:3:1-45 the comment accepts nothing: "because" is neither reason=… nor until=YYYY-MM-DD`},
		},
		"commas and spaces": {
			text: "FROM scratch\n# imagegate:ignore source/healthcheck, source/user reason=a test\n# imagegate:ignore source/base-version , DL3006 reason=a test\nFROM alpine\n",
			want: []string{"4 waived source/base-tag: a test", "4 waived source/healthcheck: a test", "4 waived source/user: a test", "Dockerfile:3:20-39 the comment accepts a finding of source/base-version, and there is none"},
		},
		"in capitals": {
			text: base + "# ImageGate:Ignore source/healthcheck reason=it ends\nHEALTHCHECK NONE\n",
			want: []string{"4 waived source/healthcheck: it ends"},
		},
		"with a dash": {
			text: base + "# imagegate-ignore source/healthcheck reason=it ends\nHEALTHCHECK NONE\n",
			want: []string{"Dockerfile:3:1-53 the comment accepts nothing: it does not start with imagegate:ignore or imagegate:ignore-file"},
		},
		"another verb": {
			text: base + "# imagegate:skip source/healthcheck reason=it ends\nHEALTHCHECK NONE\n",
			want: []string{"Dockerfile:3:1-51 the comment accepts nothing: it does not start with imagegate:ignore or imagegate:ignore-file"},
		},
		"in hadolint's manner": {
			text: base + "# imagegate ignore=source/healthcheck\nHEALTHCHECK NONE\n",
			want: []string{"Dockerfile:3:1-38 the comment accepts nothing: it does not start with imagegate:ignore or imagegate:ignore-file"},
		},
		"of another instruction": {
			text: "FROM scratch\n# imagegate:ignore source/healthcheck reason=it ends\nUSER 65534\nHEALTHCHECK NONE\n",
			want: []string{"Dockerfile:2:20-38 the comment accepts a finding of source/healthcheck, and there is none"},
		},
		"behind the last instruction": {
			text: base + "HEALTHCHECK NONE\n# imagegate:ignore source/healthcheck reason=it ends\n",
			want: []string{"Dockerfile:4:20-38 the comment accepts a finding of source/healthcheck, and there is none"},
		},
		"file": {
			text: base + "HEALTHCHECK NONE\n# imagegate:ignore-file source/healthcheck reason=it ends\n",
			want: []string{"3 waived source/healthcheck: it ends"},
		},
		"file, unused": {
			text: "# imagegate:ignore-file source/user reason=it ends\n" + base + "HEALTHCHECK CMD [\"/a\"]\n",
			want: []string{"Dockerfile:1:25-36 the comment accepts a finding of source/user, and there is none"},
		},
		"before the first instruction it is that instruction's": {
			text: "# imagegate:ignore source/healthcheck reason=it ends\n" + base + "HEALTHCHECK NONE\n",
			want: []string{"Dockerfile:1:20-38 the comment accepts a finding of source/healthcheck, and there is none"},
		},
		"within an instruction": {
			text: base + "HEALTHCHECK CMD [\"/a\"]\nRUN a \\\n  # imagegate:ignore source/verified-transport reason=a test\n  && curl -k https://a.b/c\n",
			want: []string{"6 waived source/verified-transport: a test"},
		},
		"within a heredoc": {
			text: "FROM scratch\nUSER 1\nCOPY <<EOF /a\n# imagegate:ignore source/healthcheck\nEOF\nHEALTHCHECK CMD [\"/a\"]\n",
		},
		"strict checks are not judged": {
			text: "# imagegate:ignore source/base-digest reason=a test\nFROM alpine:3.20.1\nUSER 1\nHEALTHCHECK CMD a\n",
		},
		"stages that are not judged": {
			text: "# imagegate:ignore source/base-tag reason=a test\nFROM alpine:3.20.1 AS other\nFROM alpine:3.20.1\nUSER 1\nHEALTHCHECK CMD a\n",
		},
		"build arguments": {
			text:    "ARG TAG=latest\n# imagegate:ignore source/base-tag reason=a test\nFROM alpine:$TAG\nUSER 1\nHEALTHCHECK CMD a\n",
			options: dockerfile.Options{BuildArgs: map[string]string{"TAG": "3.20.1"}},
		},
		"target": {
			text:    "# imagegate:ignore-file DL3057 reason=a test\nFROM alpine:3.20.1 AS a\nUSER 1\nHEALTHCHECK CMD a\nFROM a\nHEALTHCHECK NONE\n",
			options: dockerfile.Options{Target: "a"},
		},
		"a check without judgement": {
			text: "# imagegate:ignore source/user reason=a test\nFROM $BASE\nHEALTHCHECK CMD a\n",
		},

		"hadolint": {
			text: base + "# hadolint ignore=DL3002,DL3057\nHEALTHCHECK NONE\n",
			want: []string{"4 waived source/healthcheck: line 3 says # hadolint ignore=DL3002,DL3057"},
		},
		"hadolint, with a reason": {
			text: base + "#hadolint  ignore = DL3002 , DL3057 # it ends\nHEALTHCHECK NONE\n",
			want: []string{"4 waived source/healthcheck: it ends"},
		},
		"hadolint, of another instruction": {text: "FROM scratch\n# hadolint ignore=DL3057\nUSER 65534\nHEALTHCHECK NONE\n"},
		"hadolint, not as it reads it":     {text: base + "# hadolint ignore=DL3057 since it ends\nHEALTHCHECK NONE\n# hadolint ignored=DL3057\nEXPOSE 1\n"},
		"hadolint, ours and theirs": {
			text: base + "# hadolint ignore=DL3057\n# imagegate:ignore source/healthcheck reason=it ends\nHEALTHCHECK NONE\n",
			want: []string{"5 waived source/healthcheck: it ends"},
		},
		"hadolint, global": {
			text: "# hadolint global ignore=DL3057,SC2086\n" + base + "HEALTHCHECK NONE\n",
			want: []string{"4 waived source/healthcheck: line 1 says # hadolint global ignore=DL3057,SC2086"},
		},
		"trivy": {
			text: base + "# trivy:ignore:AVD-DS-0026 trivy:ignore:DS-0001\nHEALTHCHECK NONE\n",
			want: []string{"4 waived source/healthcheck: line 3 says # trivy:ignore:AVD-DS-0026 trivy:ignore:DS-0001"},
		},
		"trivy, old id": {
			text: base + "#trivy:ignore:DS026:exp:2026-11-25\nHEALTHCHECK NONE\n",
			want: []string{"4 waived source/healthcheck: line 3 says #trivy:ignore:DS026:exp:2026-11-25"},
		},
		"trivy, expired": {text: base + "#trivy:ignore:DS-0026:exp:2026-11-24\nHEALTHCHECK NONE\n"},
		"trivy, no date": {text: base + "#trivy:ignore:DS-0026:exp:soon\nHEALTHCHECK NONE\n"},
		"checkov": {
			text: "#checkov:skip=CKV_DOCKER_2: it ends\n" + base + "HEALTHCHECK NONE\n",
			want: []string{"4 waived source/healthcheck: it ends"},
		},
		"checkov, without a reason": {
			text: base + "HEALTHCHECK NONE\n# checkov:skip=CKV_DOCKER_2\n",
			want: []string{"3 waived source/healthcheck: line 4 says # checkov:skip=CKV_DOCKER_2"},
		},
		"BuildKit": {
			text: "# check=skip=StageNameCasing,JSONArgsRecommended;error=true\nFROM scratch AS Build\nUSER 1\nHEALTHCHECK CMD [\"a\"]\nENTRYPOINT a\n",
			want: []string{
				"2 waived buildkit/StageNameCasing: line 1 says # check=skip=StageNameCasing,JSONArgsRecommended;error=true",
				"5 waived source/exec-form: line 1 says # check=skip=StageNameCasing,JSONArgsRecommended;error=true",
			},
		},
		"BuildKit, all": {
			text: "# check=skip=all\nFROM scratch AS Build\nUSER 1\nHEALTHCHECK NONE\nWORKDIR x\n",
			want: []string{"2 waived buildkit/StageNameCasing: line 1 says # check=skip=all", "5 waived buildkit/WorkdirRelativePath: line 1 says # check=skip=all"},
		},
		"BuildKit, above an instruction": {
			text: "FROM scratch AS b\nUSER 1\nHEALTHCHECK CMD [\"a\"]\n# check=skip=WorkdirRelativePath it is /x\nWORKDIR x\nFROM b AS c\n",
			want: []string{"5 waived buildkit/WorkdirRelativePath: line 4 says # check=skip=WorkdirRelativePath it is /x"},
		},
		"BuildKit, within an instruction": {text: "FROM scratch\nUSER 1\nHEALTHCHECK CMD [\"a\"]\nENTRYPOINT \\\n# check=skip=JSONArgsRecommended\n a\n"},
		"by the id of a rule that we answer": {
			text: base + "HEALTHCHECK CMD [\"a\"]\n# imagegate:ignore buildkit/JSONArgsRecommended reason=a test\nENTRYPOINT a\n",
			want: []string{"5 waived source/exec-form: a test"},
		},

		"ignore file": {
			text: "-- Dockerfile --\nFROM scratch\nUSER 1\nHEALTHCHECK CMD [\"a\"]\nCOPY . .\n-- .dockerignore --\n# imagegate:ignore-file source/dockerignore reason=it is a template\n.git\n",
			want: []string{"0 waived source/dockerignore: it is a template", "0 waived source/dockerignore: it is a template"},
		},
		"ignore file, unused": {
			text: "-- Dockerfile --\nFROM scratch\nUSER 1\nHEALTHCHECK CMD [\"a\"]\n-- .dockerignore --\n# imagegate:ignore DL3057 reason=a test\n.git\n# imagegate:ignore\n",
			want: []string{
				".dockerignore:1:20-26 the comment accepts a finding of DL3057, and there is none",
				".dockerignore:3:1-19 the comment accepts nothing: it names no check",
			},
		},
		"the Dockerfile's comments are not the ignore file's": {
			text: "-- Dockerfile --\n# imagegate:ignore-file source/dockerignore reason=a test\nFROM scratch\nUSER 1\nHEALTHCHECK CMD [\"a\"]\nCOPY . .\n-- .dockerignore --\n.git\n",
			want: []string{"Dockerfile:1:25-44 the comment accepts a finding of source/dockerignore, and there is none"},
		},
		"an ignore file that is not there": {
			text: "-- Dockerfile --\nFROM scratch\nUSER 1\nHEALTHCHECK CMD [\"a\"]\n# imagegate:ignore source/dockerignore reason=CI checks out without\nCOPY . .\n",
			want: []string{"5 waived source/dockerignore: CI checks out without"},
		},
		"Compose file": {
			text: "-- Dockerfile --\nFROM scratch\nUSER 1\nHEALTHCHECK CMD [\"a\"]\n-- compose.yaml --\nservices:\n  # imagegate:ignore source/user\n  app: {}\n-- docker-compose.override.yml --\n# imagegate:ignore-file no/check reason=a test\n-- other.yaml --\n# imagegate:ignore\n",
			want: []string{
				"compose.yaml:2:3-33 the comment gives no reason to accept source/user, so that it accepts nothing",
				"docker-compose.override.yml:1:25-33 the comment names no/check, and no check has that name",
			},
		},

		"behind an instruction": {
			text: base + "HEALTHCHECK CMD [\"a\"]\nRUN a \\\n # imagegate:ignore source/user reason=a test\n && b # imagegate:ignore source/user reason=a test\n",
			want: []string{
				"Dockerfile:5:21-32 the comment accepts a finding of source/user, and there is none",
				"Dockerfile:6:7-51 the comment accepts nothing: it stands where Docker sees no comment",
			},
		},
		"in the heredoc of a RUN": {
			text: base + "HEALTHCHECK CMD [\"a\"]\nRUN <<EOF\n# imagegate:ignore source/user reason=a test\na\nEOF\nRUN cat <<EOF >/b\n# imagegate:ignore source/user reason=a test\nEOF\n",
			want: []string{"Dockerfile:5:1-45 the comment accepts nothing: it stands where Docker sees no comment"},
		},
		"in a text": {
			text: base + "HEALTHCHECK CMD [\"a\"]\nRUN echo 'a # imagegate:ignore b' # imagegate is what judges this\nLABEL a=\"b # imagegate:ignore c\"\n",
		},
		"behind a pattern": {
			text: "-- Dockerfile --\nFROM scratch\nUSER 1\nHEALTHCHECK CMD [\"a\"]\n-- .dockerignore --\n  .git # imagegate:ignore source/user reason=a test\na#b # c\n",
			want: []string{".dockerignore:1:8-52 the comment accepts nothing: it stands where Docker sees no comment"},
		},
		"Compose file, behind a value and in a block": {
			text: "-- Dockerfile --\nFROM scratch\nUSER 1\nHEALTHCHECK CMD [\"a\"]\n-- compose.yaml --\nservices:\n  app:\n    image: a # imagegate:ignore source/user\n    command: |\n      # imagegate:ignore source/user\n",
			want: []string{"compose.yaml:3:14-44 the comment gives no reason to accept source/user, so that it accepts nothing"},
		},
		"Compose files that others include and extend": {
			text: "-- Dockerfile --\nFROM scratch\nUSER 1\nHEALTHCHECK CMD [\"a\"]\n-- compose.yaml --\ninclude:\n- a/b.yaml\nservices:\n  app:\n    extends: {file: c/d.yaml, service: e}\n-- a/b.yaml --\n# imagegate:ignore no/b reason=a test\nservices: {f: {image: 'a:1'}}\n-- c/d.yaml --\n# imagegate:ignore no/d reason=a test\nservices: {e: {image: 'a:1'}}\n",
			want: []string{
				"a/b.yaml:1:20-24 the comment names no/b, and no check has that name",
				"c/d.yaml:1:20-24 the comment names no/d, and no check has that name",
			},
		},

		"waiver from the root on": {
			text: "-- Dockerfile --\n" + base + "HEALTHCHECK NONE\n-- imagegate.yaml --\nwaivers:\n- {check: DL3057, path: /Dockerfile, reason: it ends}\n",
			want: []string{"3 waived source/healthcheck: it ends"},
		},
		"waiver of a file that is not there": {
			text: "-- Dockerfile --\n" + base + "HEALTHCHECK CMD [\"a\"]\n-- imagegate.yaml --\nwaivers:\n- {check: DL3057, path: docker/Dockerfile, reason: it ends}\n- {check: DL3057, path: src, reason: it ends}\n-- src/a.c --\n",
			want: []string{"imagegate.yaml:2:3-0 the waiver is for docker/Dockerfile, and there is no such file: it accepts nothing"},
		},
		"waiver that another Dockerfile may need": {
			text: "-- Dockerfile --\n" + base + "HEALTHCHECK CMD [\"a\"]\n-- docker/dev.Dockerfile --\n-- imagegate.yaml --\nwaivers:\n- {check: DL3057, reason: it ends}\n- {check: DL3057, path: '**', reason: it ends}\n- {check: DL3057, path: Docker*, reason: it ends}\n",
			want: []string{"imagegate.yaml:4:11-17 the waiver accepts a finding of DL3057, and there is none"},
		},
		"policy of another name": {
			text: "-- Dockerfile --\n" + base + "HEALTHCHECK CMD [\"a\"]\n-- imagegate.yml --\nwaivers: []\n",
			want: []string{"imagegate.yml:0:0-0 the file is not read: the policy is called imagegate.yaml"},
		},
		"waiver": {
			text: "-- Dockerfile --\n" + base + "HEALTHCHECK NONE\n-- imagegate.yaml --\nwaivers:\n- check: CKV_DOCKER_2\n  reason: it ends\n  expires: 2026-11-25\n",
			want: []string{
				"3 waived source/healthcheck: it ends",
				"imagegate.yaml:2:3-0 the waiver accepts CKV_DOCKER_2 until 2026-11-25, and no longer",
			},
		},
		"waiver of another file": {
			text: "-- Dockerfile --\n" + base + "HEALTHCHECK NONE\n-- imagegate.yaml --\nwaivers:\n- check: source/healthcheck\n  path: '*.Dockerfile'\n  reason: it ends\n",
		},
		"waiver of a line": {
			text: "-- Dockerfile --\nFROM alpine:latest AS a\nFROM alpine:latest\nCOPY --from=a /a /a\n" + "USER 1\nHEALTHCHECK CMD [\"a\"]\n-- imagegate.yaml --\nwaivers:\n- {check: source/base-tag, path: 'Dockerfile:1', reason: a test}\n",
			want: []string{"1 waived source/base-tag: a test"},
		},
		"waiver of a subject": {
			text: "-- Dockerfile --\n" + base + "HEALTHCHECK NONE\nWORKDIR /a\nADD https://a.b/c https://a.b/d /a/\n-- imagegate.yaml --\nwaivers:\n- {check: source/remote-add, subject: 'https://a.b/c', reason: a test}\n- {check: DL3057, subject: other, reason: a test}\n",
			want: []string{"5 waived source/remote-add: a test", "imagegate.yaml:3:11-17 the waiver accepts a finding of DL3057, and there is none"},
		},
		"waivers that do not hold": {
			text: "-- Dockerfile --\n" + base + "HEALTHCHECK NONE\n-- imagegate.yaml --\nwaivers:\n- check: DL3057\n- {check: DL3057, reason: it ends, expires: 2026-11-24}\n- {check: DL3, reason: it ends}\n- {check: DL3002, path: Docker*, reason: it ends}\n",
			want: []string{
				"imagegate.yaml:2:3-0 the waiver gives no reason to accept DL3057, so that it accepts nothing",
				"imagegate.yaml:3:3-0 the waiver accepted DL3057 until 2026-11-24",
				"imagegate.yaml:4:11-14 the waiver names DL3, and no check has that name",
				"imagegate.yaml:5:11-17 the waiver accepts a finding of DL3002, and there is none",
			},
		},
		"policy that cannot be read": {
			text: "-- Dockerfile --\n" + base + "HEALTHCHECK NONE\n-- imagegate.yaml --\nwaivers:\n- check: DL3057\n  reasons: it ends\n",
			want: []string{`error: read the policy: imagegate.yaml:3:3: a waiver has no key "reasons": write reason`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, accepted(t, test.text, test.options)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestPolicyErrorBlocks judges by the most lenient profile.
func TestPolicyErrorBlocks(t *testing.T) {
	files, err := dockerfile.Example("-- Dockerfile --\nFROM scratch\n-- imagegate.yaml --\n[\n")
	if err != nil {
		t.Fatal(err)
	}
	s, err := dockerfile.Load(files, dockerfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	got := Read(input(t, files, s), today).Results(checks.MinimalProfile)
	if len(got) != 1 || got[0].Status != checks.Error || !strings.Contains(got[0].Detail, "the file is not YAML") {
		t.Errorf("got %+v", got)
	}
}

// TestLarge judges files full of comments, up to the size that is read at all.
func TestLarge(t *testing.T) {
	var distinct strings.Builder
	for i := 0; distinct.Len() < dockerfile.MaxFileSize-1000; i++ {
		fmt.Fprintf(&distinct, "# imagegate:ignore x%d,y%d reason=a\n", i, i)
	}
	fill := func(text string) string { return strings.Repeat(text, (dockerfile.MaxFileSize-50000)/len(text)) }
	exposed := strings.Repeat("EXPOSE 1/TCP\n", 1500)
	for name, text := range map[string]string{
		"unknown names": distinct.String() + "FROM scratch\n",
		"unused":        fill("# imagegate:ignore source/user reason=a\n") + "FROM scratch\nUSER 1\n",
		"whole file":    fill("# imagegate:ignore-file buildkit/ExposeProtoCasing reason=a\n") + "FROM scratch\n" + exposed,
		"names":         "# imagegate:ignore-file " + strings.Repeat("ExposeProtoCasing,", 3000) + " reason=a\nFROM scratch\n" + exposed,
		"one line":      "FROM scratch\n" + fill("RUN a "+strings.Repeat("# imagegate ", 4000)+"\n"),
		"plain":         fill("# this is a plain comment, which is not ours\n") + "FROM scratch\n" + exposed,
		"hadolint":      fill("# hadolint global ignore=DL3057,DL3002\n") + "FROM scratch\n" + exposed,
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, own := judge(t, "-- Dockerfile --\n"+text, dockerfile.Options{})
			if took := time.Since(start); took > time.Minute {
				t.Errorf("it took %s", took)
			}
			if n := len(own[0].Findings); n > maxProblems {
				t.Errorf("%d findings", n)
			}
		})
	}
}

func FuzzComment(f *testing.F) {
	for _, text := range []string{
		"# imagegate:ignore source/user,DL3002 reason=a b until=2027-01-01", "#imagegate:ignore-file x", "# hadolint global ignore=DL3000 # a",
		"# checkov:skip=CKV_DOCKER_3:a", "# trivy:ignore:DS-0002:exp:2027-01-01", "# imagegate ignore", "#",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !strings.HasPrefix(text, "#") {
			return
		}
		p, ok := parseOwn(text)
		for _, id := range p.ids {
			if !ok || !strings.HasPrefix(text[id.start:], id.text) {
				t.Errorf("%q is not at byte %d of %q", id.text, id.start, text)
			}
		}
		parseOther(text)
	})
}

// A name that no check of the source has says what to write instead.
func TestUnknownNameFix(t *testing.T) {
	for name, want := range map[string]string{
		"source/healthchek": "Write source/healthcheck, if that is meant; imagegate checks lists all checks",
		"image/healthchek":  "Write image/healthcheck, if that is meant; imagegate checks lists all checks",
		"image/healthcheck": "Accept it with a waiver in imagegate.yaml: check: image/healthcheck and a reason",
		"build/image":       "Remove build/image from the comment, and mend what it finds",
		"DL9":               "Write the id of a check, as in source/user, or the name that another tool gives it, as in DL3002",
	} {
		_, own := judge(t, "FROM scratch\nUSER 1\n# imagegate:ignore "+name+" reason=a test\nHEALTHCHECK NONE\n", dockerfile.Options{})
		if len(own[0].Findings) != 1 || own[0].Findings[0].Fix != want {
			t.Errorf("%s: %+v, want the fix %s", name, own[0].Findings, want)
		}
	}
}
