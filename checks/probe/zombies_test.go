package probe

import (
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestZombies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first string
		want  []string
	}{
		"does not collect its child":       {"zombie", []string{"exe"}},
		"does not collect an orphan":       {"orphan", []string{"exe"}},
		"collects its child and an orphan": {"collect", nil},
		"collects while it is watched":     {"collect-late", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := observe(t, Spec{
				Args: []string{app, "-first=" + c.first, "-on-stop=0", "-listen=" + filepath.Join(t.TempDir(), "socket")}, GracePeriod: patient, Settle: patient,
			})
			if got := verdict(o); got != "exit 0" || !slices.Equal(o.Resources.Zombies, c.want) {
				t.Errorf("got %q and %q, want %q: %+v", got, o.Resources.Zombies, c.want, o)
			}
		})
	}
}

// A zombie counts once it was seen for as long without a pause.
func TestNoteZombies(t *testing.T) {
	zombie := func(pid int, began uint64, name string) process {
		return process{pid: pid, parent: pid - 1, began: began, name: name, zombie: true}
	}
	var z zombies
	start := time.Now()
	at := func(d time.Duration, found ...process) int {
		z.note(found, start.Add(d))
		return len(z.young(start.Add(d)))
	}
	at(0, zombie(10, 1, "old"), zombie(11, 1, "collected"), zombie(12, 1, "reused"), process{pid: 13, name: "alive"})
	// Its parent ended, and another one has it.
	moved := zombie(10, 1, "old")
	moved.parent = 1
	if young := at(zombieAge-1, moved, zombie(12, 2, "reused")); young != 2 || len(z.names) != 0 {
		t.Errorf("%d are young, named are %q", young, z.names)
	}
	if young := at(zombieAge, moved, zombie(12, 2, "reused"), process{pid: 13, name: "alive"}); young != 1 || !slices.Equal(z.names, []string{"old"}) {
		t.Errorf("%d are young, named are %q", young, z.names)
	}
	z.paused = true
	at(3*zombieAge, zombie(12, 2, "reused"))
	z.paused = false
	if young := at(4*zombieAge, zombie(12, 2, "reused"), zombie(14, 1, "old")); young != 2 {
		t.Errorf("%d are young", young)
	}
	at(5*zombieAge, zombie(12, 2, "reused"), zombie(14, 1, "old"))
	at(6*zombieAge, zombie(12, 2, "reused"))
	if !slices.Equal(z.names, []string{"old", "old", "reused"}) {
		t.Errorf("named are %q", z.names)
	}
	var many []process
	for i := range 2 * keptZombies {
		many = append(many, zombie(100+i, 1, "many"))
	}
	at(7*zombieAge, many...)
	at(8*zombieAge, many...)
	if len(z.names) != keptZombies {
		t.Errorf("%d are named", len(z.names))
	}
}
