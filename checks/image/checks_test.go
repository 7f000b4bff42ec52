package image

import (
	"fmt"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/imagegate/imagegate/checks"
)

func TestExamples(t *testing.T) {
	for _, c := range All() {
		for text, passes := range map[string]bool{c.Good: true, c.Bad: false} {
			img, err := Example(text)
			if err != nil {
				t.Fatalf("%s: %v", c.ID, err)
			}
			result := checks.Run([]checks.Check[*Image]{c}, img)[0]
			if (result.Status == checks.Pass) != passes {
				t.Errorf("%s is %s on\n%s\n%+v", c.ID, result.Status, text, result)
			}
			if result.Status == checks.Error || !passes && c.Severity.AtLeast(checks.High) && !result.Status.Blocks() {
				t.Errorf("%s: status %s", c.ID, result.Status)
			}
		}
	}
}

func TestExampleErrors(t *testing.T) {
	for text, want := range map[string]string{
		``:                                   "EOF",
		`{"layer": []}`:                      `unknown field "layer"`,
		`{} {}`:                              "more than one document",
		`{"image": []}`:                      "decoding configuration",
		`{"image": {"config": {"User": 1}}}`: "decoding configuration",
		`{"files": {"../etc/passwd": ""}}`:   "leads out of it",
		`{"files": {"/a": "", "/a/b": ""}}`:  "not a directory",
	} {
		if _, err := Example(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one with %q", text, err, want)
		}
	}
}

// judge runs one check and returns its status and what it says.
func judge(c checks.Check[*Image], img *Image) (checks.Status, string) {
	result := checks.Run([]checks.Check[*Image]{c}, img)[0]
	said := []string{result.Detail}
	for _, f := range result.Findings {
		said = append(said, f.Location.String()+": "+f.Message)
	}
	return result.Status, strings.Join(said, "\n")
}

func TestUser(t *testing.T) {
	passwd := strings.Join([]string{
		"root:x:0:0:root:/root:/bin/sh",
		"toor:x:0:0:root:/root:/bin/sh",
		"app:x:10001:10002:An application:/home/app:/bin/sh",
		"  spaced:x:10003:10003::/:",
		"app:x:0:0::/:",
		"short:x",
		"letters:x:abc:def::/:",
		"wide:x:4294967296:0::/:",
		"# a comment",
		"",
	}, "\n")
	group := "root:x:0:\nwheel:x:10:app\napp:x:10002:\n"
	tests := []struct {
		user    string
		status  checks.Status
		message string
	}{
		{"", checks.Fail, "config.User: no user is set"},
		{"0", checks.Fail, `config.User: "0" is uid 0 (root), gid 0 (root), which is root`},
		{"root", checks.Fail, `"root" is uid 0 (root), gid 0 (root)`},
		{"0:0", checks.Fail, "which is root"},
		{"root:root", checks.Fail, "which is root"},
		{"root:app", checks.Fail, `"root:app" is uid 0 (root), gid 10002 (app)`},
		{"0:10002", checks.Fail, "which is root"},
		{":10002", checks.Fail, "which is root"},
		{"00", checks.Fail, "which is root"},
		{"+0", checks.Fail, "which is root"},
		{"-0", checks.Fail, "which is root"},
		{"toor", checks.Fail, `"toor" is uid 0 (toor)`},
		{"short", checks.Fail, `"short" is uid 0 (short)`},
		{"letters", checks.Fail, `"letters" is uid 0 (letters)`},
		{"wide", checks.Fail, "uid 4294967296 is not between 0 and 2147483647; the container would not start"},
		{"4294967296", checks.Fail, "uid 4294967296 is not between 0 and 2147483647"},
		{"99999999999999999999", checks.Fail, "has no user 99999999999999999999"},
		{"-1", checks.Fail, "uid -1 is not between"},
		{"0x1", checks.Fail, "/etc/passwd has no user 0x1; the container would not start"},
		{"nobody", checks.Fail, "/etc/passwd has no user nobody"},
		{"Root", checks.Fail, "/etc/passwd has no user Root"},
		{" app", checks.Fail, "/etc/passwd has no user  app"},
		{"app:nogroup", checks.Fail, "/etc/group has no group nogroup"},
		{"app:-1", checks.Fail, "gid -1 is not between"},
		{"app", checks.Pass, "uid 10001 (app), gid 10002 (app)"},
		{"app:", checks.Pass, "uid 10001 (app), gid 10002 (app)"},
		{"app:wheel", checks.Pass, "uid 10001 (app), gid 10 (wheel)"},
		{"app:0", checks.Pass, "uid 10001 (app), gid 0 (root)"},
		{"app:10:x", checks.Pass, "uid 10001 (app), gid 10 (wheel)"},
		{"10001", checks.Pass, "uid 10001 (app), gid 10002 (app)"},
		{"010001", checks.Pass, "uid 10001 (app), gid 10002 (app)"},
		{"spaced", checks.Pass, "uid 10003 (spaced), gid 10003"},
		{"65532", checks.Pass, "uid 65532, gid 0 (root)"},
		{"65532:65532", checks.Pass, "uid 65532, gid 65532"},
	}
	for _, test := range tests {
		t.Run(test.user, func(t *testing.T) {
			img := &Image{Config: &v1.ConfigFile{OS: "linux"}, Files: map[string][]byte{passwdFile: []byte(passwd), groupFile: []byte(group)}}
			img.Config.Config.User = test.user
			status, message := judge(user, img)
			if status != test.status || !strings.Contains(message, test.message) {
				t.Errorf("%s %q, want %s with %q", status, message, test.status, test.message)
			}
		})
	}
}

// An image such as one built from scratch has no files to look names up in.
func TestUserWithoutFiles(t *testing.T) {
	for spec, want := range map[string]struct {
		status  checks.Status
		message string
	}{
		"":          {checks.Fail, "no user is set"},
		"0":         {checks.Fail, "uid 0, gid 0"},
		"10001":     {checks.Pass, "uid 10001, gid 0"},
		"root":      {checks.Fail, "the image has no /etc/passwd to find the user root in"},
		"10001:app": {checks.Fail, "the image has no /etc/group to find the group app in"},
	} {
		img := &Image{Config: &v1.ConfigFile{OS: "linux"}}
		img.Config.Config.User = spec
		if status, message := judge(user, img); status != want.status || !strings.Contains(message, want.message) {
			t.Errorf("%q: %s %q, want %s with %q", spec, status, message, want.status, want.message)
		}
	}
	img := &Image{Config: &v1.ConfigFile{OS: "windows"}}
	if status, _ := judge(user, img); status != checks.Skipped {
		t.Errorf("a Windows image is %s, want %s", status, checks.Skipped)
	}
	img = &Image{Config: &v1.ConfigFile{OS: "linux"}, Files: map[string][]byte{passwdFile: []byte(strings.Repeat("x", 100_000))}}
	img.Config.Config.User = "app"
	if status, message := judge(user, img); status != checks.Fail || !strings.Contains(message, "reading /etc/passwd") {
		t.Errorf("a passwd that no engine can read: %s %q", status, message)
	}
}

func TestHealthcheck(t *testing.T) {
	curl := []string{"CMD-SHELL", "curl -f http://localhost/ || exit 1"}
	with := func(interval, timeout, start time.Duration, retries int) *Healthcheck {
		return &Healthcheck{Test: curl, Interval: interval, Timeout: timeout, StartPeriod: start, Retries: retries}
	}
	s := time.Second
	tests := map[string]struct {
		health  *Healthcheck
		status  checks.Status
		message string
	}{
		"none":          {nil, checks.Fail, "the image has no healthcheck"},
		"no test":       {&Healthcheck{Interval: s}, checks.Fail, "the image has no healthcheck"},
		"NONE":          {&Healthcheck{Test: []string{"NONE"}}, checks.Fail, "switched off with NONE"},
		"unknown kind":  {&Healthcheck{Test: []string{"curl", "-f"}}, checks.Fail, `config.Healthcheck.Test: "curl" is neither`},
		"no command":    {&Healthcheck{Test: []string{"CMD"}}, checks.Fail, "CMD without a command"},
		"empty command": {&Healthcheck{Test: []string{"CMD-SHELL", " "}}, checks.Fail, "CMD-SHELL without a command"},

		"the article's":    {with(30*s, 10*s, 5*s, 3), checks.Pass, "every 30s, timeout 10s, start period 5s, 3 retries: a dead container is found within 2m0s"},
		"Docker's default": {with(0, 0, 0, 0), checks.Pass, "every 30s, timeout 30s, start period 0s, 3 retries: a dead container is found within 3m0s"},
		"Compose's":        {with(5*s, 5*s, 0, 5), checks.Pass, "within 50s"},
		"bounds":           {with(s, s, 0, 1), checks.Pass, "within 2s"},

		"interval too short":      {with(s-1, s, 0, 3), checks.Fail, "config.Healthcheck.Interval: 999.999999ms is not between 1s and 5m0s"},
		"interval too long":       {with(5*time.Minute+1, s, 0, 1), checks.Fail, "Interval: 5m0.000000001s is not between"},
		"interval negative":       {with(-s, s, 0, 3), checks.Fail, "-1s is not between"},
		"timeout too short":       {with(30*s, time.Millisecond, 0, 3), checks.Fail, "config.Healthcheck.Timeout: 1ms is not between 1s and 1m0s"},
		"timeout too long":        {with(120*s, 61*s, 0, 3), checks.Fail, "Timeout: 1m1s is not between"},
		"start period too long":   {with(30*s, s, 16*time.Minute, 3), checks.Fail, "StartPeriod: 16m0s is not between"},
		"start period negative":   {with(30*s, s, -s, 3), checks.Fail, "StartPeriod: -1s is not between"},
		"retries negative":        {with(30*s, s, 0, -1), checks.Fail, "Retries: -1 is not between 1 and 10"},
		"too many retries":        {with(30*s, s, 0, 11), checks.Fail, "Retries: 11 is not between 1 and 10"},
		"start interval negative": {&Healthcheck{Test: curl, StartInterval: -1}, checks.Fail, "StartInterval: -1ns is negative"},
		"absurd in every way":     {with(1<<62, 1<<62, 1<<62, 1<<62), checks.Fail, "Retries"},
		"detection too late":      {with(5*time.Minute, 10*s, 0, 3), checks.Fail, "a dead container is found after up to 15m30s (3 times 5m0s and 10s); at most 15m0s"},
		"detection just in time":  {with(5*time.Minute-s, s, 0, 3), checks.Warn, "only after up to 15m0s"},
		"detection late":          {with(2*time.Minute, 10*s, 0, 3), checks.Warn, "only after up to 6m30s"},
		"timeout over interval":   {with(10*s, 20*s, 0, 3), checks.Warn, "config.Healthcheck.Timeout: 20s is longer than the interval of 10s"},
		"default over interval":   {with(10*s, 0, 0, 3), checks.Warn, "30s (Docker's default) is longer than the interval of 10s"},
		"timeout over default":    {with(0, 60*s, 0, 3), checks.Warn, "1m0s is longer than the interval of 30s (Docker's default)"},
		"long start":              {with(30*s, 10*s, 10*time.Minute, 3), checks.Warn, "for the first 10m0s no failure counts"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			status, message := judge(healthcheck, &Image{Healthcheck: test.health})
			if status != test.status || !strings.Contains(message, test.message) {
				t.Errorf("%s %q, want %s with %q", status, message, test.status, test.message)
			}
		})
	}
}

// The start interval is one of Docker's that go-containerregistry does not know.
func TestDecodeHealthcheck(t *testing.T) {
	got, err := decodeHealthcheck([]byte(`{"config": {"Healthcheck": {"Test": ["CMD", "a"], "StartInterval": 2000000000, "Interval": 1}}}`))
	if err != nil || fmt.Sprint(*got) != "{[CMD a] 1ns 0s 0s 2s 0}" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := decodeHealthcheck([]byte(`{"config": null}`)); got != nil || err != nil {
		t.Errorf("%v, %v, want none", got, err)
	}
	if _, err := decodeHealthcheck([]byte(`{"config": {"Healthcheck": {"Interval": "30s"}}}`)); err == nil {
		t.Error("an interval that is text was decoded")
	}
}

func TestSize(t *testing.T) {
	layers := []Layer{{Compressed: 30e6, Uncompressed: 80e6}, {Compressed: 33.2e6, Uncompressed: 101e6}, {Compressed: 10, Uncompressed: 512}, {Compressed: 10, Uncompressed: 1024}}
	tests := map[string]struct {
		budget  int64
		status  checks.Status
		message string
	}{
		"default": {0, checks.Pass, "63.2 MB compressed, 181.0 MB uncompressed of 500.0 MB"},
		"exact":   {181001536, checks.Pass, "uncompressed of 181.0 MB"},
		"over":    {181001535, checks.Fail, "181.0 MB uncompressed, 1 B over the budget of 181.0 MB; biggest layers: layer 2 of 4 with 101.0 MB, layer 1 of 4 with 80.0 MB, layer 4 of 4 with 1.0 kB"},
		"absurd":  {-1, checks.Error, "a size budget of -1 bytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			status, message := judge(size, &Image{Layers: layers, Budgets: Budgets{Uncompressed: test.budget}})
			if status != test.status || !strings.Contains(message, test.message) {
				t.Errorf("%s %q, want %s with %q", status, message, test.status, test.message)
			}
		})
	}
	if status, message := judge(size, &Image{}); status != checks.Pass {
		t.Errorf("an image without layers: %s %q", status, message)
	}
}
