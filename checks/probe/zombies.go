package probe

import (
	"slices"
	"time"
)

const (
	// zombieAge is how long a process may have ended before its parent collects it.
	zombieAge = time.Second
	// keptZombies bounds how many zombies are reported.
	keptZombies = 32
)

// zombies are the processes that have ended and that the application has not
// collected: those of its main process too, to which orphans fall.
type zombies struct {
	// since is when each was first seen so.
	since map[process]time.Time
	// old are those that were so for long; names are theirs, sorted.
	old   map[process]bool
	names []string
	// paused is whether they are not counted: the application stands still, or ends.
	paused bool
}

// note notes those of the processes that are zombies now.
func (z *zombies) note(found []process, now time.Time) {
	if z.old == nil {
		z.old = map[process]bool{}
	}
	since := map[process]time.Time{}
	for _, p := range found {
		if z.paused || !p.zombie {
			continue
		}
		// Its parent may have ended since, and another one have it.
		p.parent = 0
		first, ok := z.since[p]
		if !ok {
			first = now
		}
		since[p] = first
		if now.Sub(first) >= zombieAge && !z.old[p] && len(z.old) < keptZombies {
			z.old[p] = true
			z.names = append(z.names, p.name)
			slices.Sort(z.names)
		}
	}
	z.since = since
}

// young returns the zombies that are not old enough to be reported.
func (z *zombies) young(now time.Time) []process {
	var young []process
	for p, first := range z.since {
		if now.Sub(first) < zombieAge {
			young = append(young, p)
		}
	}
	return young
}

// pauseZombies begins, or ends, a time in which zombies are not counted.
func (a *application) pauseZombies(paused bool) {
	a.looking.Lock()
	defer a.looking.Unlock()
	a.zombies.paused = paused
	a.zombies.since = nil
}

// awaitZombies waits until those that are zombies at its beginning are collected,
// or old enough: how long the application ran before does not matter then.
func (a *application) awaitZombies() {
	a.look()
	for awaited := a.youngZombies(); len(awaited) > 0 && !a.endsWithin(sampleEvery); {
		a.look()
		young := a.youngZombies()
		awaited = slices.DeleteFunc(awaited, func(p process) bool { return !slices.Contains(young, p) })
	}
}

func (a *application) youngZombies() []process {
	a.looking.Lock()
	defer a.looking.Unlock()
	return a.zombies.young(time.Now())
}
