package serve

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

const (
	// gcPercent is how much a large heap grows, in percent, before it is collected: about
	// a third of Go's 100, for the sake of memory.
	gcPercent = 35
	// leastHeap is the size in bytes that a heap reaches before it is collected,
	// however little of it is in use. Without it a server that holds 30 MB collects
	// ten times a second under load, and that costs a tenth of its answers.
	leastHeap = 88 << 20
	// mostGrowth bounds how far beyond that a heap may go that grows all at once.
	mostGrowth = 400
)

// tuneHeap sets what this package says of the heap, now and after each collection.
func tuneHeap() {
	sizes := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	set := 0
	var tune func()
	tune = func() {
		metrics.Read(sizes)
		percent := growth(sizes[0].Value.Uint64(), sizes[1].Value.Uint64()+sizes[2].Value.Uint64())
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

// growth returns by how many percent a heap with so many bytes in use may grow. Go takes
// them of the stacks and globals too.
func growth(live, beside uint64) int {
	if live == 0 { // not known before the first collection
		return gcPercent
	}
	percent := int((leastHeap - min(leastHeap, live)) * 100 / (live + beside))
	return max(gcPercent, min(mostGrowth, percent))
}
