package dockerfile

import (
	"cmp"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/moby/buildkit/util/suggest"
)

// environment holds the variables that BuildKit has while it goes through a stage,
// or before the first FROM. Unlike a scope it knows the value of each: a variable
// that only an external base image could set is not there.
type environment struct {
	base  *environment // of the stage that this one is built from, complete
	vars  map[string]*variable
	list  []*variable
	clock int // counts the settings, on from those of base
}

// variable is what one stage makes of a name.
type variable struct {
	name  string
	shape shape
	// declared is whether an ARG names it, with a value or without.
	declared bool
	// set is whether value is the value that an ARG or ENV gave it last, at setAt.
	set   bool
	value string
	setAt int
	// kept is whether an ENV set it, first at keptAt, and last to keptValue: that is
	// what a stage finds that is built from this one, even if an ARG came later.
	kept      bool
	keptValue string
	keptAt    int
}

func newEnvironment(base *environment) *environment {
	e := &environment{base: base, vars: map[string]*variable{}}
	if base != nil {
		e.clock = base.clock
	}
	return e
}

func (e *environment) variable(name string) *variable {
	v := e.vars[name]
	if v == nil {
		v = &variable{name: name, shape: shapeOf(name)}
		e.vars[name] = v
		e.list = append(e.list, v)
	}
	return v
}

// declare enters an ARG, set an ARG that has a value, keep an ENV.
func (e *environment) declare(name string) { e.variable(name).declared = true }

func (e *environment) set(name, value string) {
	v := e.variable(name)
	e.clock++
	v.set, v.value, v.setAt = true, value, e.clock
}

func (e *environment) keep(name, value string) {
	e.set(name, value)
	v := e.vars[name]
	if !v.kept {
		v.kept, v.keptAt = true, v.setAt
	}
	v.keptValue = value
}

// unset takes the value of a variable away.
func (e *environment) unset(name string) {
	if v := e.vars[name]; v != nil {
		v.set = false
	}
}

// Get returns the value of a variable, as BuildKit's lexer asks for it.
func (e *environment) Get(name string) (string, bool) {
	if v := e.vars[name]; v != nil && v.set {
		return v.value, true
	}
	for b := e.base; b != nil; b = b.base {
		if v := b.vars[name]; v != nil && v.kept {
			return v.keptValue, true
		}
	}
	for b := e.base; b != nil; b = b.base {
		if v := b.vars[name]; v != nil && v.set {
			return v.value, true
		}
	}
	return "", false
}

// Keys is there for BuildKit's lexer, which does not ask for it.
func (e *environment) Keys() []string { return nil }

// declares reports whether an ARG of the stage, or of those that it is built from,
// names a variable.
func (e *environment) declares(name string) bool {
	for ; e != nil; e = e.base {
		if v := e.vars[name]; v != nil && v.declared {
			return true
		}
	}
	return false
}

// nearest returns the variable with a value, or one that is only declared if these
// are wanted, that a name may be a slip of; empty if there is none. Of several,
// BuildKit takes the first in the order of its own list.
func (e *environment) nearest(name string, declared bool) string {
	wanted := shapeOf(name)
	type candidate struct {
		name string
		rank [2]int
	}
	var candidates []candidate
	for b := e; b != nil; b = b.base {
		for _, v := range b.list {
			if (v.set || v.kept || declared && v.declared) && v.shape.near(wanted) &&
				!slices.ContainsFunc(candidates, func(c candidate) bool { return c.name == v.name }) {
				candidates = append(candidates, candidate{v.name, e.rank(v.name)})
			}
		}
	}
	slices.SortStableFunc(candidates, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.rank[0], b.rank[0]), cmp.Compare(a.rank[1], b.rank[1]))
	})
	names := make([]string, len(candidates))
	for i, c := range candidates {
		names[i] = c.name
	}
	match, _ := suggest.Search(name, names, true)
	return match
}

// rank returns where BuildKit has a variable in its list: the ARGs of the stages
// below come first, then their ENVs, each in the place of its first one, then what
// this stage sets.
func (e *environment) rank(name string) [2]int {
	if v := e.vars[name]; v != nil && v.set {
		return [2]int{2, v.setAt}
	}
	rank := [2]int{}
	for b := e.base; b != nil; b = b.base {
		switch v := b.vars[name]; {
		case v == nil:
		case v.kept:
			rank = [2]int{1, v.keptAt}
		case v.set && rank == [2]int{}:
			rank = [2]int{0, v.setAt}
		}
	}
	return rank
}

// shape is what tells at once that two names are too far from each other to be
// taken for a slip: their length, and the characters in them.
type shape struct {
	length     int
	characters uint64
}

func shapeOf(name string) shape {
	s := shape{length: utf8.RuneCountInString(name)}
	for _, r := range name {
		s.characters |= 1 << (r & 63)
	}
	return s
}

// near is true for all names that BuildKit takes for slips of each other: of two
// edits each changes the length by one, and the set of characters by two, at most.
func (s shape) near(other shape) bool {
	return max(s.length, other.length)-min(s.length, other.length) <= 2 && bits.OnesCount64(s.characters^other.characters) <= 4
}
