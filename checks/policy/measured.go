package policy

import (
	"cmp"
	"slices"
)

// tolerance is the share of an amount, one in so many, by which it may grow and be the
// same: no two builds of an image have the same size to a byte.
const tolerance = 100

// covers reports whether a finding that measures an amount is one that was accepted
// when it measured another.
func covers(accepted, amount int64) bool {
	return amount <= accepted || amount-accepted <= accepted/tolerance
}

// allowance is what an entry of the baseline has room for.
type allowance struct {
	entry baselined
	// left is how many are free, and amounts what each may measure, the largest first;
	// nil where that is no matter.
	left    int
	amounts []int64
	// found is how many findings there are.
	found int
}

func (e baselined) allowance() *allowance {
	return &allowance{entry: e, left: e.Count, amounts: slices.Clone(e.Measured)}
}

// take takes the place for a finding that measures an amount, and returns what may be
// measured there: the least that is enough, so that the others are left for larger ones.
func (a *allowance) take(amount int64) (accepted int64, ok bool) {
	if a.left == 0 {
		return 0, false
	}
	if a.entry.Measured == nil {
		a.left--
		return amount, true
	}
	for i, accepted := range slices.Backward(a.amounts) {
		if covers(accepted, amount) {
			a.left--
			a.amounts = slices.Delete(a.amounts, i, i+1)
			return accepted, true
		}
	}
	return 0, false
}

// most returns the most that a finding might measure; 0 where that is no matter.
func (a *allowance) most() int64 {
	if len(a.entry.Measured) == 0 {
		return 0
	}
	return a.entry.Measured[0]
}

// kept returns the entry with places for no more, and no larger findings than there
// are now, and how many of these it accepts. One that has grown keeps its place as it
// was: it is not gone.
func (e baselined) kept(now []int64) (entry baselined, accepted int) {
	a := e.allowance()
	var amounts []int64
	for _, amount := range now {
		if most, ok := a.take(amount); ok {
			amounts = append(amounts, min(most, amount))
		}
	}
	accepted = len(amounts)
	for n := range min(len(now), e.Count) - accepted {
		amounts = append(amounts, a.amounts[n])
	}
	return entryOf(e.fingerprint, amounts), accepted
}

// entryOf returns the entry of findings that measure these amounts; 0 is nothing.
func entryOf(id fingerprint, amounts []int64) baselined {
	e := baselined{fingerprint: id, Count: len(amounts)}
	if !slices.ContainsFunc(amounts, func(n int64) bool { return n < 1 }) {
		e.Measured = slices.Clone(amounts)
		largestFirst(e.Measured)
	}
	return e
}

// larger returns the amounts of the same findings on two platforms: of each the larger
// one.
func larger(a, b []int64) []int64 {
	a, b = slices.Clone(a), slices.Clone(b)
	largestFirst(a)
	largestFirst(b)
	if len(a) < len(b) {
		a, b = b, a
	}
	for i := range b {
		a[i] = max(a[i], b[i])
	}
	return a
}

func largestFirst(amounts []int64) {
	slices.SortFunc(amounts, func(a, b int64) int { return cmp.Compare(b, a) })
}
