package stats

// Table counts the cases of one stratum by group (A or B) and by whether something is so
// (Yes) or not (No) of them. Counts must not be negative.
type Table struct {
	AYes, ANo, BYes, BNo int
}

// margins are a Table's counts as the formulas want them.
type margins struct {
	a, b       float64 // yes in A, yes in B
	nA, nB     float64 // cases in A, in B
	yes, no, n float64
}

func (t Table) margins() margins {
	m := margins{
		a: float64(t.AYes), b: float64(t.BYes),
		nA: float64(t.AYes) + float64(t.ANo), nB: float64(t.BYes) + float64(t.BNo),
		yes: float64(t.AYes) + float64(t.BYes), no: float64(t.ANo) + float64(t.BNo),
	}
	m.n = m.nA + m.nB
	return m
}

// comparable says whether both groups occur.
func (m margins) comparable() bool { return m.nA > 0 && m.nB > 0 }

// informative says whether the table could have come out otherwise, its margins given.
func (m margins) informative() bool { return m.comparable() && m.yes > 0 && m.no > 0 }

// expected returns the mean of the number of A's that are yes under no difference.
func (m margins) expected() float64 { return m.nA * m.yes / m.n }

// variance returns its hypergeometric variance.
func (m margins) variance() float64 {
	return m.nA / m.n * m.nB * m.yes / m.n * m.no / (m.n - 1)
}

// bounds returns the least and the greatest number of A's that can be yes.
func (m margins) bounds() (low, high float64) {
	return max(0, m.yes-m.nB), min(m.nA, m.yes)
}
