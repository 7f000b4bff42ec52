package policy

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/imagegate/imagegate/checks"
)

// argument is one of the module's constructor, with its default.
var argument = regexp.MustCompile(`// \+default=(.*)\n\t([A-Za-z]+) `)

// TestDefaults wants the defaults of the table to be those of the flags that the module
// has for the same, which count as given where they differ.
func TestDefaults(t *testing.T) {
	p, err := Defaults()
	if err != nil {
		t.Fatal(err)
	}
	if p.Budgets.MaxSize != 500e6 || p.Run.MaxMemory != 2<<30 || p.Scan.DatabaseMaxAge != 168*time.Hour || p.Profile != checks.DefaultProfile || len(p.places) > 0 {
		t.Errorf("the defaults are %+v", p)
	}
	main, err := os.ReadFile(filepath.Join("..", "..", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, arg := range argument.FindAllStringSubmatch(string(main), -1) {
		flag := regexp.MustCompile(`[A-Z]`).ReplaceAllStringFunc(arg[2], func(s string) string { return "-" + strings.ToLower(s) })
		for _, k := range keys {
			if k.name != flag && !strings.HasSuffix(k.name, "."+flag) {
				continue
			}
			given := parsed(t, File, set(k.name, strings.Trim(arg[1], `"`)))
			if !Same(k.name, p, given) {
				t.Errorf("--%s is %s if it is not given, and %s is another", flag, arg[1], k.name)
			}
			compared++
		}
	}
	if compared < 9 {
		t.Errorf("only %d of the defaults are those of flags", compared)
	}
}

func TestSame(t *testing.T) {
	a := parsed(t, File, "run: {tmpfs: [/a], max-processes: 5}")
	b := parsed(t, File, "run: {tmpfs: [/a], max-processes: 6}")
	if !Same("run.tmpfs", a, b) || Same("run.max-processes", a, b) || Same("no.key", a, a) {
		t.Error("what is the same differs, or the other way round")
	}
}
