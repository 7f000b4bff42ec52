package dockerfile

import (
	"strings"
	"testing"
	"testing/fstest"

	"mvdan.cc/sh/v3/syntax"

	"github.com/imagegate/imagegate/checks"
)

// FuzzScript reads a text as a script of the build context, as a shell's -c and as
// a RUN: what each calls has to stand in the text.
func FuzzScript(f *testing.F) {
	for _, text := range []string{
		"#!/bin/sh\nset -e\nexec \"$@\"\n",
		"a && b || c; d | e &\n(f; g) > h\n",
		"sudo -u app env -i A=b nice -n 5 sh -c 'a \"b c\" && exec d'",
		"gosu app tini -g -- dumb-init sh -ec \"sh -c 'a; b'\"",
		"for a in $(b); do c \"${d:-e}\"; done <<F\n$(g)\nF\n",
		"case $1 in a) b;; *) exec c \"$@\";; esac; d() { e; }; d",
		"if ! a; then b; fi; [[ $c =~ d ]] && e=(f g)\r\n",
		"xargs -0 -n 1 sh -c", "env", "exec", "a \\\n  b\\\n", "\xff\x00", "$((", "<<A", "'", "su - app -c",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		whole := checks.Location{Path: "Dockerfile", Line: 1, Column: 1, EndLine: 1, EndColumn: 2}
		if _, err := CallsOf(strings.Fields("x "+text), whole); err != nil && err.Error() == "" {
			t.Error("an error without a text")
		}
		s, err := Load(fstest.MapFS{
			"Dockerfile": {Data: []byte("FROM a\nRUN <<'EOF'\n" + text + "\nEOF\n")},
			"script":     {Data: []byte(text)},
		}, Options{})
		if err == nil {
			for _, in := range s.Final.Instructions {
				hold(t, in.Calls, "Dockerfile", s.Lines)
			}
		} else {
			s, err = Load(fstest.MapFS{"Dockerfile": {Data: []byte("FROM a\n")}, "script": {Data: []byte(text)}}, Options{})
			if err != nil {
				t.Fatal(err)
			}
		}
		script, err := s.ReadScript("script")
		if err != nil {
			return
		}
		lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
		syntax.Walk(script.File, func(node syntax.Node) bool {
			if call, ok := node.(*syntax.CallExpr); ok {
				calls, _ := script.CallsOf(call)
				hold(t, calls, "script", lines)
			}
			return true
		})
	})
}

// hold wants of every call that it has a program and a place in the file.
func hold(t *testing.T, calls []Call, path string, lines []string) {
	t.Helper()
	for _, call := range calls {
		at := call.Location
		if len(call.Words) == 0 || at.Path != path || at.Line < 1 || at.EndLine < at.Line || at.EndLine > len(lines) || at.Column < 1 ||
			at.EndLine == at.Line && at.EndColumn < at.Column {
			t.Errorf("%q is at %+v of %d lines", call.Words, at, len(lines))
		}
	}
}
