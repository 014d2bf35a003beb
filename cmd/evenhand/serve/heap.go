package serve

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// gcPercent is how much a large heap grows, in percent, before it is collected: a
	// little less than Go's 100, for the sake of memory.
	gcPercent = 75
	// leastHeap is the size in bytes that a heap reaches before it is collected,
	// however little of it is in use. Without it a server that holds 30 MB collects
	// ten times a second under load, and that costs a tenth of its answers.
	leastHeap = 80 << 20
)

// tuneHeap sets what this package says of the heap, now and after each collection.
func tuneHeap() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	set := 0
	var tune func()
	tune = func() {
		metrics.Read(live)
		percent := growth(live[0].Value.Uint64())
		// Setting it stops the world for a moment, so not for a trifle.
		if percent < set-set/8 || percent > set+set/8 {
			debug.SetGCPercent(percent)
			set = percent
		}
		// The next collection finds the mark unreachable.
		mark := new([2]uintptr)
		runtime.AddCleanup(mark, func(again func()) { again() }, tune)
	}
	tune()
}

// growth returns by how many percent a heap with so many bytes in use may grow.
func growth(live uint64) int {
	if live == 0 { // not known before the first collection
		return gcPercent
	}
	return max(gcPercent, int((leastHeap-min(leastHeap, live))*100/live))
}
