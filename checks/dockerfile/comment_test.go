package dockerfile

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestComments(t *testing.T) {
	const text = "\ufeff# check=skip=JSONArgsRecommended;error=true\r\n" +
		"# escape=`\r\n" +
		"\r\n" +
		"# check=skip=StageNameCasing behind the head it stands on FROM alone\r\n" +
		"ARG A=1\r\n" +
		"  # of é FROM  \r\n" +
		"\r\n" +
		"# of FROM, too\r\n" +
		"FROM alpine:3.20 AS Build\r\n" +
		"# of RUN\r\n" +
		"RUN a ` \r\n" +
		"\r\n" +
		"\t# check=skip=all within\r\n" +
		"   && b # no comment of ours\r\n" +
		"RUN a ``\r\n" +
		"# of the heredoc\r\n" +
		"COPY <<A <<B /x/\r\n" +
		"# content\r\n" +
		"A\r\n" +
		"# more\r\n" +
		"B\r\n" +
		"#\r\n" +
		"ONBUILD RUN a `\r\n" +
		" # of ONBUILD\r\n" +
		" b\r\n" +
		"FROM build\r\n" +
		"# check=nonsense\r\n" +
		"CMD a\r\n" +
		"# behind"
	s := load(t, "-- Dockerfile --\n"+text+"\n", Options{})
	var got []string
	for _, c := range s.Comments() {
		l := c.Location
		on := "nothing"
		if c.Instruction != nil {
			on = fmt.Sprintf("%s:%d", c.Instruction.Keyword, c.Instruction.Location.Line)
		}
		line := fmt.Sprintf("%d:%d-%d %s: %s", l.Line, l.Column, l.EndColumn, on, c.Text)
		if c.Directive {
			line += ", directive"
		}
		if c.Check != nil {
			line += fmt.Sprintf(", skips %v %v", c.Check.SkipAll, c.Check.SkipRules)
		}
		got = append(got, line)
	}
	want := []string{
		"1:1-44 ARG:5: # check=skip=JSONArgsRecommended;error=true, directive, skips false [JSONArgsRecommended]",
		"2:1-11 ARG:5: # escape=`",
		"4:1-69 ARG:5: # check=skip=StageNameCasing behind the head it stands on FROM alone, skips false [StageNameCasing]",
		"6:3-14 FROM:9: # of é FROM",
		"8:1-15 FROM:9: # of FROM, too",
		"10:1-9 RUN:11: # of RUN",
		"13:2-25 RUN:11: # check=skip=all within",
		"16:1-17 COPY:17: # of the heredoc",
		"22:1-2 ONBUILD:23: #",
		"24:2-14 ONBUILD:23: # of ONBUILD",
		"27:1-17 CMD:28: # check=nonsense",
		"29:1-9 nothing: # behind",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	if len(s.Lint().Findings["StageNameCasing"]) != 1 || len(s.Lint().Findings["JSONArgsRecommended"]) != 1 || len(s.Lint().Rejected) > 0 {
		t.Errorf("BuildKit's linter says %+v", s.Lint())
	}
}

func TestIgnoreComments(t *testing.T) {
	s := load(t, "-- Dockerfile --\nFROM a\n-- .dockerignore --\n\ufeff# one  \n # a pattern\n# two\n\n*.md\n# three\n", Options{})
	var got []string
	for _, c := range s.Ignore.Comments() {
		line := "nothing"
		if c.Line != nil {
			line = c.Line.Text
		}
		got = append(got, fmt.Sprintf("%s-%d %s: %s", c.Location, c.Location.EndColumn, c.Text, line))
	}
	want := []string{".dockerignore:1:1-6 # one: # a pattern", ".dockerignore:3:1-6 # two: *.md", ".dockerignore:6:1-8 # three: nothing"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
