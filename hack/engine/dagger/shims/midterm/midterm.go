// Package midterm puts the published midterm v0.2.3 (which the wrapper module
// names imagegate.invalid/midterm) under the path that Dagger imports, and adds
// the search calls that Dagger's interactive log pager needs and v0.2.3 lacks.
// Searching is interactive only, so here it finds nothing.
package midterm

import real "imagegate.invalid/midterm"

// Reset is the SGR reset format.
var Reset = real.Reset

// Match is one search hit.
type Match struct{ Row, Col, Len int }

// Terminal is the real terminal emulator plus an always empty search result.
type Terminal struct {
	*real.Terminal
	SearchMatches []Match
}

// NewAutoResizingTerminal returns a terminal that grows with its content.
func NewAutoResizingTerminal() *Terminal {
	return &Terminal{Terminal: real.NewAutoResizingTerminal()}
}

// Search finds nothing.
func (*Terminal) Search(string) int { return 0 }

// SearchClear does nothing.
func (*Terminal) SearchClear() {}

// SearchSetCurrent reports that no match is current.
func (*Terminal) SearchSetCurrent(int) (row, col int) { return -1, -1 }

// SearchMatchRows has no rows.
func (*Terminal) SearchMatchRows() []int { return nil }
