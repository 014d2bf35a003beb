package parity

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// noon is when the cases of tests begin to be opened.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// simulated makes cases like those of a company: three channels with half, three tenths
// and a fifth of the cases, issues and bands of their own typical times, log-normal times
// with sigma 1, now and then a breach, a remedy, an escalation, a reopening. The slow
// channel's first reply takes slower times as long.
type simulated struct {
	cases  int
	slow   string
	slower float64
	// open is the share of cases without a reply at the end of the period, and without a
	// resolution; they have been open for some part of the time they would have taken.
	open float64
}

func (s simulated) make(t testing.TB, seed uint64) *Cases {
	random := rand.New(rand.NewPCG(seed, 4))
	pick := func(shares ...float64) int {
		at := random.Float64()
		for i, share := range shares {
			if at -= share; at < 0 {
				return i
			}
		}
		return len(shares) - 1
	}
	var b Builder
	for i := range s.cases {
		issue, band := pick(0.4, 0.3, 0.2, 0.1), pick(0.25, 0.25, 0.25, 0.25)
		r := Row{
			Account: fmt.Sprintf("a%d", random.IntN(s.cases/20+1)), ID: fmt.Sprintf("c%d", i),
			Issue: fmt.Sprintf("issue-%d", issue), SpendBand: fmt.Sprintf("q%d", band+1),
			Channel: []string{"email", "phone", "web"}[pick(0.5, 0.3, 0.2)], Region: []string{"east", "west"}[random.IntN(2)],
			Opened: noon.Add(time.Duration(i) * time.Minute), Resolved: true,
			Breached: answer(random.Float64() < 0.1), Escalated: answer(random.Float64() < 0.02), Reopened: answer(random.Float64() < 0.05),
		}
		if random.Float64() < 0.3 {
			r.Remedy = "credit"
			r.RemedyValue = Value{Known: true, Minor: 500 * int64(1+random.IntN(6))}
		}
		hours := func(typical float64) Lapse {
			took := typical * math.Exp(0.3*float64(issue)+random.NormFloat64())
			open := random.Float64() < s.open
			if open {
				took *= random.Float64()
			}
			return Lapse{Known: true, Open: open, Time: time.Duration(took * float64(time.Hour))}
		}
		reply := 2.0
		if r.Channel == s.slow {
			reply *= s.slower
		}
		r.FirstReply, r.Resolution = hours(reply), hours(20)
		r.Resolved = !r.Resolution.Open
		require.NoError(t, b.Add(&r))
	}
	return b.Cases()
}

// byChannel is the audit as it is usually asked for.
var byChannel = Options{By: []Dimension{Channel}, Within: []Dimension{Issue, SpendBand}}

func run(t testing.TB, c *Cases, o Options) *Result {
	r, err := Audit(t.Context(), c, o, nil)
	require.NoError(t, err)
	return r
}
