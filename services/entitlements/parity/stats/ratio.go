package stats

import "math"

// RiskRatio returns Mantel and Haenszel's common ratio of the shares that are yes, A's over
// B's, with the interval of Greenland and Robins (Biometrics 41, 1985), which holds for few
// large strata as for many small ones. confidence is the interval's share, such as 0.95.
//
// Where that interval breaks down because nobody in A is yes (the ratio is 0), or because
// everybody in both groups is, the interval inverts the score test of Miettinen and
// Nurminen (Statistics in Medicine 4, 1985) with the weights of Mantel and Haenszel,
// around the same ratio. It is false where no stratum has both groups or nobody in B is
// yes (exchange A and B then).
func RiskRatio(strata []Table, confidence float64) (Estimate, bool) {
	var r, s, v float64
	for _, table := range strata {
		m := table.margins()
		if !m.comparable() {
			continue
		}
		r += m.a * m.nB / m.n
		s += m.b * m.nA / m.n
		v += (m.yes*m.nA/m.n*m.nB - m.a*m.b) / m.n
	}
	switch {
	case s == 0:
		return Estimate{}, false
	case r == 0 || v <= 1e-13*r*s:
		return scoreInterval(strata, r/s, deviate(confidence)), true
	}
	return around(r/s, math.Sqrt(v/(r*s)), confidence), true
}

// scoreInterval returns the ratios at which the stratified score test of Miettinen and
// Nurminen does not reach the deviate z.
func scoreInterval(strata []Table, ratio, z float64) Estimate {
	inversion := inversion{
		deviate: func(x float64) float64 { return score(strata, math.Exp(x)) },
		from:    -30, to: 30,
	}
	estimate := Estimate{Value: ratio, High: math.Inf(1)}
	if x, ok := inversion.crossing(z); ok {
		estimate.Low = math.Exp(x)
	}
	if x, ok := inversion.crossing(-z); ok {
		estimate.High = math.Exp(x)
	}
	return estimate
}

// score returns the deviate of A's shares from ratio times B's, which falls as ratio grows.
func score(strata []Table, ratio float64) float64 {
	var difference, variance float64
	for _, table := range strata {
		m := table.margins()
		if !m.comparable() {
			continue
		}
		weight := m.nA * m.nB / m.n
		difference += weight * (m.a/m.nA - ratio*m.b/m.nB)
		a, b := m.sharesAt(ratio)
		variance += weight * weight * (a*(1-a)/m.nA + ratio*ratio*b*(1-b)/m.nB) * m.n / (m.n - 1)
	}
	if variance <= 0 {
		return 0
	}
	return difference / math.Sqrt(variance)
}

// sharesAt returns the most likely shares of yes in A and in B if A's is ratio times B's.
func (m margins) sharesAt(ratio float64) (a, b float64) {
	// A root of x² - linear·x + constant; the smaller one is a share.
	leading := m.n * ratio
	linear := (m.nA*ratio + m.a + m.nB + m.b*ratio) / leading
	constant := m.yes / leading
	// The smaller root as constant over the larger one, which loses no digits.
	b = constant / (linear/2 + math.Sqrt(max(0, linear*linear/4-constant)))
	b = min(b, 1, 1/ratio)
	return ratio * b, b
}
