package main

import (
	"bytes"
	"errors"
	"flag"
	"runtime/debug"
	"strings"
	"testing"
)

// TestHelp wants each command, and each of its flags, to say what it is for.
func TestHelp(t *testing.T) {
	for _, c := range commands() {
		_, err := c.run([]string{"-h"}, nil, nil)
		var asked *helpError
		if !errors.As(err, &asked) {
			t.Fatalf("%s -h: %v", c.name, err)
		}
		if !strings.HasSuffix(c.title, ".") || !strings.HasSuffix(c.about, ".\n") {
			t.Errorf("%s is not explained in sentences: %s %s", c.name, c.title, c.about)
		}
		help := c.help(asked.flags)
		asked.flags.VisitAll(func(f *flag.Flag) {
			value, sentence := flag.UnquoteUsage(f)
			boolean, _ := f.Value.(interface{ IsBoolFlag() bool })
			switch {
			case len(strings.Fields(sentence)) < 5 || !strings.HasSuffix(sentence, "."):
				t.Errorf("%s --%s is not explained in a sentence: %q", c.name, f.Name, sentence)
			case (value == "") != (boolean != nil) || value == "string" || value == "value":
				t.Errorf("%s --%s takes a %q", c.name, f.Name, value)
			case !strings.Contains(help, "\n  "+strings.TrimSpace("--"+f.Name+" "+value)+"\n        "):
				t.Errorf("%s --%s is not in the help:\n%s", c.name, f.Name, help)
			}
		})
		for line := range strings.Lines(help) {
			if len([]rune(line)) > 100 || strings.TrimRight(line, " \n")+"\n" != line {
				t.Errorf("%s has the line %q", c.name, line)
			}
		}
		for _, args := range [][]string{{"help", c.name}, {c.name, "--help"}, {c.name, "x", "-help"}} {
			var out, errs bytes.Buffer
			if status := run(args, nil, &out, &errs); status != exitClean || out.String() != help || errs.Len() > 0 {
				t.Errorf("%q ends with status %d and prints %s%s", args, status, &out, &errs)
			}
		}
		if !strings.Contains(usage(), "\n  imagegate "+c.name) {
			t.Errorf("the usage leaves out %s", c.name)
		}
	}
}

func TestVersion(t *testing.T) {
	of := func(version string) *debug.BuildInfo { return &debug.BuildInfo{Main: debug.Module{Version: version}} }
	for _, test := range []struct {
		info *debug.BuildInfo
		ok   bool
		want string
	}{
		{of("v0.1.0"), true, "v0.1.0"},
		{of("(devel)"), true, "(devel)"},
		{of(""), true, "(devel)"},
		{nil, false, "(devel)"},
	} {
		if got := version(test.info, test.ok); got != test.want {
			t.Errorf("%+v is %s, want %s", test.info, got, test.want)
		}
	}
	for _, arg := range []string{"--version", "-version", "version"} {
		var out, errs bytes.Buffer
		if status := run([]string{arg}, nil, &out, &errs); status != exitClean || !strings.HasPrefix(out.String(), "imagegate ") || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("%s ends with status %d and prints %s%s", arg, status, &out, &errs)
		}
	}
}
