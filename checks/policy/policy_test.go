package policy

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/imagegate/imagegate/checks"
)

func TestParse(t *testing.T) {
	at := func(line, column, endColumn int) checks.Location {
		l := checks.Location{Path: File, Line: line, Column: column}
		if endColumn > 0 {
			l.EndLine, l.EndColumn = line, endColumn
		}
		return l
	}
	for name, test := range map[string]struct {
		text string
		want []Waiver
	}{
		"empty":      {text: ""},
		"comment":    {text: "# nothing yet\n"},
		"marker":     {text: "---\n"},
		"no waivers": {text: "waivers:\n"},
		"empty list": {text: "waivers: []\n"},
		"JSON":       {text: `{"waivers": [{"check": "source/user", "reason": "a"}]}`, want: []Waiver{{Check: "source/user", Reason: "a", Location: at(1, 14, 0), CheckLocation: at(1, 24, 0)}}},
		"no reason":  {text: "waivers:\n- check: a\n  reason:\n", want: []Waiver{{Check: "a", Location: at(2, 3, 0), CheckLocation: at(2, 10, 11)}}},
		"all":        {text: "waivers:\n  - check: DL3002\n    path: docker/**\n    reason: >\n      it is\n      a test\n    expires: 2027-01-31 # a day\n", want: []Waiver{{Check: "DL3002", Path: "docker/**", Reason: "it is a test", Expires: "2027-01-31", Location: at(2, 5, 0), CheckLocation: at(2, 12, 18)}}},
		"aliases": {
			text: "waivers:\n- &one {check: &name a, reason: &why b}\n- {check: *name, path: /docker, reason: *why}\n- *one\n",
			want: []Waiver{
				{Check: "a", Reason: "b", Location: at(2, 3, 0), CheckLocation: at(2, 16, 17)},
				{Check: "a", Path: "docker", Reason: "b", Location: at(3, 3, 0), CheckLocation: at(2, 16, 17)},
				{Check: "a", Reason: "b", Location: at(4, 3, 0), CheckLocation: at(2, 16, 17)},
			},
		},
		"quoted date": {text: "waivers:\n- {check: a, expires: '2027-01-31'}\n", want: []Waiver{{Check: "a", Expires: "2027-01-31", Location: at(2, 3, 0), CheckLocation: at(2, 11, 12)}}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse([]byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, p.Waivers); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"waivers: [\n":                                   "imagegate.yaml:2:1: the file is not YAML: did",
		"a: b: c\n":                                      "imagegate.yaml:1:5: the file is not YAML: mapping",
		"- a\n":                                          "imagegate.yaml:1:1: the policy is no mapping: write waivers: …",
		"waiver: []\n":                                   `imagegate.yaml:1:1: the policy has no key "waiver": write one of waivers`,
		"waivers: []\nwaivers: []\n":                     "imagegate.yaml:2:1: the policy has waivers twice: remove one",
		"waivers: a\n":                                   "imagegate.yaml:1:10: waivers is no list: write - check: … for each",
		"waivers: {check: a}\n":                          "imagegate.yaml:1:10: waivers is no list: write - check: … for each",
		"waivers:\n- source/user\n":                      "imagegate.yaml:2:3: a waiver is no mapping: write check: …",
		"waivers:\n- reason: a\n":                        "imagegate.yaml:2:3: the waiver names no check: add check: with the id of one, as in source/user",
		"waivers:\n- check:\n":                           "imagegate.yaml:2:3: the waiver names no check: ",
		"waivers:\n- check: [a, b]\n":                    "imagegate.yaml:2:10: check is no text",
		"waivers:\n- check: a\n  until: b\n":             `imagegate.yaml:3:3: a waiver has no key "until": write one of check, path, reason, expires`,
		"waivers:\n- check: a\n  expires: 2027-02-30\n":  "imagegate.yaml:3:12: expires: 2027-02-30 is no date: write it as in 2027-01-31",
		"waivers:\n- check: a\n  expires: next year\n":   "imagegate.yaml:3:12: expires: next year is no date: ",
		"waivers:\n- check: a\n  path: '[z-a]'\n":        "imagegate.yaml:3:9: path: [z-a] is no pattern: ",
		"waivers:\n- check: a\n  path: '!a'\n":           "imagegate.yaml:3:9: path: !a is no pattern: ",
		"waivers: []\n---\nwaivers: []\n":                "imagegate.yaml: the file holds more than one document: ",
		"waivers: &a\n- *a\n":                            "imagegate.yaml:1:10: a waiver is no mapping: ",
		"waivers:\n- <<: {check: b}\n  reason: merged\n": `imagegate.yaml:2:3: a waiver has no key "<<": `,
	} {
		p, err := Parse([]byte(text))
		if err == nil {
			t.Errorf("%q: read as %+v", text, p)
			continue
		}
		if got := err.Error(); len(got) < len(want) || got[:len(want)] != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func TestCovers(t *testing.T) {
	for _, test := range []struct {
		pattern, path string
		want          bool
	}{
		{"", "Dockerfile", true},
		{"Dockerfile", "Dockerfile", true},
		{"Dockerfile", "docker/Dockerfile", false},
		{"docker", "docker/Dockerfile", true},
		{"**/*.Dockerfile", "docker/prod.Dockerfile", true},
		{"*.Dockerfile", "docker/prod.Dockerfile", false},
	} {
		if got := (Waiver{Path: test.pattern}).Covers(test.path); got != test.want {
			t.Errorf("%q covers %s: %v", test.pattern, test.path, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("waivers:\n- check: a\n  path: b*\n  reason: c\n  expires: 2027-01-31\n"))
	f.Add([]byte("waivers: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		for _, w := range p.Waivers {
			if w.Check == "" || w.Location.Line < 1 || w.CheckLocation.Line < 1 {
				t.Errorf("%+v", w)
			}
			w.Covers("a/b")
		}
	})
}
