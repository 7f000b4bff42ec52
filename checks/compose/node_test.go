package compose

import (
	"fmt"
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks/dockerfile"
)

// TestLocations wants the exact place of every value that stands in one line.
func TestLocations(t *testing.T) {
	text := strings.Join([]string{
		`services:`,
		`  äpp: # a comment`,
		`    image: "a \"b\"" # c`,
		`    command: 'it''s'`,
		`    user: &u 1000:1`,
		`    x-alias: *u`,
		`    labels: {a: é, "b": |`,
		`      }`,
		`    hostname: >-`,
		`      two`,
		`      lines`,
		`    ports: [80, "81"]`,
	}, "\n")
	text = strings.Replace(text, `{a: é, "b": |`, `{a: é,`, 1)
	f, err := parseFile("compose.yaml", ".", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if f.fault == nil || !strings.Contains(f.fault.message, "äpp") {
		t.Errorf("fault %v, want the name of the service", f.fault)
	}
	f, err = parseFile("compose.yaml", ".", []byte(strings.Replace(text, "äpp", "app", 1)))
	if err != nil || f.fault != nil {
		t.Fatal(err, f.fault)
	}
	app := f.documents[0].Get("services").Get("app")
	for want, n := range map[string]*Node{
		"3:12-21":  app.Get("image"),
		"4:14-21":  app.Get("command"),
		"5:14-20":  app.Get("user"),
		"5:14-20 ": app.Get("x-alias"), // the place of what it stands for
		"7:17-18":  app.Get("labels").Get("a"),
		"9:15-0":   app.Get("hostname"),
		"12:13-15": app.Get("ports").Items()[0],
		"12:17-21": app.Get("ports").Items()[1],
	} {
		at := n.Location
		if got := fmt.Sprintf("%d:%d-%d", at.Line, at.Column, at.EndColumn); got != strings.TrimSpace(want) {
			t.Errorf("%q is at %s, want %s", n.text, got, want)
		}
	}
	if e, _ := app.entry("image"); e.Location.Line != 3 || e.Location.Column != 5 || e.Location.EndColumn != 10 {
		t.Errorf("the key image is at %+v", e.Location)
	}
}

func TestExpand(t *testing.T) {
	for raw, want := range map[string]string{
		"":                  "known ",
		"a":                 "known a",
		"$$A":               "known $A",
		"${A:-b}":           "default b",
		"${A-b}c":           "default bc",
		"${A:-}":            "default ",
		"${A:-${B:-c}}":     "default c",
		"$A":                "unknown",
		"${A}":              "unknown",
		"a${A}b":            "unknown",
		"${A:?why}":         "unknown",
		"${A?}":             "unknown",
		"${A:+b}":           "unknown",
		"${A:-${B}}":        "unknown",
		"${A:-b}${C}":       "unknown",
		"$$A ${B:-c} $${D}": "default $A c ${D}",
		"${A B}":            "unknown",
	} {
		got := "unknown"
		switch v := expand(raw); {
		case v.Known && v.Default:
			got = "default " + v.Text
		case v.Known:
			got = "known " + v.Text
		}
		if got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}

// TestLayers lays a file over another as Compose does.
func TestLayers(t *testing.T) {
	p, err := Load(example(t, `
-- compose.yaml --
services:
  app:
    image: a:1
    command: [one]
    ports: ["80:80"]
    environment: {A: "1", B: "2"}
    volumes: [".:/a", "./b:/b"]
    depends_on: [db]
    tmpfs: /x
  db: {image: "d:1"}
  old: {image: "o:1"}
-- compose.override.yaml --
services:
  app:
    command: [two]
    ports: ["81:81"]
    environment: [B=3, C]
    volumes: ["./c:/b"]
    depends_on: {db: {condition: service_healthy}}
    tmpfs: !reset []
  old: !reset
-- compose.prod.yaml --
services:
  app:
    ports: !override ["443:443"]
  new: {image: "n:1"}
`), dockerfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	describe := func(s *Stack) string {
		var names []string
		for _, service := range s.Services {
			names = append(names, service.Name)
		}
		app := s.Service("app")
		d := []string{strings.Join(names, " "), app.Get("command").Items()[0].text}
		for _, port := range app.Ports() {
			d = append(d, port.Published)
		}
		for _, v := range app.Variables("environment") {
			d = append(d, fmt.Sprint(v.Name, "=", v.Value.Text, v.Given))
		}
		for _, m := range app.Mounts() {
			d = append(d, m.Type+" "+m.Source+" "+m.Target)
		}
		for _, dep := range app.Dependencies() {
			d = append(d, dep.Name+" "+dep.Condition)
		}
		return strings.Join(d, ", ")
	}
	for file, want := range map[string]string{
		"compose.yaml":          "app db old, one, 80, A=1true, B=2true, bind . /a, bind ./b /b, tmpfs  /x, db service_started",
		"compose.override.yaml": "app db, two, 80, 81, A=1true, B=3true, C=false, bind . /a, bind ./c /b, db service_healthy",
		"compose.prod.yaml":     "app db old new, one, 443, A=1true, B=2true, bind . /a, bind ./b /b, tmpfs  /x, db service_started",
	} {
		for _, s := range p.Stacks {
			if s.Top().Path == file {
				if got := describe(s); got != want {
					t.Errorf("%s: %s\nwant %s", file, got, want)
				}
			}
		}
	}
	if len(p.Stacks) != 3 {
		t.Errorf("%d stacks", len(p.Stacks))
	}
}

func TestUse(t *testing.T) {
	for name, want := range map[string]use{
		"compose.yaml": anyUse, "docker-compose.yml": anyUse, "compose.gpu.yaml": anyUse, "compose.device.yaml": anyUse,
		"compose.override.yaml": development, "docker-compose.dev.yml": development, "docker-compose-local.yml": development,
		"compose.ci.test.yaml": development, ".devcontainer/compose.yaml": development, "COMPOSE.DEV.YAML": development,
		"docker-compose.prod.yml": production, "compose.production.eu.yaml": production, "compose_staging.yaml": production,
	} {
		if got := useOf(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
