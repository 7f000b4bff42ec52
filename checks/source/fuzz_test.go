package source

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/dockerfile"
)

func FuzzLoad(f *testing.F) {
	for _, check := range everyCheck() {
		f.Add(check.Good, "build", "1")
		f.Add(check.Bad, "", "")
	}
	f.Add(sixtyLines, "production", "22")
	f.Add("\ufeffFROM a\r\nONBUILD COPY --from=0 . .\r\nFROM 0\r\n", "", "")
	f.Add("# escape=`\nFROM a AS b\nFROM b AS b\nCOPY --from=b . `\n .\n", "b", "")
	f.Add("FROM a\nRUN <<A <<B\n(\nA\n$(\nB\n", "", "")
	list := everyCheck()
	f.Fuzz(func(t *testing.T, text, target, arg string) {
		files := fstest.MapFS{"Dockerfile": {Data: []byte(text)}, "package.json": {}}
		s, err := dockerfile.Load(files, dockerfile.Options{Target: target, BuildArgs: map[string]string{"VERSION": arg}})
		if err != nil {
			if s != nil {
				t.Error("a source and an error")
			}
			return
		}
		for _, stage := range s.Stages {
			for _, in := range stage.Instructions {
				for _, at := range append([]checks.Location{in.Location}, locations(in.Calls)...) {
					if at.Line < 1 || at.EndLine > len(s.Lines) || at.EndLine < at.Line || at.Column < 1 {
						t.Errorf("%s is at %+v", in.Keyword, at)
					}
				}
			}
		}
		for _, res := range checks.Run(list, s) {
			if strings.Contains(res.Detail, "panicked") {
				t.Errorf("%s: %s", res.Check, res.Detail)
			}
		}
	})
}

func locations(calls []dockerfile.Call) []checks.Location {
	var at []checks.Location
	for _, call := range calls {
		at = append(at, call.Location)
	}
	return at
}

func FuzzIgnore(f *testing.F) {
	for _, text := range []string{"", ".git\n!.git/x\n", "[z-a]\n", "**/*\n", "\ufeff/a/\r\n", "!\n", "a\\", "../x\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		files := fstest.MapFS{
			"Dockerfile":    {Data: []byte("FROM x:1\nCOPY . .\nCOPY a/b /\n")},
			".dockerignore": {Data: []byte(text)},
		}
		s, err := dockerfile.Load(files, dockerfile.Options{})
		if err != nil {
			if !strings.Contains(err.Error(), ".dockerignore") {
				t.Errorf("error does not name the file: %v", err)
			}
			return
		}
		checks.Run(All(), s)
	})
}
