package dockerfile

import "sync"

// Fact is something that several checks ask of a source, or of a call. It is
// computed once for each, where the first one asks, and then read only.
type Fact[Of factual, T any] struct{ compute func(Of) T }

// factual is what facts can be asked of.
type factual interface{ known() *facts }

func (s *Source) known() *facts { return &s.facts }
func (c Call) known() *facts    { return c.facts }

// facts are those that were asked of one thing.
type facts struct {
	mu  sync.Mutex
	all []knownFact
}

type knownFact struct {
	fact  any // a *Fact[Of, T]
	value func() any
}

// NewFact returns the fact that compute finds out of a source or a call.
func NewFact[Of factual, T any](compute func(Of) T) *Fact[Of, T] { return &Fact[Of, T]{compute} }

// Of returns the fact of one of them. That of a call which is not one of the
// source's is computed each time.
func (f *Fact[Of, T]) Of(subject Of) T {
	known := subject.known()
	if known == nil {
		return f.compute(subject)
	}
	value := known.find(f)
	if value == nil {
		value = f.enter(subject)
	}
	return value().(T)
}

// enter is apart from Of, which then takes no memory for a fact that is known.
func (f *Fact[Of, T]) enter(subject Of) func() any {
	return subject.known().add(f, func() any { return f.compute(subject) })
}

// find returns how to get a fact; nil if it was not asked for.
func (f *facts) find(fact any) func() any {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lookup(fact)
}

// add enters a fact, if nobody else has, and returns how to get it.
func (f *facts) add(fact any, compute func() any) func() any {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known := f.lookup(fact); known != nil {
		return known
	}
	value := sync.OnceValue(compute)
	f.all = append(f.all, knownFact{fact, value})
	return value
}

func (f *facts) lookup(fact any) func() any {
	for _, k := range f.all {
		if k.fact == fact {
			return k.value
		}
	}
	return nil
}
