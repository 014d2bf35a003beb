package stats

// Median returns the time by which half of the cases have ended after Kaplan and Meier (JASA
// 53, 1958), cases still open counting for as long as they have been open: the first time at
// which at most half are left, or, as R's survfit has it, the middle between that time and
// the next end where exactly half are left for a while. It is false where more than half
// are still left at the last end. The slices must be sorted ascending, as NewDurations
// leaves them.
func (l Lifetimes) Median() (float64, bool) {
	const half = 0.5
	left, open := 1.0, 0
	for i := 0; i < len(l.Done); {
		time, from := l.Done[i], i
		for open < len(l.Open) && l.Open[open] < time {
			open++
		}
		for i < len(l.Done) && l.Done[i] == time {
			i++
		}
		left *= 1 - float64(i-from)/float64(l.size()-from-open)
		switch {
		case left > half+1e-12:
		case left < half-1e-12 || i == len(l.Done):
			return time, true
		default:
			return time + (l.Done[i]-time)/2, true
		}
	}
	return 0, false
}
