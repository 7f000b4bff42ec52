package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/imagegate/imagegate/checks/catalog"
)

// List every check: its id, the severity of what it finds, and what holds when
// it passes. HIGH and CRITICAL block, what is below warns.
func (m *Imagegate) Checks() string {
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CHECK\tSEVERITY\tHOLDS WHEN IT PASSES")
	for _, r := range catalog.Rules() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.ID, r.Severity, r.Title)
	}
	w.Flush()
	return out.String()
}
