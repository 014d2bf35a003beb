package charter

import (
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// spread returns the days on which n new terms end, the latest first, so that over the
// given slots as many seats end at each as at any other, or one more or fewer. The load
// is how many seats end at each slot already; no running term is cut for that, so a
// slot with too many has them until it comes, and then they are spread.
//
// Each term in turn goes to the slot at which the fewest seats end, the latest of
// several. Slots never get more than an even share, and after at most two passes
// through all slots they are within one of each other.
func spread(slots []civil.Day, load []int, n int) []civil.Day {
	load = slices.Clone(load)
	ends := make([]civil.Day, 0, n)
	for range n {
		least := len(slots) - 1
		for i := least - 1; i >= 0; i-- {
			if load[i] < load[least] {
				least = i
			}
		}
		load[least]++
		ends = append(ends, slots[least])
	}
	slices.SortFunc(ends, func(a, b civil.Day) int { return int(b) - int(a) })
	return ends
}

// loads counts at which of the slots seats that end on the given days are filled anew:
// the first that is not before. Those that end after the last slot count nowhere.
func loads(slots []civil.Day, ends []civil.Day) []int {
	load := make([]int, len(slots))
	for _, end := range ends {
		if i, _ := slices.BinarySearch(slots, end); i < len(slots) {
			load[i]++
		}
	}
	return load
}
