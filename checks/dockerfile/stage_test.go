package dockerfile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChain(t *testing.T) {
	s := load(t, "FROM a:1 AS base\nFROM b:1 AS build\nFROM base AS run\nCOPY --from=build /a /a\nFROM run\n", Options{})
	var got []string
	for _, stage := range s.Final.Chain() {
		got = append(got, stage.String())
	}
	if diff := cmp.Diff([]string{"base", "run", "3"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestDir(t *testing.T) {
	s := load(t, `
FROM a:1 AS base
ARG WHERE
RUN here
WORKDIR lib
RUN here
WORKDIR /srv/
RUN here
WORKDIR app
RUN here
FROM base
RUN here
WORKDIR $WHERE
RUN here
FROM scratch
RUN here
WORKDIR a
RUN here
`, Options{})
	var got []string
	for _, stage := range s.Stages {
		for _, in := range stage.Instructions {
			if in.Keyword == "RUN" {
				got = append(got, in.Dir.Text)
			}
		}
	}
	if diff := cmp.Diff([]string{"", "", "/srv", "/srv/app", "/srv/app", "", "/", "/a"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestVariable(t *testing.T) {
	s := load(t, "FROM a:1\nARG A\nENV B=b\nENV C=$B\nRUN one \\\n  two\nENV D=d\n", Options{})
	run := s.Final.Instructions[3]
	for name, want := range map[string]string{"A": "unknown", "B": "b", "C": "b", "D": "unset", "PATH": "unset"} {
		got := "unset"
		if v, ok := run.Variable(name); ok && v.Known {
			got = v.Text
		} else if ok {
			got = "unknown"
		}
		if got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if got := strings.Join(run.Text(), "|"); got != `RUN one \|  two` {
		t.Errorf("text %q", got)
	}
}
