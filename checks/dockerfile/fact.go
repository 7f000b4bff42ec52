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
	value any // a func() T
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
	return f.of(subject, known)()
}

func (f *Fact[Of, T]) of(subject Of, known *facts) func() T {
	known.mu.Lock()
	defer known.mu.Unlock()
	for _, k := range known.all {
		if k.fact == any(f) {
			return k.value.(func() T)
		}
	}
	value := sync.OnceValue(func() T { return f.compute(subject) })
	known.all = append(known.all, knownFact{f, value})
	return value
}
