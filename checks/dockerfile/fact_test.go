package dockerfile

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/imagegate/imagegate/checks"
)

func TestFact(t *testing.T) {
	var asked atomic.Int32
	name := NewFact(func(s *Source) string { asked.Add(1); return s.Final.Name })
	program := NewFact(func(c Call) string { asked.Add(1); return c.Program() })
	for i, want := range []string{"a", "b"} {
		s := load(t, "FROM x:1 AS "+want+"\nRUN /bin/"+want+" && true\n", Options{})
		calls := s.Final.Instructions[0].Calls
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				got := [3]string{name.Of(s), program.Of(calls[0]), program.Of(calls[1])}
				if got != [3]string{want, want, "true"} {
					t.Errorf("%v of %s", got, want)
				}
			})
		}
		all.Wait()
		if n := int(asked.Load()); n != 3*(i+1) {
			t.Errorf("%s: computed %d times, want %d", want, n, 3*(i+1))
		}
	}
}

func TestFactOfNewCall(t *testing.T) {
	program := NewFact(Call.Program)
	for _, want := range []string{"a", "b"} {
		if got := program.Of(Call{Words: []string{want}, Location: checks.Location{}}); got != want {
			t.Errorf("%s of %s", got, want)
		}
	}
}
