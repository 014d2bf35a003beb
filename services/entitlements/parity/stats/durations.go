package stats

import "math"

// Lifetimes has the durations of a group's cases: of those that ended, how long they took,
// and of those still open (censored), how long they have been open. All must be 0 or more.
type Lifetimes struct {
	Done, Open []float64
}

func (l Lifetimes) size() int { return len(l.Done) + len(l.Open) }

// DurationStratum has the durations of one stratum by group.
type DurationStratum struct {
	A, B Lifetimes
}

// Durations are the strata in which two groups' durations are compared, cases still open
// counting for as long as they have been open.
type Durations struct {
	strata []DurationStratum
	early  bool // what is early weighs more
}

// NewDurations returns strata ready to be compared. It sorts the slices in place and keeps
// them; those sorted already are only read, so that comparisons side by side may share
// groups sorted beforehand.
func NewDurations(strata []DurationStratum) Durations {
	var both []DurationStratum
	for _, s := range strata {
		if s.A.size() > 0 && s.B.size() > 0 {
			for _, l := range []Lifetimes{s.A, s.B} {
				ascending(l.Done)
				ascending(l.Open)
			}
			both = append(both, s)
		}
	}
	return Durations{strata: both}
}

// Early returns the same durations with LogRank and Ratio weighing what happens early in a
// stratum more: each time by the share of its cases that are still to end after it, as Peto
// and Peto (JRSS A 135, 1972) and Prentice (Biometrika 65, 1978) do. It is VanElteren's
// statistic where no case is open, ties included, and the better one for times like that:
// for log-normal ones, as most reply times are, it tells as much from six cases as the
// even log-rank test from seven, while the latter is better where one group's cases end at
// the same fraction of the other's pace all along.
func (d Durations) Early() Durations {
	return Durations{strata: d.strata, early: true}
}

// LogRank tests whether cases end at the same pace in both groups within every stratum, by
// the stratified log-rank test, or of Early durations the weighted one of Peto and
// Prentice, with one degree of freedom (Mantel 1966; Peto and Peto, JRSS A
// 135, 1972; Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data,
// section 1.5). A case still open counts as at risk up to and including the time it has been
// open. Ties are taken into account by the hypergeometric variance; there is no continuity
// correction. It is false where no case ends while both groups are at risk.
//
// Where one group is small, the number of its ends is as skewed as a Poisson number, and
// the chi-square finds differences among equals several times as often as it says, the
// more so the smaller the p-value. So P is not the chi-square's: it takes the skewness
// along, by the third hypergeometric moments and the approximation of Wilson and Hilferty
// (PNAS 17, 1931) to Pearson's type III. With many ends in both groups the two agree.
func (d Durations) LogRank() (Test, bool) {
	sums := d.sums(1)
	if sums.variance <= 0 {
		return Test{}, false
	}
	statistic := sums.excess * sums.excess / sums.variance
	method := LogRankTest
	if d.early {
		method = PetoPrenticeTest
	}
	return Test{Method: method, Statistic: statistic, P: normalP(sums.deviate())}, true
}

// logRankSums are what log-rank statistics are made of.
type logRankSums struct {
	excess   float64 // ends in A above what is expected
	variance float64 // hypergeometric, of excess
	third    float64 // third central moment, hypergeometric, of excess
	early    bool
	left     float64 // if early, the share of the stratum's cases that have not ended yet
}

// deviate returns the standard normal deviate of excess, its skewness taken out; 0 where
// excess cannot vary.
func (s logRankSums) deviate() float64 {
	if s.variance <= 0 {
		return 0
	}
	deviation := math.Sqrt(s.variance)
	z, skewness := s.excess/deviation, s.third/(s.variance*deviation)
	if math.Abs(skewness) < 1e-6 {
		return z
	}
	return 6/skewness*(math.Cbrt(1+skewness*z/2)-1) + skewness/6
}

// sums compares A's durations with those of B multiplied by scale.
func (d Durations) sums(scale float64) logRankSums {
	sums := logRankSums{early: d.early}
	for _, stratum := range d.strata {
		sums.left = 1
		stratum.addTo(&sums, scale)
	}
	return sums
}

// addTo visits the distinct times at which a case ended, in ascending order.
func (d DurationStratum) addTo(sums *logRankSums, scale float64) {
	doneA, doneB := d.A.Done, d.B.Done
	openA, openB := 0, 0 // how many of those still open are no longer at risk
	i, j := 0, 0
	for i < len(doneA) || j < len(doneB) {
		var time float64
		if j == len(doneB) || i < len(doneA) && doneA[i] <= doneB[j]*scale {
			time = doneA[i]
		} else {
			time = doneB[j] * scale
		}
		for openA < len(d.A.Open) && d.A.Open[openA] < time {
			openA++
		}
		for openB < len(d.B.Open) && d.B.Open[openB]*scale < time {
			openB++
		}
		a := float64(d.A.size() - i - openA)
		b := float64(d.B.size() - j - openB)
		fromI, fromJ := i, j
		for i < len(doneA) && doneA[i] == time {
			i++
		}
		for j < len(doneB) && doneB[j]*scale == time {
			j++
		}
		if a == 0 || b == 0 {
			return
		}
		sums.add(float64(i-fromI), float64(j-fromJ), a, b)
	}
}

// add takes in one time, at which endA of a cases at risk in A ended and endB of b in B.
func (s *logRankSums) add(endA, endB, a, b float64) {
	end, n := endA+endB, a+b
	share := a / n
	variance := end * share * (1 - share)
	if end > 1 {
		variance *= (n - end) / (n - 1)
	}
	weight := 1.0
	if s.early {
		// Prentice's estimate, which is that of ranks where no case is open.
		weight = s.left * n / (n + 1)
		s.left *= (n + 1 - end) / (n + 1)
	}
	s.excess += weight * (endA - end*share)
	s.variance += weight * weight * variance
	if n > 2 {
		s.third += weight * weight * weight * variance * (b - a) / n * (n - 2*end) / (n - 2)
	}
}
