package pages

import (
	"fmt"
	"strings"
)

// family is what the checks of one package have in common for a reader.
type family struct {
	name, title string
	// language is that of their examples, where they are no archive.
	language string
	// shows says what the examples show, where that is no source that a reader
	// would write.
	shows string
	// profiles is whether they are judged by a profile.
	profiles bool
}

// families are all of them, in the order of the gates.
var families = []family{
	{name: "source", title: "The source: Dockerfile, ignore file and build context", language: "dockerfile", profiles: true},
	{name: "buildkit", title: "The source, by the rules of BuildKit's build checks", language: "dockerfile", profiles: true},
	{name: "suppress", title: "Comments and waivers that accept a finding", language: "dockerfile", profiles: true},
	{name: "compose", title: "The Compose file", language: "yaml", profiles: true},
	{name: "build", title: "The build", language: "text", shows: "The last step of the build, how it ended, and what it wrote."},
	{name: "image", title: "The built image", language: "json", shows: "What the check reads of the image: its configuration, layers and files, as far as they matter here."},
	{name: "vuln", title: "What scanners find in it", language: "json", shows: "What the scanner reports, the database that it looked the packages up in, and the policy, as far as they matter here."},
	{name: "runtime", title: "The running container", language: "json", shows: "What the probe saw of the running container, as far as it matters here; times are in nanoseconds."},
	{name: "policy", title: "The policy itself", language: "yaml", shows: "The policy, what the gates found (a check, and what the finding is about), and the day.", profiles: true},
}

func familyOf(id string) family {
	name, _, _ := strings.Cut(id, "/")
	for _, f := range families {
		if f.name == name {
			return f
		}
	}
	return family{name: name}
}

// index returns the list of all checks.
func (b book) index() string {
	var out strings.Builder
	fmt.Fprintf(&out, `# Checks

imagegate judges an image by %d checks: what it is built from, the image that came of it, and the container that runs from it. A finding of the severity High or Critical blocks the image. One below warns, and blocks too in the strict profile if it is of severity Medium. [How other tools' rules are answered](%s) is a page of its own.

A check's id is forever: it is never given to another check.
`, len(b.entries), link(indexPage, coveragePage))
	for _, f := range families {
		var rows strings.Builder
		for _, e := range b.entries {
			if familyOf(e.ID).name != f.name {
				continue
			}
			severity := word(e.Severity)
			if e.Strict {
				severity += ", strict profile alone"
			}
			fmt.Fprintf(&rows, "| [%s](%s) | %s | %s |\n", e.ID, link(indexPage, e.Page()), severity, b.cell(indexPage, strings.TrimSuffix(title(e), ".")))
		}
		if rows.Len() > 0 {
			fmt.Fprintf(&out, "\n## %s\n\n| Check | Severity | Holds when it passes |\n|---|---|---|\n%s", f.title, &rows)
		}
	}
	return out.String()
}
