package policy

import (
	"errors"
	"strings"
	"testing"

	"github.com/imagegate/imagegate/checks"
)

// TestOrder has, for each key, what a project may write where the organisation has
// locked it, and what not.
func TestOrder(t *testing.T) {
	tests := map[string]struct {
		organisation string
		tighter      []string
		looser       []string
	}{
		"profile":                     {organisation: "default", tighter: []string{"default", "strict"}, looser: []string{"minimal"}},
		"budgets.max-size":            {organisation: "500MB", tighter: []string{"500MB", "1MB"}, looser: []string{"501MB"}},
		"budgets.max-compressed-size": {organisation: "500MB", tighter: []string{"1MB"}, looser: []string{"1GB"}},
		"budgets.max-layer-size":      {organisation: "500MB", tighter: []string{"1MB"}, looser: []string{"1GB"}},
		"budgets.max-layers":          {organisation: "10", tighter: []string{"9"}, looser: []string{"11"}},
		"budgets.max-wasted-size":     {organisation: "10MB", tighter: []string{"1MB"}, looser: []string{"11MB"}},
		"budgets.max-growth":          {organisation: "10%", tighter: []string{"1%"}, looser: []string{"11%"}},
		"scan.scanners":               {organisation: "[trivy]", tighter: []string{"[trivy, grype]"}, looser: []string{"[grype]"}},
		"scan.threshold":              {organisation: "HIGH", tighter: []string{"LOW", "HIGH"}, looser: []string{"CRITICAL"}},
		"scan.ignore-unfixed":         {organisation: "false", tighter: []string{"false"}, looser: []string{"true"}},
		"scan.database-max-age":       {organisation: "7d", tighter: []string{"1h"}, looser: []string{"8d"}},
		"scan.licenses.deny":          {organisation: "[A]", tighter: []string{"[B, A]"}, looser: []string{"[B]"}},
		"run.required":                {organisation: "[A]", tighter: []string{"[A, B]"}, looser: []string{"[]"}},
		"run.max-memory":              {organisation: "1GB", tighter: []string{"1MB"}, looser: []string{"2GB", "0"}},
		"run.max-processes":           {organisation: "10", tighter: []string{"1"}, looser: []string{"11", "0"}},
		"run.grace-period":            {organisation: "10s", tighter: []string{"1s"}, looser: []string{"11s"}},
		"run.start-timeout":           {organisation: "10s", tighter: []string{"1s"}, looser: []string{"11s"}},
		"run.healthcheck-interval":    {organisation: "10s", tighter: []string{"10s"}, looser: []string{"1s", "11s"}},
		"run.slow-path":               {organisation: "/a", tighter: []string{"/a"}, looser: []string{"/b"}},
		"run.metrics-path":            {organisation: "/a", tighter: []string{"/a"}, looser: []string{"/b"}},
		"run.tmpfs":                   {organisation: "[/a, /b]", tighter: []string{"[/a]", "[]"}, looser: []string{"[/c]"}},
		"limits.time":                 {organisation: "10s", tighter: []string{"1s"}, looser: []string{"11s"}},
		"limits.memory":               {organisation: "10MB", tighter: []string{"1MB"}, looser: []string{"11MB"}},
		"limits.entries":              {organisation: "10", tighter: []string{"1"}, looser: []string{"11"}},
		"limits.uncompressed-size":    {organisation: "10MB", tighter: []string{"1MB"}, looser: []string{"11MB"}},
		"limits.ratio":                {organisation: "10", tighter: []string{"1"}, looser: []string{"11"}},
		"limits.path-length":          {organisation: "10", tighter: []string{"1"}, looser: []string{"11"}},
	}
	for _, k := range keys {
		if _, ok := tests[k.name]; !ok {
			t.Errorf("there is no test of %s", k.name)
		}
	}
	for key, test := range tests {
		section, _, _ := strings.Cut(key, ".")
		for _, lock := range []string{"", key, section} {
			organisation := parsed(t, "--policy/imagegate.yaml", set(key, test.organisation)+"locked: ["+lock+"]\n")
			for _, value := range test.tighter {
				project := parsed(t, File, set(key, value))
				merged, err := Merge(organisation, project, nil)
				if err != nil || merged.Place(key).Path != File {
					t.Errorf("%s: %s over %s: %v, from %v", key, value, test.organisation, err, merged.Place(key))
				}
			}
			for _, value := range test.looser {
				project := parsed(t, File, set(key, value))
				_, err := Merge(organisation, project, nil)
				if lock == "" {
					if err != nil {
						t.Errorf("%s: %s over %s, which is not locked: %v", key, value, test.organisation, err)
					}
					continue
				}
				var located *checks.FileError
				if !errors.As(err, &located) || !strings.HasPrefix(err.Error(), File+":") || strings.Count(err.Error(), "--policy/imagegate.yaml:") != 2 || located.Fix == "" {
					t.Errorf("%s: %s over %s, locked as %s: %v", key, value, test.organisation, lock, err)
				}
			}
		}
	}
}

// set returns a policy that sets one key.
func set(key, value string) string {
	var b strings.Builder
	parts := strings.Split(key, ".")
	for i, part := range parts {
		b.WriteString(strings.Repeat("  ", i) + part + ":")
		if i == len(parts)-1 {
			b.WriteString(" " + value)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func parsed(t *testing.T, name, text string) Policy {
	t.Helper()
	p, err := Parse(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestMerge(t *testing.T) {
	const organisation = "budgets: {max-size: 500MB}\nseverity: {DL3002: CRITICAL, image/size: LOW}\nlocked: [DL3002, run.max-memory, runtime/user]\nwaivers: [{check: image/size, reason: a}]\n"
	for text, want := range map[string]string{
		"":                                     "",
		"budgets: {max-size: 1GB}":             "",
		"waivers: [{check: a, reason: b}]":     "",
		"severity: {image/size: HIGH}":         "",
		"severity: {source/user: CRITICAL}":    "",
		"severity: {runtime/user: HIGH}":       "",
		"severity: {runtime/user: CRITICAL}":   "",
		"severity: {source/user: HIGH}":        "imagegate.yaml:1:12: severity: source/user has HIGH, lower than CRITICAL, and the check is locked at --policy/imagegate.yaml:3:10: write CRITICAL or higher",
		"severity: {runtime/user: MEDIUM}":     "imagegate.yaml:1:12: severity: runtime/user has MEDIUM, lower than HIGH, and the check is locked at --policy/imagegate.yaml:3:34: write HIGH or higher",
		"run: {max-memory: 1MB}":               "imagegate.yaml:1:19: run.max-memory is locked at --policy/imagegate.yaml:3:18: remove it: it stays as it is",
		"waivers: [{check: source/user}]":      "imagegate.yaml:1:19: the waiver accepts findings of source/user, which is locked at --policy/imagegate.yaml:3:10: ",
		"waivers:\n- {check: dl3002, path: a}": "imagegate.yaml:2:11: the waiver accepts findings of source/user, which is locked at --policy/imagegate.yaml:3:10: ",
	} {
		merged, err := Merge(parsed(t, "--policy/imagegate.yaml", organisation).OfOrganisation(), parsed(t, File, text), rules())
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)):
			t.Errorf("%s: %v, want %s", text, err, want)
		case err == nil && (!merged.Waivers[0].Organisation || len(merged.Waivers) > 1 && merged.Waivers[1].Organisation):
			t.Errorf("%s: %+v", text, merged.Waivers)
		}
	}
	merged, err := Merge(parsed(t, "o", organisation), parsed(t, File, "severity: {image/size: HIGH}\nprofile: strict\n"), rules())
	if err != nil {
		t.Fatal(err)
	}
	if s := merged.SeveritiesOf(checks.NamesOf(rules())); s["image/size"] != checks.High || s["source/user"] != checks.Critical {
		t.Errorf("severities %v", s)
	}
	if merged.Profile != checks.StrictProfile || merged.Budgets.MaxSize != 500e6 || merged.Place("budgets.max-size").Path != "o" {
		t.Errorf("merged into %+v", merged)
	}
	var flags Policy
	flags.Profile = checks.MinimalProfile
	flags.Set("profile", checks.Location{Path: "--profile"})
	if merged, err = Merge(merged, flags, rules()); err != nil || merged.Profile != checks.MinimalProfile {
		t.Errorf("flags over both: %v, %s", err, merged.Profile)
	}
	locked := parsed(t, File, "profile: strict\nlocked: [profile]\n")
	if _, err := Merge(locked, flags, rules()); err == nil || !strings.HasPrefix(err.Error(), "imagegate.yaml:2:10: --profile: profile allows more than imagegate.yaml:1:10, which is locked here: remove --profile, or write strict") {
		t.Errorf("a flag that loosens: %v", err)
	}
}

// A check may block although its severity is MEDIUM: to give it that one loosens it.
func TestLockedCheckBelowHigh(t *testing.T) {
	for organisation, allowed := range map[string]map[string]bool{
		"locked: [image/size]":                                 {"LOW": false, "MEDIUM": false, "HIGH": true, "CRITICAL": true},
		"{locked: [image/size], severity: {image/size: LOW}}":  {"LOW": true, "MEDIUM": true, "HIGH": true},
		"{locked: [image/size], severity: {image/size: HIGH}}": {"MEDIUM": false, "HIGH": true},
	} {
		for severity, want := range allowed {
			_, err := Merge(parsed(t, "o", organisation), parsed(t, File, "severity: {image/size: "+severity+"}"), rules())
			if (err == nil) != want {
				t.Errorf("%s over %s: %v", severity, organisation, err)
			}
		}
	}
}

// What a key that is locked says, and what blocks by a profile that is, is not undone by
// the severity of the check that judges by it.
func TestLockedThreshold(t *testing.T) {
	of := append(rules(),
		checks.Rule{ID: "image/growth", Severity: checks.Medium}, checks.Rule{ID: "image/layers", Severity: checks.Low},
		checks.Rule{ID: "image/wasted-bytes", Severity: checks.Medium}, checks.Rule{ID: "source/base-version", Severity: checks.Medium},
		checks.Rule{ID: "runtime/resources", Severity: checks.High}, checks.Rule{ID: "runtime/required-variable", Severity: checks.High},
		checks.Rule{ID: "vuln/secret", Severity: checks.High})
	for _, test := range []struct{ organisation, check, severity, want string }{
		{"{budgets: {max-size: 1MB}, locked: [budgets.max-size]}", "image/size", "LOW", "imagegate.yaml:1:12: severity: image/size has LOW, lower than HIGH, and budgets.max-size, which it judges by, is locked at o/imagegate.yaml:1:37: write HIGH or higher, or remove it"},
		{"locked: [budgets]", "image/size", "MEDIUM", "imagegate.yaml:1:12: severity: image/size has MEDIUM, lower than HIGH, and budgets.max-size, which"},
		{"locked: [budgets]", "image/growth", "MEDIUM", "imagegate.yaml:1:12: severity: image/growth has MEDIUM, lower than HIGH, and budgets.max-growth"},
		{"locked: [budgets]", "image/wasted-bytes", "LOW", "imagegate.yaml:1:12: severity: image/wasted-bytes has LOW, lower than MEDIUM, and budgets.max-wasted-size"},
		{"locked: [budgets]", "image/wasted-bytes", "MEDIUM", ""},
		{"locked: [budgets]", "image/layers", "MEDIUM", ""},
		{"locked: [budgets]", "image/size", "CRITICAL", ""},
		{"locked: [budgets]", "vuln/vulnerability", "LOW", ""},
		{"budgets: {max-size: 1MB}", "image/size", "LOW", ""},
		{"{severity: {image/size: LOW}, locked: [budgets]}", "image/size", "LOW", ""},
		{"{severity: {image/size: CRITICAL}, locked: [budgets]}", "image/size", "HIGH", "imagegate.yaml:1:12: severity: image/size has HIGH, lower than CRITICAL, and budgets.max-"},
		{"locked: [scan.threshold]", "vuln/vulnerability", "MEDIUM", "imagegate.yaml:1:12: severity: vuln/vulnerability has MEDIUM, lower than HIGH, and scan.threshold, which it judges by, is locked at o/imagegate.yaml:1:10: "},
		{"locked: [scan]", "vuln/secret", "LOW", "imagegate.yaml:1:12: severity: vuln/secret has LOW, lower than HIGH, and scan.threshold"},
		{"locked: [scan.threshold]", "vuln/vulnerability", "HIGH", ""},
		{"locked: [run]", "runtime/resources", "LOW", "imagegate.yaml:1:12: severity: runtime/resources has LOW, lower than HIGH, and run.max-memory"},
		{"locked: [run]", "runtime/required-variable", "LOW", ""}, // which holds nothing
		{"{run: {required: [A]}, locked: [run]}", "runtime/required-variable", "LOW", "imagegate.yaml:1:12: severity: runtime/required-variable has LOW"},
		{"locked: [profile]", "DL3002", "MEDIUM", "imagegate.yaml:1:12: severity: DL3002 has MEDIUM, lower than HIGH, and the profile, by which that blocks, is locked at o/imagegate.yaml:1:10: write HIGH or higher"},
		{"locked: [profile]", "source/user", "CRITICAL", ""},
		{"locked: [profile]", "source/base-version", "LOW", ""},
		{"{profile: strict, locked: [profile]}", "source/base-version", "LOW", "imagegate.yaml:1:12: severity: source/base-version has LOW, lower than MEDIUM, and the profile"},
		{"{profile: strict, locked: [profile]}", "source/user", "MEDIUM", ""},
		{"profile: strict", "source/base-version", "LOW", ""},
	} {
		_, err := Merge(parsed(t, "o/imagegate.yaml", test.organisation), parsed(t, File, "severity: {"+test.check+": "+test.severity+"}"), of)
		var located *checks.FileError
		switch {
		case test.want == "" && err != nil:
			t.Errorf("%s of %s under %s: %v", test.severity, test.check, test.organisation, err)
		case test.want != "" && (!errors.As(err, &located) || !strings.HasPrefix(err.Error(), test.want) || !strings.HasSuffix(located.Fix, "or higher, or remove it")):
			t.Errorf("%s of %s under %s: %v, want %s", test.severity, test.check, test.organisation, err, test.want)
		}
	}
}

func TestRefuse(t *testing.T) {
	p, names := parsed(t, File, "locked: [DL3002]\n"), checks.NamesOf(rules())
	err := p.Refuse(checks.Location{Path: "--vex"}, "source/user", names)
	if err == nil || err.Error() != "imagegate.yaml:1:10: --vex: it accepts findings of source/user, which is locked here: leave it out, or ask who owns that policy" {
		t.Error(err)
	}
	if err := p.Refuse(checks.Location{Path: "--vex"}, "image/size", names); err != nil {
		t.Error(err)
	}
}

// All that is looser is said at once, so that it is mended at once.
func TestMergeSaysAll(t *testing.T) {
	organisation := parsed(t, "--policy/imagegate.yaml", "{profile: default, locked: [profile, budgets, source/user, image/user], budgets: {max-size: 1MB}}")
	project := parsed(t, File, "profile: minimal\nbudgets: {max-size: 2MB, max-layers: 51}\nwaivers:\n- {check: source/user, reason: a}\n- {check: image/user, reason: a}\n")
	_, err := Merge(organisation, project, append(rules(), checks.Rule{ID: "image/user"}))
	var located *checks.FileError
	if !errors.As(err, &located) || located.Location.String() != "imagegate.yaml:1:10" || strings.Count(err.Error(), "; and imagegate.yaml:") != 4 || strings.Count(located.Fix, "; ") != 2 {
		t.Errorf("%v, fix %s", err, located.Fix)
	}
	var many Policy
	for range 2 * maxTogether {
		many.Waivers = append(many.Waivers, Waiver{Check: "source/user"})
	}
	if _, err := Merge(organisation, many, rules()); err == nil || !strings.HasSuffix(err.Error(), "; and 19 more") {
		t.Error(err)
	}
}

// What is not set in a section that is locked holds its default; what has none may only
// be tightened by a value.
func TestLockedSectionHoldsDefaults(t *testing.T) {
	for text, want := range map[string]string{
		"budgets: {max-size: 400MB}":           "",
		"budgets: {max-size: 600MB}":           "imagegate.yaml:1:21: budgets.max-size allows more than its default, 500MB, and budgets is locked at o:1:10: write the same or less, or remove it",
		"budgets: {max-compressed-size: 90MB}": "",
		"budgets: {max-growth: 11%}":           "imagegate.yaml:1:23: budgets.max-growth allows more than its default, 10%, and budgets is locked",
		"scan: {threshold: CRITICAL}":          "imagegate.yaml:1:19: scan.threshold allows more than its default, HIGH, and scan is locked at o:1:19: write LOW, MEDIUM or HIGH, or remove it",
		"scan: {scanners: [grype]}":            "imagegate.yaml:1:18: scan.scanners allows more than its default",
		"scan: {scanners: [grype, trivy]}":     "",
		"run: {max-memory: 0}":                 "",
	} {
		_, err := Merge(parsed(t, "o", "locked: [budgets, scan]"), parsed(t, File, text), rules())
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	var flags Policy
	flags.Budgets.MaxSize = 1e9
	flags.Set("budgets.max-size", checks.Location{Path: "--max-size"})
	if _, err := Merge(parsed(t, "o", "locked: [budgets]"), flags, rules()); err == nil || err.Error() != "o:1:10: --max-size: budgets.max-size allows more than its default, 500MB, and budgets is locked here: remove --max-size, or write the same or less" {
		t.Error(err)
	}
}
