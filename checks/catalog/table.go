package catalog

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Table returns the list of every check for people: its id, the severity of most
// that it finds, what holds when it passes, and what other tools call it.
func Table() string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CHECK\tSEVERITY\tHOLDS WHEN IT PASSES\tIN OTHER TOOLS")
	for _, r := range Rules() {
		severity := string(r.Severity)
		if r.Strict {
			severity += ", strict"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.ID, severity, r.Title, strings.Join(r.Aliases, " "))
	}
	w.Flush()
	return out.String()
}
