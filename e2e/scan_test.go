package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// vulnerableComponents are a component of each kind, the variant that brings it
// in an old version, and the names that its vulnerability goes by.
var vulnerableComponents = map[string]struct{ variant, id, alias, component, purl string }{
	"Node":   {"vulnerable-npm-package", "CVE-2021-23337", "GHSA-35jh-r3h4-6jhm", "lodash", "pkg:npm/lodash@4.17.20"},
	"Python": {"vulnerable-pip-package", "CVE-2024-1135", "GHSA-w3h3-4rj7-4ph4", "gunicorn", "pkg:pypi/gunicorn@21.2.0"},
	"Go":     {"vulnerable-go-module", "CVE-2023-39325", "GHSA-4374-p667-p6c8", "golang.org/x/net", "pkg:golang/golang.org/x/net"},
	"Debian": {"vulnerable-debian-package", "CVE-2023-5363", "DSA-5532-1", "libssl3", "pkg:deb/debian/libssl3"},
}

// TestVulnerabilityOverTime finds a vulnerable component, accepts it by a waiver
// and by a VEX document, lets the waiver expire, and mends it.
func TestVulnerabilityOverTime(t *testing.T) {
	t.Parallel()
	for kind, c := range vulnerableComponents {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			imagegate, patch := shareModule(t), filepath.Join(root, "examples", "variants", c.variant+".patch")
			source := copyExample(t, readVariant(t, patch).example)
			policy := filepath.Join(source, "imagegate.yaml")
			waiver := func(subject string, expires time.Time) string {
				return "waivers:\n  - check: vuln/vulnerability\n    subject: " + subject + "\n    reason: the end-to-end tests bring it\n    expires: " + expires.Format(time.DateOnly) + "\n"
			}
			// judged expects a row of the status for the component's vulnerability, and to
			// be blocked by these checks.
			judged := func(what, status string, blocked []string, flags ...string) {
				t.Helper()
				out := imagegate.call(t, append(flags, "scan", "--source="+source)...)
				table := out.stdout
				if len(blocked) == 0 {
					out.succeed(t)
				} else {
					table = out.stderr
					if got := out.blocked(t); !slices.Equal(got, blocked) {
						t.Errorf("%s: blocked by %q, want %q\n%s", what, got, blocked, out)
					}
				}
				row := regexp.MustCompile(`(?m)^(\w+) +vuln/vulnerability .*\b` + c.id + `\b`).FindStringSubmatch(table)
				if got := strings.Join(row[min(1, len(row)):], " "); got != status {
					t.Errorf("%s: %s is %q, want %q\n%s", what, c.id, got, status, out)
				}
			}
			run(t, source, nil, "git", "apply", patch).succeed(t)
			judged("found", "fail", []string{"vuln/vulnerability"})

			vex := filepath.Join(t.TempDir(), "app.openvex.json")
			write(t, vex, `{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex/1", "author": "Example", "timestamp": "2026-01-01T00:00:00Z", "version": 1,
				"statements": [{"vulnerability": {"name": "`+c.id+`"}, "products": [{"@id": "`+c.purl+`"}], "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path"}]}`)
			judged("stated not to be affected", "waived", nil, "--vex="+vex)

			write(t, policy, waiver(c.id, time.Now().AddDate(0, 2, 0)))
			judged("waived", "waived", nil)
			write(t, policy, waiver(c.alias, time.Now().AddDate(0, 2, 0)))
			judged("waived by its other id", "waived", nil)
			write(t, policy, waiver(c.component, time.Now().AddDate(0, 2, 0)))
			judged("waived by the component", "waived", nil)
			write(t, policy, waiver(c.id, time.Now().AddDate(0, 0, -2)))
			judged("waived until two days ago", "fail", []string{"policy/expired", "vuln/vulnerability"})

			run(t, source, nil, "git", "apply", "--reverse", patch).succeed(t)
			if err := os.Remove(policy); err != nil {
				t.Fatal(err)
			}
			judged("mended", "", nil)
		})
	}
}

// TestReportOfAnotherTool gives reports in SARIF: what is in them counts, and one
// that cannot be read is no pass.
func TestReportOfAnotherTool(t *testing.T) {
	t.Parallel()
	imagegate, dir := shareModule(t), t.TempDir()
	for name, c := range map[string]struct{ text, blocked string }{
		"a finding": {
			`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "some-scanner"}}, "results": [{"ruleId": "malware", "level": "error", "message": {"text": "a miner of coins"}}]}]}`,
			"vuln/sarif",
		},
		"cut short": {`{"version": "2.1.0", "runs": [`, "vuln/*"},
	} {
		file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".sarif")
		write(t, file, c.text)
		out := imagegate.call(t, "--sarif="+file, "scan", "--source="+app)
		if got := out.blocked(t); !slices.Contains(got, c.blocked) {
			t.Errorf("%s: blocked by %v, want %s\n%s", name, got, c.blocked, out)
		}
	}
}
