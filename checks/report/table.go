package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/imagegate/imagegate/checks"
)

// The widths, in columns, that the text of a table's cells is wrapped at. A
// word that is longer (a path, an address) is left whole.
const (
	whereWidth = 28
	whatWidth  = 56
	fixWidth   = 44
)

// mostNames is how many checks a shared row names.
const mostNames = 8

type row struct {
	status                  checks.Status
	check, where, what, fix string
}

// family gathers the checks of one package that came to the same, to share a row.
type family struct {
	name, platform string
	status         checks.Status
	detail         string
}

func (f family) row(members []checks.Result) row {
	if len(members) == 1 {
		return row{f.status, members[0].Check, f.platform, cmp.Or(f.detail, members[0].Title), ""}
	}
	var names []string
	for _, m := range members {
		names = append(names, strings.TrimPrefix(m.Check, f.name+"/"))
	}
	what := fmt.Sprintf("%d checks", len(names))
	if len(names) <= mostNames {
		what += ": " + strings.Join(names, ", ")
	}
	if f.detail != "" {
		what = f.detail + " (" + what + ")"
	}
	return row{f.status, f.name + "/*", f.platform, what, ""}
}

// Table returns the report as a table for people, worst first: a row for each
// finding and for each check that passed with evidence worth showing; checks of
// one package that passed without, were skipped or could not be judged for the
// same reason share a row. Below it stand the verdict and the time of each gate.
func Table(r Report) string {
	var rows []row
	var families []family
	members := map[family][]checks.Result{}
	for _, g := range r.Gates {
		for _, res := range g.Results {
			for _, f := range res.Findings {
				rows = append(rows, row{f.Status, res.Check, join(g.Platform, f.Location.String()), what(f), advice(f)})
			}
			switch {
			case len(res.Findings) > 0:
			case res.Status == checks.Pass && res.Detail != "":
				rows = append(rows, row{res.Status, res.Check, g.Platform, res.Detail, ""})
			default:
				name, _, _ := strings.Cut(res.Check, "/")
				f := family{name, g.Platform, res.Status, res.Detail}
				if members[f] == nil {
					families = append(families, f)
				}
				members[f] = append(members[f], res)
			}
		}
	}
	for _, f := range families {
		rows = append(rows, f.row(members[f]))
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(rank(a.status), rank(b.status)), cmp.Compare(a.check, b.check))
	})

	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STATUS\tCHECK\tWHERE\tWHAT\tFIX")
	for _, r := range rows {
		where, what, fix := wrap(r.where, whereWidth), wrap(r.what, whatWidth), wrap(r.fix, fixWidth)
		for i := range max(1, len(where), len(what), len(fix)) {
			status, check := string(r.status), r.check
			if i > 0 {
				status, check = "", ""
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", status, check, line(where, i), line(what, i), line(fix, i))
		}
	}
	w.Flush()
	return trimRight(out.String()) + "\n" + summary(r)
}

// what returns a finding's message, with its subject unless it names that.
func what(f checks.Finding) string {
	if f.Subject == "" || strings.Contains(f.Message, f.Subject) {
		return f.Message
	}
	return f.Subject + ": " + f.Message
}

// advice returns what to do about a finding, or why it is accepted.
func advice(f checks.Finding) string {
	if f.Status == checks.Waived && f.Reason != "" {
		return "accepted: " + f.Accepted()
	}
	return f.Fix
}

// rank orders statuses for reading: worst first, what passed last.
func rank(s checks.Status) int {
	return -slices.Index([]checks.Status{checks.Pass, checks.Waived, checks.Skipped, checks.Warn, checks.Fail, checks.Error}, s)
}

func summary(r Report) string {
	var b strings.Builder
	if r.Image != nil {
		fmt.Fprintf(&b, "image    %s (%s)\n", r.Image.Digest, strings.Join(r.Image.Platforms, ", "))
	}
	var gates []string
	warnings := 0
	for _, g := range r.Gates {
		gates = append(gates, fmt.Sprintf("%s %s %s", join(g.Name, g.Platform), g.Verdict(), g.Time.Round(10*time.Millisecond)))
		for _, res := range g.Results {
			for _, f := range res.Findings {
				if f.Status == checks.Warn {
					warnings++
				}
			}
		}
	}
	fmt.Fprintf(&b, "gates    %s\n", strings.Join(gates, ", "))
	fmt.Fprintf(&b, "judged   %s\n", r.Judged.UTC().Format("2006-01-02 15:04:05 UTC"))
	verdict := r.Verdict()
	if blocked := r.blockedFamilies(); len(blocked) > 0 {
		verdict += " by " + strings.Join(blocked, ", ")
	}
	switch warnings {
	case 0:
	case 1:
		verdict += ", with 1 warning"
	default:
		verdict += fmt.Sprintf(", with %d warnings", warnings)
	}
	fmt.Fprintf(&b, "verdict  %s\n", verdict)
	return b.String()
}

// blockedFamilies returns what Blocked does, with "vuln/*" for the checks of a package
// of which all could not be judged for one and the same reason.
func (r Report) blockedFamilies() []string {
	judged := map[string]map[string]bool{} // the ids of a package
	reasons := map[string]map[string]bool{}
	for _, g := range r.Gates {
		for _, res := range g.Results {
			name, _, _ := strings.Cut(res.Check, "/")
			if judged[name] == nil {
				judged[name], reasons[name] = map[string]bool{}, map[string]bool{}
			}
			judged[name][res.Check] = true
			reason := "" // no error has that
			if res.Status == checks.Error && len(res.Findings) == 0 {
				reason = res.Detail
			}
			reasons[name][reason] = true
		}
	}
	var names []string
	for _, id := range r.Blocked() {
		name, _, _ := strings.Cut(id, "/")
		if len(judged[name]) > 1 && len(reasons[name]) == 1 && !reasons[name][""] {
			id = name + "/*"
		}
		names = append(names, id)
	}
	return slices.Compact(names)
}

func join(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), " ")
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

// wrap breaks text into lines of at most width columns, between words. Control
// characters, which come from scanned programs' output, become spaces.
func wrap(text string, width int) []string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	var lines []string
	current := ""
	for _, word := range strings.Fields(text) {
		if current != "" && len([]rune(current))+1+len([]rune(word)) > width {
			lines = append(lines, current)
			current = ""
		}
		current = join(current, word)
	}
	if current != "" {
		lines = append(lines, current)
	}
	return lines
}

func trimRight(table string) string {
	lines := strings.Split(table, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}
