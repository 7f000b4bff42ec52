package pages

import (
	"fmt"
	"strings"

	"github.com/imagegate/imagegate/checks"
	"github.com/imagegate/imagegate/checks/coverage"
)

// comparison returns the page on the rules of other tools.
func (b book) comparison() string {
	rules := make([]checks.Rule, len(b.entries))
	alone := 0
	for i, e := range b.entries {
		rules[i] = e.Rule
		if len(e.Aliases) == 0 {
			alone++
		}
	}
	var counts, tables strings.Builder
	total, answered := 0, 0
	for _, tool := range coverage.Tools() {
		of, left := 0, 0
		fmt.Fprintf(&tables, "\n## %s\n\n[%s](%s), %s.\n\n| Rule | Asks for | Answered by |\n|---|---|---|\n", tool.Name, tool.Name, tool.Reference, tool.Version)
		for _, a := range tool.Answers(rules) {
			var by string
			switch {
			case len(a.Checks) > 0:
				of++
				by = links(coveragePage, a.Checks)
			case a.LeftOut != "":
				left++
				by = "*Left out.* " + b.cell(coveragePage, a.LeftOut)
			default:
				by = "*Nothing yet.*"
			}
			fmt.Fprintf(&tables, "| %s | %s | %s |\n", a.ID, b.cell(coveragePage, a.Title), by)
		}
		fmt.Fprintf(&counts, "| [%s](#%s) | %s | %d | %d | %d |\n", tool.Name, anchor(tool.Name), tool.Version, len(tool.Rules), of, left)
		total, answered = total+len(tool.Rules), answered+of
	}
	return fmt.Sprintf(`# Rules of other tools

Every rule that these tools have on Dockerfiles, images or Compose files is answered by a check, or left out for the reason that stands beside it. Of %d rules %d are answered; many are one practice under several names. Of imagegate's %d checks %d have no counterpart in any of the tools. Where a check differs on purpose from a rule that it answers, its page says so.

| Tool | Version of the list | Rules | Answered | Left out |
|---|---|---|---|---|
%s%s`, total, answered, len(b.entries), alone, &counts, &tables)
}

// links returns links to the pages of checks.
func links(from string, rules []checks.Rule) string {
	all := make([]string, len(rules))
	for i, r := range rules {
		all[i] = fmt.Sprintf("[%s](%s)", r.ID, link(from, r.Page()))
	}
	return strings.Join(all, ", ")
}
