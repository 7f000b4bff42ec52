package dockerfile

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/imagegate/imagegate/checks"
)

func load(t *testing.T, text string, options Options) *Source {
	t.Helper()
	s, err := Load(example(t, text), options)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func example(t *testing.T, text string) fs.FS {
	t.Helper()
	files, err := Example(text)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestLoadErrors(t *testing.T) {
	tests := map[string]struct {
		text    string
		options Options
		want    string
	}{
		"named, missing":  {"-- Dockerfile --\nFROM scratch\n", Options{Dockerfile: "Dockerfil"}, "--dockerfile=Dockerfil: there is no such file in the source"},
		"missing":         {"-- main.go --\n", Options{}, "no Dockerfile in the source: open Dockerfile: file does not exist; pass --dockerfile"},
		"missing given":   {"FROM scratch\n", Options{Dockerfile: "docker/prod"}, "docker/prod"},
		"outside":         {"FROM scratch\n", Options{Dockerfile: "../Dockerfile"}, "../Dockerfile: the Dockerfile is outside of the source"},
		"directory":       {"-- Dockerfile/x --\n", Options{}, "Dockerfile"},
		"empty":           {"-- Dockerfile --\n", Options{}, "Dockerfile:1: the file is empty"},
		"NUL":             {"FROM scratch\nCOPY ä\x00b /\n", Options{}, "Dockerfile:2:7: the file has a NUL character"},
		"UTF-16":          {"F\x00R\x00O\x00M\x00", Options{}, "Dockerfile:1:2: the file has a NUL character"},
		"only comments":   {"# nothing\n# here\n", Options{}, "file with no instructions"},
		"no FROM":         {"ARG A=1\n", Options{}, "Dockerfile:1: no FROM instruction"},
		"before FROM":     {"RUN a\nFROM scratch\n", Options{}, "Dockerfile:1: no build stage"},
		"unknown word":    {"FROM scratch\n\nRUM a\n", Options{}, "Dockerfile:3: unknown instruction: RUM (did you mean RUN?)"},
		"heredoc":         {"FROM scratch\nRUN <<EOF\na\n", Options{}, "Dockerfile:2: unterminated heredoc"},
		"check directive": {"# check=fail=yes\nFROM scratch\n", Options{}, `Dockerfile:1: invalid check option "fail"`},
		"target":          {"FROM scratch AS build\nFROM scratch AS prod\n", Options{Target: "test"}, `Dockerfile has no stage "test"; it has build, prod`},
		"target unnamed":  {"FROM scratch\n", Options{Target: "test"}, "it has no named stages"},
		"large":           {"FROM scratch\n#" + strings.Repeat("x", MaxFileSize), Options{}, "larger than"},
		"words":           {"FROM scratch\n" + strings.Repeat("ENV A=1\n", MaxWords), Options{}, "Dockerfile:2001: here the file goes beyond"},
		"variables":       {"FROM scratch\nENV" + strings.Repeat(" A=1", MaxWords), Options{}, "Dockerfile:2: here the file goes beyond"},
		"long line":       {"FROM scratch\nRUN " + strings.Repeat("x", 70000), Options{}, "line greater than"},
		"ignore file":     {"-- Dockerfile --\nFROM scratch\n-- .dockerignore --\na\nb[\n", Options{}, `.dockerignore:2: pattern "b["`},
		"ignore range":    {"-- Dockerfile --\nFROM scratch\n-- .dockerignore --\n# a\n[z-a]\n", Options{}, `.dockerignore:2: pattern "[z-a]"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Load(example(t, test.text), test.options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
		})
	}
}

// TestHostile reads what would take gigabytes or minutes if it were believed: an
// error that names the line, or a model, and the test's own limit if neither.
func TestHostile(t *testing.T) {
	chain := func(format string, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i+1, i, i)
		}
		return b.String()
	}
	within := func(n int, open, shut string) string {
		return "FROM a:1\nRUN " + strings.Repeat(open, n) + strings.Repeat(shut, n) + "\n"
	}
	for name, test := range map[string]struct{ text, want string }{
		"doubling ENV":        {"FROM a:1\nENV A0=0123456789\n" + chain("ENV A%d=${A%d}${A%d}\n", 60), "Dockerfile:"},
		"doubling global ARG": {"ARG A0=0123456789\n" + chain("ARG A%d=${A%d}${A%d}\n", 60) + "FROM a:1\n", "Dockerfile:"},
		"doubled in FROM":     {"ARG A=" + strings.Repeat("a", 60000) + "\nFROM a:" + strings.Repeat("$A", 30000) + "\n", "Dockerfile:2: here the variables expand"},
		"doubled in LABEL":    {"FROM a:1\nENV A=" + strings.Repeat("a", 60000) + "\nLABEL a=" + strings.Repeat("$A", 30000) + "\n", "Dockerfile:3: here the variables expand"},
		"ONBUILD":             {"FROM a:1 AS b\n" + strings.Repeat("ONBUILD RUN a\n", 1500) + strings.Repeat("FROM b\n", 20), "Dockerfile:1503: the triggers of ONBUILD"},
		"instructions":        {"FROM a:1\n" + strings.Repeat("RUN a\n", 100000), "Dockerfile:"},
		"megabytes":           {"FROM a:1\n" + strings.Repeat("# comment\n", 1<<20), "larger than"},
		"garbage":             {"\x00\x01\xff\xfe" + strings.Repeat("\x80\x00", 1000), "Dockerfile:1:"},
		"pipes":               {"FROM a:1\nRUN a" + strings.Repeat(" | a", 15000) + "\n", ""},
		"calls":               {"FROM a:1\nRUN " + strings.Repeat("a;", 30000) + "\n", ""},
		"subshells":           {within(30000, "(", ""), ""},
		"substitutions":       {within(20000, "$(", ")"), ""},
		"blocks":              {within(10000, "{ a;", "}"), ""},
		"shells":              {within(200, `sh -c "`, `"`), ""},
		"defaults":            {"FROM a:1\nLABEL a=" + strings.Repeat("${A:-", 10000) + strings.Repeat("}", 10000) + "\n", ""},
		"mounts":              {"FROM a:1\nRUN " + strings.Repeat("--mount=type=cache,target=/a ", 1900) + "a\n", ""},
		"cycle of stages":     {"FROM a:1 AS a\nCOPY --from=b / /x\nFROM a:1 AS b\nCOPY --from=a / /x\nFROM b\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Load(example(t, test.text), Options{})
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got error %v, want %q", err, test.want)
			case err == nil:
				s.Lint()
			}
		})
	}
}

func TestStages(t *testing.T) {
	s := load(t, `
ARG BASE=alpine
FROM ${BASE}:3.20 AS base
FROM base AS Build
COPY --from=tools:1 /t /t
RUN --mount=type=bind,from=base,target=/b true
FROM scratch AS unused
FROM $UNKNOWN AS other
FROM scratch
COPY --from=build /a /a
COPY --from=0 /a /b
COPY --from=7 /a /b
`, Options{})
	type stage struct {
		Name, Base string
		Refs       []string
		Reachable  bool
	}
	var got []stage
	for _, st := range s.Stages {
		g := stage{Name: st.Name, Reachable: st.Reachable}
		if st.Base != nil {
			g.Base = st.Base.Name
		}
		for _, ref := range st.References {
			image, isImage := ref.Image()
			switch {
			case ref.Stage != nil:
				g.Refs = append(g.Refs, "stage "+ref.Stage.String())
			case isImage:
				g.Refs = append(g.Refs, image)
			default:
				g.Refs = append(g.Refs, "no image "+ref.Name.Raw)
			}
		}
		got = append(got, g)
	}
	want := []stage{
		{"base", "", []string{"alpine:3.20"}, true},
		{"build", "base", []string{"stage base", "tools:1", "stage base"}, true},
		{"unused", "", []string{"no image scratch"}, false},
		{"other", "", []string{"no image $UNKNOWN"}, false},
		{"", "", []string{"no image scratch", "stage build", "stage base", "no image 7"}, true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s.Final.Index != 4 || s.Final.String() != "4" {
		t.Errorf("final stage is %s", s.Final)
	}
	if got := load(t, "FROM a:1 AS build\nFROM a:1\n", Options{Target: "BUILD"}).Final.Name; got != "build" {
		t.Errorf("target BUILD is stage %q", got)
	}
}

func TestExpand(t *testing.T) {
	unknown := Value{}
	known := func(text string) Value { return Value{Text: text, Known: true} }
	const head = `
ARG GLOBAL=g
ARG UNSET
ARG DERIVED=${GLOBAL}-x
FROM base AS one
ENV INHERITED=i
ARG ARG1=a1
FROM one
ARG GLOBAL
ARG UNSET
ARG OWN=own
ARG GIVEN=default
ARG TARGETARCH
ENV E1=v1
ENV E1=v2 E2=$E1
ENV FROM_BASE=$PATH:/x
LABEL probe=`
	for word, want := range map[string]Value{
		`plain`:              known("plain"),
		`"quo ted"`:          known("quo ted"),
		`$GLOBAL`:            known("g"),
		`${DERIVED}`:         unknown, // not declared in the stage
		`$UNSET`:             unknown,
		`${UNSET:-d}`:        known("d"),
		`${UNSET-d}`:         known("d"),
		`${UNSET:-$OWN}`:     known("own"),
		`${UNSET:-$PATH}`:    unknown,
		`${UNSET:-d}$UNSET`:  unknown,
		`${OWN}s`:            known("owns"),
		`$GIVEN`:             known("build arg"),
		`$TARGETARCH`:        unknown,
		`${TARGETARCH:-x}`:   unknown,
		`$INHERITED$ARG1`:    known("ia1"),
		`$E1`:                known("v2"),
		`$E2`:                known("v1"), // the value before its own instruction
		`$FROM_BASE`:         unknown,
		`${FROM_BASE:-x}`:    unknown,
		`$NODE_VERSION`:      unknown,
		`${NODE_VERSION:-1}`: unknown, // the base image may have it
		`\$E1`:               known("$E1"),
		`'$E1'`:              known("$E1"),
		`${E1#v}`:            known("2"),
	} {
		s := load(t, head+"x\n", Options{BuildArgs: map[string]string{"GIVEN": "build arg"}})
		in := s.Final.Instructions[len(s.Final.Instructions)-1]
		want.Raw = word
		if got := in.Expand(word); got != want {
			t.Errorf("%s: got %+v, want %+v", word, got, want)
		}
	}
	if got := load(t, "ARG A=1\nARG B=${A}2\nFROM x:$B\n", Options{}).Final.BaseName.Text; got != "x:12" {
		t.Errorf("base is %q", got)
	}
	if got := load(t, "FROM x-$TARGETARCH\n", Options{BuildArgs: map[string]string{"TARGETARCH": "arm64"}}).Final.BaseName.Text; got != "x-arm64" {
		t.Errorf("base is %q", got)
	}
}

func TestConfig(t *testing.T) {
	s := load(t, `
FROM alpine:3.20 AS base
ENV A=1 B=1
USER app
CMD ["inherited"]
HEALTHCHECK CMD true
ONBUILD ENV T=trigger
ONBUILD STOPSIGNAL SIGQUIT
FROM base
ENV B=2
SHELL ["/bin/bash", "-c"]
ENTRYPOINT ["app"]
`, Options{})
	config := s.Final.Config
	if config.User == nil || config.User.Command.(*instructions.UserCommand).User != "app" {
		t.Error("USER is not inherited")
	}
	if config.Cmd != nil {
		t.Error("CMD is not reset by ENTRYPOINT")
	}
	if config.Entrypoint == nil || config.Healthcheck == nil || config.Shell == nil {
		t.Errorf("missing settings: %+v", config)
	}
	if config.StopSignal == nil || !config.StopSignal.Trigger || config.StopSignal.Location.Line != 8 {
		t.Errorf("ONBUILD STOPSIGNAL is not applied: %+v", config.StopSignal)
	}
	var env []string
	for _, v := range s.Final.Env() {
		env = append(env, v.Name+"="+v.Value.Text)
	}
	if diff := cmp.Diff([]string{"A=1", "B=2", "T=trigger"}, env); diff != "" {
		t.Error(diff)
	}
	if got := load(t, "FROM a:1 AS b\nCMD [\"x\"]\nFROM b\nCMD [\"y\"]\nENTRYPOINT [\"z\"]\n", Options{}).Final.Config.Cmd; got == nil {
		t.Error("CMD of the same stage is reset by ENTRYPOINT")
	}
}

func TestLocations(t *testing.T) {
	unix := "FROM alpine:3.20\n  RUN echo grüße && \\\n    npm ci\nRUN <<EOF\n  npm ci\nEOF\nENV A=1 \\\n  # note\n  LONG_A=2\n"
	for name, text := range map[string]string{
		"unix": unix,
		"crlf": strings.ReplaceAll(unix, "\n", "\r\n"),
		"bom":  "\ufeff" + unix,
	} {
		t.Run(name, func(t *testing.T) {
			s := load(t, text, Options{})
			at := func(line, column, endLine, endColumn int) checks.Location {
				return checks.Location{Path: "Dockerfile", Line: line, Column: column, EndLine: endLine, EndColumn: endColumn}
			}
			run, heredoc, env := s.Final.Instructions[0], s.Final.Instructions[1], s.Final.Instructions[2]
			got := map[string]checks.Location{
				"FROM":    s.Final.From.Location,
				"image":   s.Final.From.Find("alpine:3.20"),
				"RUN":     run.Location,
				"heredoc": heredoc.Location,
				"A":       env.Find("A"),
				"LONG_A":  env.Find("LONG_A"),
				"absent":  env.Find("B"),
			}
			want := map[string]checks.Location{
				"FROM":    at(1, 1, 1, 17),
				"image":   at(1, 6, 1, 17),
				"RUN":     at(2, 3, 3, 11),
				"heredoc": at(4, 1, 6, 4),
				"A":       at(7, 5, 7, 6),
				"LONG_A":  at(9, 3, 9, 9),
				"absent":  at(7, 1, 9, 11),
			}
			for i, in := range []*Instruction{run, heredoc} {
				if n := len(in.Calls); n == 0 {
					t.Fatalf("RUN %d has no calls: %v", i, in.ShellError)
				}
			}
			got["echo"], want["echo"] = run.Calls[0].Location, at(2, 7, 2, 17)
			got["npm"], want["npm"] = run.Calls[1].Location, at(3, 5, 3, 11)
			got["npm in heredoc"], want["npm in heredoc"] = heredoc.Calls[0].Location, at(5, 3, 5, 9)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCalls(t *testing.T) {
	for run, want := range map[string][]string{
		`RUN npm ci`: {"npm ci"},
		`RUN cd app && CI=1 npm ci --omit=dev; echo "a b"`: {"cd app", "npm ci --omit=dev", "echo a b"},
		`RUN ["npm", "ci"]`:                  {"npm ci"},
		`RUN ["sh", "-c", "npm ci && true"]`: {"npm ci", "true"},
		`RUN bash -euc 'npm ci'`:             {"npm ci"},
		`RUN sudo -u node env A=1 npm ci`:    {"npm ci"},
		`RUN env`:                            {"env"},
		`RUN bash -o pipefail -ec "a | b"`:   {"a", "b"},
		`RUN timeout -k 5 30 npm ci`:         {"npm ci"},
		`RUN sh script.sh -c x`:              {"sh script.sh -c x"},
		`CMD ["tini", "-g", "--", "su-exec", "app", "node", "a.js"]`:                 {"node a.js"},
		`CMD ["dumb-init", "node", "a.js"]`:                                          {"node a.js"},
		`ENTRYPOINT exec gosu app node a.js`:                                         {"node a.js"},
		"CMD a && \\\n  exec b":                                                      {"a", "b"},
		"HEALTHCHECK --interval=5s \\\n  --retries=3 CMD curl -f http://x || exit 1": {"curl -f http://x", "exit 1"},
		`HEALTHCHECK CMD ["curl", "-f", "http://x"]`:                                 {"curl -f http://x"},
		`RUN if [ -f x ]; then npm ci; fi`:                                           {"[ -f x ]", "npm ci"},
		`RUN x=$(git rev-parse HEAD)`:                                                {"git rev-parse HEAD"},
		`RUN pip install "$PKG" ${V}`:                                                {"pip install $PKG ${V}"},
		"RUN --mount=type=cache,target=/c --network=none \\\n  npm ci":               {"npm ci"},
		"RUN --mount=type=cache,target=/c \\\n  --network=none npm ci":               {"npm ci"},
		"RUN a && \\\n# note\n\n  b":                                                 {"a", "b"},
		"RUN a && \\  \n  b":                                                         {"a", "b"},
		"RUN a \\\n# end":                                                            {"a"},
		"RUN npm \\\n  ci":                                                           {"npm ci"},
		"RUN cat <<EOF > f && b\nnpm ci\nEOF":                                        {"cat", "b"},
		"RUN <<-EOF\n\ta\n\tb\nEOF":                                                  {"a", "b"},
		"RUN <<EOF\n#!/bin/bash -e\na\nEOF":                                          {"a"},
		"RUN <<EOF\n#!/usr/bin/env python3\nimport os\nEOF":                          nil,
		"SHELL [\"powershell\", \"-c\"]\nRUN npm ci":                                 nil,
		"RUN (": nil,
		"RUN echo " + strings.Repeat("x", 40000) + "\\\n" + strings.Repeat("x", 40000): nil,
	} {
		s := load(t, "FROM x:1\n"+run+"\n", Options{})
		in := s.Final.Instructions[len(s.Final.Instructions)-1]
		var got []string
		for _, call := range in.Calls {
			got = append(got, call.String())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.60s: %v\n%s", run, in.ShellError, diff)
		}
		if want == nil && in.ShellError == nil {
			t.Errorf("%.60s: no reason for no calls", run)
		}
	}
}

func TestCallsInContext(t *testing.T) {
	s := load(t, `
FROM x:1
RUN curl -fsSL https://x.example/i.sh | tee log | sudo -E bash -s -- -y && a | b
CMD ["sh", "-c", "a && exec su-exec app b"]
`, Options{})
	run, cmd := s.Final.Instructions[0], s.Final.Instructions[1]
	type context struct {
		Call, Input string
		Through     []string
	}
	var got []context
	for _, call := range append(run.Calls, cmd.Calls...) {
		c := context{call.String(), "", call.Through}
		for _, in := range call.Input {
			c.Input = strings.TrimSpace(c.Input + " " + in.Program())
		}
		got = append(got, c)
	}
	want := []context{
		{"curl -fsSL https://x.example/i.sh", "", nil},
		{"tee log", "curl", nil},
		{"bash -s -- -y", "curl tee", []string{"sudo"}},
		{"a", "", nil},
		{"b", "a", nil},
		{"a", "", []string{"sh"}},
		{"b", "", []string{"sh", "exec", "su-exec"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if run.Script == nil || cmd.Script != nil || cmd.Calls[0].Script == nil {
		t.Error("a RUN in shell form has a script, a CMD in exec form has the one of its call")
	}
	health := load(t, "FROM x:1\nHEALTHCHECK --interval=5s CMD curl -f x\n", Options{}).Final.Config.Healthcheck
	if at, want := health.Calls[0].Location, (checks.Location{Path: "Dockerfile", Line: 2, Column: 31, EndLine: 2, EndColumn: 40}); at != want {
		t.Errorf("the call of the HEALTHCHECK is at %+v, want %+v", at, want)
	}
}

func TestWindows(t *testing.T) {
	for base, want := range map[string]bool{
		"mcr.microsoft.com/windows/servercore:ltsc2022":                     true,
		"mcr.microsoft.com/dotnet/aspnet:9.0.0-nanoserver-ltsc2022":         true,
		"mcr.microsoft.com/dotnet/framework/aspnet:4.8.1-windowsservercore": true,
		"mcr.microsoft.com/dotnet/aspnet:9.0.0-noble-chiseled":              false,
		"debian:12": false,
	} {
		s := load(t, "# escape=`\nFROM "+base+"\nWORKDIR C:\\app\n", Options{})
		relative := len(s.Lint().Findings["WorkdirRelativePath"]) > 0
		if s.Windows() != want || relative == want {
			t.Errorf("%s: for Windows %v, WORKDIR relative %v", base, s.Windows(), relative)
		}
	}
}

func TestBefore(t *testing.T) {
	s := load(t, "FROM x:1 AS a\nUSER app\nFROM a\nRUN x\nUSER root\nRUN y\n", Options{})
	for i, want := range map[int]string{0: "app", 2: "root"} {
		if got := s.Final.Instructions[i].Before.User.Command.(*instructions.UserCommand).User; got != want {
			t.Errorf("instruction %d finds USER %s, want %s", i, got, want)
		}
	}
}

func TestIgnoreFile(t *testing.T) {
	for name, test := range map[string]struct {
		text, dockerfile, path string
		excluded               bool
	}{
		"none":             {"FROM scratch\n", "", "", false},
		"context":          {"-- Dockerfile --\nFROM scratch\n-- .dockerignore --\n.git\n", "", ".dockerignore", true},
		"beside":           {"-- b/prod --\nFROM scratch\n-- b/prod.dockerignore --\n.git\n-- .dockerignore --\nx\n", "b/prod", "b/prod.dockerignore", true},
		"empty goes first": {"-- prod --\nFROM scratch\n-- prod.dockerignore --\n-- .dockerignore --\n.git\n", "prod", "prod.dockerignore", false},
		"taken back":       {"-- Dockerfile --\nFROM scratch\n-- .dockerignore --\n*\n!.git\n", "", ".dockerignore", false},
		"crlf":             {"-- Dockerfile --\nFROM scratch\n-- .dockerignore --\n.git\r\n", "", ".dockerignore", true},
		"bom":              {"-- Dockerfile --\nFROM scratch\n-- .dockerignore --\n\ufeff.git\n", "", ".dockerignore", true},
	} {
		s := load(t, test.text, Options{Dockerfile: test.dockerfile})
		excluded, err := s.Ignore.Excludes(".git/HEAD")
		if err != nil || s.Ignore.Path != test.path || excluded != test.excluded {
			t.Errorf("%s: %q excludes .git: %v, %v", name, s.Ignore.Path, excluded, err)
		}
	}
}

func TestCopy(t *testing.T) {
	s := load(t, `
FROM x:1 AS a
FROM x:1
ARG DIR=src
COPY ./ /app
ADD --exclude=*.md . https://example.com/x.tar.gz $DIR/./lib /app/
COPY --from=a . /app
COPY $UNKNOWN *.json /../up /app/
COPY <<EOF /etc/x
EOF
`, Options{})
	var got [][]string
	for _, c := range s.Final.Copies() {
		got = append(got, c.ContextPaths())
	}
	if diff := cmp.Diff([][]string{{"."}, {".", "src/lib"}, nil, {"*.json", "up"}, nil}, got); diff != "" {
		t.Error(diff)
	}
	if add := s.Final.Copies()[1]; !add.TakesContext() || !add.Excludes("README.md") || add.Excludes("main.go") {
		t.Errorf("ADD is read as %+v", add)
	}
}

func TestExampleErrors(t *testing.T) {
	for name, text := range map[string]string{
		"text before the first file": "FROM scratch\n-- Dockerfile --\nFROM scratch\n",
		"path outside":               "-- ../Dockerfile --\nFROM scratch\n",
	} {
		if _, err := Example(text); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestIgnoreLines(t *testing.T) {
	s := load(t, "-- Dockerfile --\nFROM a\n-- .dockerignore --\n\ufeff# comment\n./a/\n\n  !a/b \r\n # no comment\n", Options{})
	var got []string
	for _, line := range s.Ignore.Lines {
		got = append(got, line.Location.String()+" "+line.Text+" "+line.Pattern)
		if line.Location.EndColumn-line.Location.Column != len(line.Text) {
			t.Errorf("%+v does not end behind its text", line)
		}
	}
	want := []string{".dockerignore:2:1 ./a/ a", ".dockerignore:4:3 !a/b a/b", ".dockerignore:5:2 # no comment # no comment"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]int{"a": 2, "a/c/d": 2, "a/b": 0, "a/b/c": 0, "d": 0} {
		line, ok := s.Ignore.Decides(name)
		if ok != (want > 0) || ok && line.Location.Line != want {
			t.Errorf("%s is decided by %+v, %v", name, line, ok)
		}
	}
}

func TestFiles(t *testing.T) {
	s := load(t, `
-- Dockerfile --
FROM a
-- .dockerignore --
docs
data
!data/kept/x.txt
*/deep/*/no
-- docs/a.md --
-- data/kept/x.txt --
-- data/other/y.txt --
-- src/main.go --
-- src/deep/one/no/z.txt --
-- src/deep/one/yes/z.txt --
-- web/node_modules/a/index.js --
`, Options{})
	want := []string{".dockerignore", "Dockerfile", "src/main.go", "data/kept/x.txt", "src/deep/one/yes/z.txt"}
	if diff := cmp.Diff(want, s.Files()); diff != "" {
		t.Error(diff)
	}
}

func TestRequired(t *testing.T) {
	tests := map[string]struct {
		text string
		want []string
	}{
		"article": {`FROM a AS build
FROM a
# Document required vars (will fail at runtime if missing)
# DATABASE_URL - PostgreSQL connection string
# JWT_SECRET - Secret for signing JWTs
# Required: DATABASE_URL, JWT_SECRET
`, []string{"6:13 DATABASE_URL: PostgreSQL connection string", "6:27 JWT_SECRET: Secret for signing JWTs"}},
		"list below":      {"FROM a\n# Required environment variables:\n#   - DATABASE_URL: where the data is\n#   - JWT_SECRET\n# and more\n# OTHER - no\n", []string{"3:7 DATABASE_URL: where the data is", "4:7 JWT_SECRET: "}},
		"label":           {"FROM a\nLABEL io.imagegate.required=\"A_URL,B_URL C_URL\"\n", []string{"2:30 A_URL: ", "2:36 B_URL: ", "2:42 C_URL: "}},
		"remarks":         {"# required: A_URL (a, b) and B_URL, `C_URL`.\nFROM a\n", []string{"1:13 A_URL: ", "1:30 B_URL: ", "1:38 C_URL: "}},
		"once":            {"# Required: A_URL\nFROM a\n# Required: A_URL, B_URL\n", []string{"1:13 A_URL: ", "3:20 B_URL: "}},
		"base stage":      {"FROM a AS base\n# Required: A_URL\nFROM base\n", []string{"2:13 A_URL: "}},
		"above FROM":      {"FROM a AS build\nRUN b\n\n# Required: A_URL\nFROM a\n", []string{"4:13 A_URL: "}},
		"prose":           {"FROM a\n# Required: set A_URL first\n# Required for A_URL: B_URL\n# It is Required: C_URL\n# Required: NONE\n", nil},
		"other stage":     {"FROM a AS build\n# Required: NPM_TOKEN\nRUN b\nFROM a\n", nil},
		"within RUN":      {"FROM a\nRUN a \\\n# Required: A_URL\n b\nRUN <<E\n# Required: B_URL\nE\n", nil},
		"without heading": {"FROM a\n# A_URL - optional\n", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, v := range load(t, "-- Dockerfile --\n"+test.text, Options{}).Required() {
				got = append(got, strings.TrimPrefix(v.Location.String(), "Dockerfile:")+" "+v.Name+": "+v.Description)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestScripts(t *testing.T) {
	s := load(t, "FROM a:1\n"+
		"RUN make && bash -ec 'a; b' && sudo sh -c 'c' || sh -c 'd | e'\n"+
		"RUN [\"bash\", \"-o\", \"pipefail\", \"-c\", \"a | b\"]\n"+
		"RUN [\"make\"]\n"+
		"RUN <<EOF\n#!/usr/bin/env -S bash -e\na\nEOF\n", Options{})
	var got []string
	for _, in := range s.Final.Instructions {
		shells := "none"
		for i, script := range in.Scripts() {
			if i == 0 {
				shells = ""
			}
			shells += fmt.Sprintf("%q", script.Shell)
		}
		got = append(got, shells)
	}
	want := []string{
		`[]["bash" "-ec" "a; b"]["sh" "-c" "c"]["sh" "-c" "d | e"]`,
		`["bash" "-o" "pipefail" "-c" "a | b"]`,
		"none",
		`["bash" "-e"]`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
