package dockerfile

import (
	"slices"
	"testing"
	"testing/fstest"
)

func TestReadScript(t *testing.T) {
	s, err := Load(fstest.MapFS{
		"Dockerfile": {Data: []byte("FROM a\nCOPY <<'A' <<\"B\" <<C /x/\n#!/bin/sh\none\nA\n#!/usr/bin/perl\nprint 1\nB\n$two\nC\n")},
		"run.sh":     {Data: []byte("#!/usr/bin/env bash\r\nset -e\r\nexec app --serve\r\n")},
		"plain":      {Data: []byte("app\n")},
		"app.py":     {Data: []byte("#!/usr/bin/env python3\n")},
		"broken":     {Data: []byte("#!/bin/sh\nif app\n")},
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	script, err := s.ReadScript("run.sh")
	if err != nil || !slices.Equal(script.Shell, []string{"bash"}) {
		t.Fatalf("%v %+v", err, script)
	}
	calls, err := script.calls()
	if err != nil || len(calls) != 2 || calls[1].String() != "app --serve" || calls[1].Location.String() != "run.sh:3:1" {
		t.Errorf("%v %+v", err, calls)
	}
	if script, err := s.ReadScript("plain"); err != nil || script.Shell != nil {
		t.Errorf("plain: %v %+v", err, script)
	}
	for _, name := range []string{"app.py", "broken", "missing"} {
		if script, err := s.ReadScript(name); err == nil || script != nil {
			t.Errorf("%s: %v %+v", name, err, script)
		}
	}

	// One is for Perl, and one has a variable that the Dockerfile expands.
	heredocs := s.Final.Instructions[0].Heredocs()
	if len(heredocs) != 1 || heredocs["A"] == nil {
		t.Fatalf("%+v", heredocs)
	}
	if where := heredocs["A"].Location(heredocs["A"].File.Stmts[0]); where.String() != "Dockerfile:4:1" {
		t.Errorf("the heredoc's call is at %s", where)
	}
}
