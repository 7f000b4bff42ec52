package probe

import (
	"runtime"
	"sync"
)

const (
	// mostParallel bounds how many threads of the probe run Go code at once, however
	// many processors there are.
	mostParallel = 4
	// spareThreads is how many may be blocked in the kernel meanwhile.
	spareThreads = 12
)

// reserveThreads makes the threads that the probe may ever need. Go's runtime makes
// one whenever it is short of them, and ends the process if it cannot: that is so
// while the application has taken every place in the process table.
func reserveThreads() {
	runtime.GOMAXPROCS(min(mostParallel, runtime.GOMAXPROCS(0)))
	var all, ended sync.WaitGroup
	all.Add(mostParallel + spareThreads)
	for range mostParallel + spareThreads {
		ended.Go(func() {
			// Each has a thread to itself until all have; the runtime keeps them.
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			all.Done()
			all.Wait()
		})
	}
	ended.Wait()
}
