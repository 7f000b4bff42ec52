package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestPolicy has a finding of each gate but the build that blocks, is accepted, and
// blocks again when that has expired.
func TestPolicy(t *testing.T) {
	t.Parallel()
	imagegate, source := shareModule(t), copyExample(t, "go-api")
	verify := func(policy string) document {
		t.Helper()
		write(t, filepath.Join(source, "imagegate.yaml"), policy)
		return imagegate.report(t, "report", "--source="+source)
	}
	const findings = "budgets: {max-size: 1kB}\nrun: {required: [NO_SUCH_VARIABLE]}\n"
	blocked := verify(findings)
	if want := []string{"image/size", "runtime/required-variable"}; !slices.Equal(blocked.Blocked, want) {
		t.Fatalf("blocked by %v, want %v", blocked.Blocked, want)
	}
	waivers := func(day time.Time) string {
		expires := "expires: " + day.UTC().Format(time.DateOnly)
		return findings + "waivers:\n" +
			"- {check: image/size, reason: for a test, " + expires + "}\n" +
			"- {check: runtime/required-variable, subject: NO_SUCH_VARIABLE, reason: for a test, owner: e2e, " + expires + "}\n"
	}
	if accepted := verify(waivers(time.Now().AddDate(0, 1, 0))); accepted.Verdict != "passed" || statusOf(accepted, "image/size") != "waived" {
		t.Errorf("with waivers it is %s, by %v", accepted.Verdict, accepted.Blocked)
	}
	soon := verify(waivers(time.Now().AddDate(0, 0, 5)))
	if soon.Verdict != "passed" || statusOf(soon, "policy/expiring") != "warn" {
		t.Errorf("with waivers that end soon it is %s, by %v", soon.Verdict, soon.Blocked)
	}
	expired := verify(waivers(time.Now().AddDate(0, 0, -2)))
	if want := []string{"image/size", "policy/expired", "runtime/required-variable"}; !slices.Equal(expired.Blocked, want) {
		t.Errorf("with expired waivers blocked by %v, want %v", expired.Blocked, want)
	}
	unread := verify("budget: {max-size: 1kB}\n")
	if want := []string{"policy/valid"}; !slices.Equal(unread.Blocked, want) {
		t.Errorf("with a policy that cannot be read blocked by %v, want %v", unread.Blocked, want)
	}
}

func statusOf(doc document, check string) string {
	for _, g := range doc.Gates {
		for _, res := range g.Results {
			if res.Check == check {
				return res.Status
			}
		}
	}
	return ""
}

// TestOrganisation lays the policy of a project over that of its organisation.
func TestOrganisation(t *testing.T) {
	t.Parallel()
	imagegate, source, organisation := shareModule(t), copyExample(t, "go-api"), t.TempDir()
	write(t, filepath.Join(organisation, "imagegate.yaml"), "budgets: {max-size: 1kB}\nlocked: [budgets]\n")
	lint := func(args ...string) result {
		return imagegate.call(t, append(append([]string{"--policy=" + organisation}, args...), "lint", "--source="+source)...)
	}
	lint().succeed(t)
	out := imagegate.call(t, "--policy="+organisation, "image", "--source="+source)
	if got := out.blocked(t); !slices.Equal(got, []string{"image/size"}) {
		t.Errorf("blocked by %v\n%s", got, out)
	}
	flag := lint("--max-size=1GB")
	if got := flag.blocked(t); !slices.Equal(got, []string{"policy/valid"}) || !strings.Contains(flag.stderr, "--max-size") {
		t.Errorf("a flag that loosens: blocked by %v\n%s", got, flag)
	}
	write(t, filepath.Join(source, "imagegate.yaml"), "budgets: {max-size: 1GB}\n")
	project := lint()
	if got := project.blocked(t); !slices.Equal(got, []string{"policy/valid"}) {
		t.Errorf("a project that loosens: blocked by %v\n%s", got, project)
	}
}

// TestInitAndBaseline has the module write a policy and a baseline, and then judges by
// them.
func TestInitAndBaseline(t *testing.T) {
	t.Parallel()
	source := copyExample(t, "go-api")
	written := filepath.Join(t.TempDir(), "written")
	dagger(t, "call", "init", "--source="+source, "after", "export", "--path="+written).succeed(t)
	again := dagger(t, "call", "init", "--source="+written)
	if again.code == 0 || !strings.Contains(again.stderr, "the source has imagegate.yaml") {
		t.Errorf("init over a policy\n%s", again)
	}
	dagger(t, "call", "--max-size=1kB", "baseline", "--source="+written, "after", "file", "--path=.imagegate-baseline.json",
		"export", "--path="+filepath.Join(written, ".imagegate-baseline.json")).succeed(t)
	imagegate := shareModule(t)
	doc := imagegate.report(t, "--max-size=1kB", "report", "--source="+written)
	if doc.Verdict != "passed" || statusOf(doc, "image/size") != "waived" {
		t.Errorf("with a baseline it is %s, by %v", doc.Verdict, doc.Blocked)
	}
	doc = imagegate.report(t, "report", "--source="+written)
	if doc.Verdict != "passed" || statusOf(doc, "policy/gone") != "warn" {
		t.Errorf("with a baseline whose finding is gone it is %s, by %v", doc.Verdict, doc.Blocked)
	}
}

// TestInitWithoutATerminal writes into the directory that dagger is called in.
func TestInitWithoutATerminal(t *testing.T) {
	t.Parallel()
	source := copyExample(t, "go-api")
	daggerIn(t, source, nil, "call", "-m", root, "-y", "init", "--source=.").succeed(t)
	text, err := os.ReadFile(filepath.Join(source, "imagegate.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "# profile: default") {
		t.Errorf("init wrote\n%s", text)
	}
}
