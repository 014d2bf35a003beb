package record

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/services/board/panel"
)

func TestSeedPlanIsChecked(t *testing.T) {
	require.NoError(t, new(SeedPlan{Round: round}).Check())
	for told, change := range map[string]func(*SeedPlan){
		"has to be after the commitment": func(s *SeedPlan) { s.Deadline = committed },
		"name a round":                   func(s *SeedPlan) { s.Round.Number = "" },
		"say from when the value":        func(s *SeedPlan) { s.Round.Known = time.Time{} },
		"is known from 2026-11-24T15:00:00Z on, and has to come after the deadline 2026-11-24T15:00:00Z": func(s *SeedPlan) { s.Round.Known = deadline },
		"name a round that is still to come": func(s *SeedPlan) {
			*s = SeedPlan{Round: Round{"drand", "12345", committed}}
		},
		"name two, or none":               func(s *SeedPlan) { s.People = s.People[:1] },
		"give both or none":               func(s *SeedPlan) { s.People = nil },
		"Ana Ruiz is named twice":         func(s *SeedPlan) { s.People[1].Name = "Ana Ruiz" },
		"is not one line":                 func(s *SeedPlan) { s.People[1].Name = "Bo\nLi" },
		"64 hexadecimal digits":           func(s *SeedPlan) { s.People[1].Commitment = "ff" },
		"in lower case":                   func(s *SeedPlan) { s.People[1].Commitment = strings.ToUpper(s.People[1].Commitment) },
		"committed the same as another":   func(s *SeedPlan) { s.People[1].Commitment = s.People[0].Commitment },
		"source and number, as drand 123": func(s *SeedPlan) { s.Round.Source = "dr\x00and" },
	} {
		plan := twoPeople()
		change(&plan)
		require.ErrorContains(t, plan.CheckAt(committed), told)
		d, _ := fiveDraft(t, plan)
		_, err := Commit(d)
		require.ErrorContains(t, err, told)
	}
}

func TestSeed(t *testing.T) {
	r := fiveCommitted(t, twoPeople())
	both := map[string]string{"Ana Ruiz": "ana's secret", "Bo Li": "bo's secret"}
	full, err := r.Draw(Values{Time: committed, Secrets: both})
	require.NoError(t, err, "when all have revealed, there is nothing to wait for")
	require.Equal(t, []string{"ana's secret", "bo's secret"}, full.Outcome.Reveals)
	require.Nil(t, r.Outcome, "the committed record stays as it is")
	again, err := r.Draw(Values{Time: committed, Secrets: both})
	require.NoError(t, err)
	require.Equal(t, full, again)
	_, err = full.Draw(Values{Time: committed, Secrets: both})
	require.ErrorIs(t, err, ErrDrawn)

	one, err := r.Draw(Values{Time: known, Round: "8a3f", Secrets: map[string]string{"Bo Li": "bo's secret"}})
	require.NoError(t, err)
	none, err := r.Draw(Values{Time: known, Round: "8a3f"})
	require.NoError(t, err, "nobody can veto a draw")
	require.NotEqual(t, one.Outcome.Seed, full.Outcome.Seed)
	require.NotEqual(t, one.Outcome.Seed, none.Outcome.Seed)

	for told, v := range map[string]Values{
		"Bo Li can still reveal until 2026-11-24T15:00:00Z":                         {Time: deadline.Add(-time.Second), Round: "8a3f", Secrets: map[string]string{"Ana Ruiz": "ana's secret"}},
		"the value of round 12345 of drand is needed":                               {Time: known, Secrets: map[string]string{"Ana Ruiz": "ana's secret"}},
		"the value of round 12345 of drand must not be given":                       {Time: known, Round: "8a3f", Secrets: both},
		"the secret of Bo Li is not the one committed: its SHA-256 is c93157656c7e": {Time: known, Round: "8a3f", Secrets: map[string]string{"Bo Li": "Bo's secret"}},
		"before the record was committed":                                           {Time: committed.Add(-time.Second), Secrets: both},
		`no commitment of "Cy"`:                                                     {Time: known, Secrets: map[string]string{"Ana Ruiz": "ana's secret", "Bo Li": "bo's secret", "Cy": "?"}},
	} {
		_, err := r.Draw(v)
		require.ErrorContains(t, err, told)
	}
}

// R38: nobody who commits or reveals can know what comes of it: the value of the round is
// not known until then, and a draw cannot be dated before.
func TestR38TheRoundIsNotKnownBefore(t *testing.T) {
	plan := SeedPlan{Round: round}
	_, err := fiveCommitted(t, plan).Draw(Values{Time: known.Add(-time.Second), Round: "8a3f"})
	require.ErrorContains(t, err, "the value of round 12345 of drand is known from 2026-11-24T19:00:00Z on")
	_, err = fiveCommitted(t, twoPeople()).Draw(Values{Time: deadline, Round: "8a3f"})
	require.ErrorContains(t, err, "is known from", "the deadline is over, and the round still to come")

	for told, forge := range map[string]func(*Record){
		"(seed): the value of round 12345 of drand is known from 2026-11-22T15:00:00Z on, and the commitment": func(r *Record) { r.Seed.Round.Known = committed },
		"(draw): the value of round 12345 of drand is known from 2026-11-24T19:00:00Z on":                     func(r *Record) { r.Outcome.Time = known.Add(-time.Second) },
		`(draw): the value of round 12345 of drand is given as "8A3F"`:                                        func(r *Record) { r.Outcome.Round = "8A3F" },
	} {
		r, err := fiveCommitted(t, plan).Draw(Values{Time: known, Round: "8a3f"})
		require.NoError(t, err)
		forge(r)
		require.NoError(t, r.seal())
		require.NoError(t, r.Outcome.seal(r.Hash))
		_, report := Verify(encoded(t, r))
		require.NotEmpty(t, report.Problems)
		require.Contains(t, report.Problems[0].Error(), told)
	}
}

// One value has one spelling, and so makes one seed.
func TestR38RoundValueHasOneSpelling(t *testing.T) {
	r := fiveCommitted(t, SeedPlan{Round: round})
	for _, good := range []string{"0", "007", "8a3f", strings.Repeat("f", 1000)} {
		_, err := r.Draw(Values{Time: known, Round: good})
		require.NoError(t, err)
	}
	for _, bad := range []string{"8A3F", "0x8a3f", " 8a3f", "8a3f\n", "8a 3f", "8a:3f", "-1", "1.5", "a value", "８", strings.Repeat("f", 1001)} {
		_, err := r.Draw(Values{Time: known, Round: bad})
		require.ErrorContains(t, err, "lower-case hexadecimal digits, or as decimal digits", bad)
	}
}

// Blocks beyond the largest multiple of n are left out, so that no number is more likely.
func TestNumbersAreUnbiased(t *testing.T) {
	twoTo64 := new(big.Int).Lsh(big.NewInt(1), 64)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, math.MaxInt).Draw(t, "n")
		seed := rapid.StringMatching(`[0-9a-f]{64}`).Draw(t, "seed")
		s, blocks := newStream("record", seed), newStream("record", seed)
		limit := new(big.Int).Sub(twoTo64, new(big.Int).Mod(twoTo64, big.NewInt(int64(n))))
		for range 5 {
			got := s.below(n)
			for {
				block := new(big.Int).SetUint64(blocks.next())
				if block.Cmp(limit) < 0 {
					require.Equal(t, block.Mod(block, big.NewInt(int64(n))).Int64(), int64(got))
					break
				}
			}
			require.Equal(t, blocks.block, s.block)
		}
	})
}

// 10,000 draws with seeds of their own fall within intervals that, corrected for the
// number of accounts (Bonferroni), would be left once in a million runs.
func TestDrawsHaveTheProbabilitiesOfTheRecord(t *testing.T) {
	const draws = 10_000
	for name, r := range map[string]*Record{"five": fiveCommitted(t, SeedPlan{Round: round}), "large": largeCommitted(t)} {
		t.Run(name, func(t *testing.T) {
			counts := make([]int, len(r.Pool))
			for i := range draws {
				seed := hashLines("seed", fmt.Appendf(nil, "round %d\n", i))
				for _, member := range r.Panels[newStream(r.Hash, seed).below(len(r.Panels))] {
					counts[member]++
				}
			}
			for i, m := range r.Marginals {
				p := float64(m.Count) / float64(len(r.Panels))
				require.GreaterOrEqual(t, binomialTail(counts[i], draws, p), 1e-6/float64(2*len(r.Pool)), "%s: %d of %d draws at %f", m.ID, counts[i], draws, p)
			}
		})
	}
}

// binomialTail is the probability of a count as far out as k, or farther, on its side.
func binomialTail(k, n int, p float64) float64 {
	mean := float64(n) * p
	if p == 0 || p == 1 {
		if float64(k) == mean {
			return 1
		}
		return 0
	}
	step, end := 1, n
	if float64(k) < mean {
		step, end = -1, 0
	}
	tail := 0.0
	for i := k; i != end+step; i += step {
		term := math.Exp(logBinomial(n, i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
		if tail += term; term < tail*1e-12 {
			break
		}
	}
	return tail
}

func logBinomial(n, k int) float64 {
	log := func(x int) float64 { l, _ := math.Lgamma(float64(x + 1)); return l }
	return log(n) - log(k) - log(n-k)
}

// The first number of the stream is the panel, and everybody else who is on any panel is
// an alternate, once.
func TestDrawnAndAlternates(t *testing.T) {
	r := largeCommitted(t)
	drawn, err := r.Draw(Values{Time: known, Round: "0123"})
	require.NoError(t, err)
	o := drawn.Outcome
	require.Equal(t, newStream(r.Hash, o.Seed).below(len(r.Panels)), o.Panel)
	var on []string
	for _, m := range r.Marginals {
		if m.Count > 0 {
			on = append(on, m.ID)
		}
	}
	all := slices.Sorted(slices.Values(append(slices.Clone(o.Members), o.Alternates...)))
	require.Equal(t, on, all)
}

// Over many draws, each alternate alike in all comes first equally often.
func TestAlternatesAreInRandomOrder(t *testing.T) {
	r := fiveCommitted(t, SeedPlan{Round: round})
	first := map[string]int{}
	for i := range 4000 {
		o := r.drawn(fmt.Sprint(i))
		if !slices.Contains(o.Members, r.Pool[0].ID) && !slices.Contains(o.Members, r.Pool[1].ID) {
			first[o.Alternates[0]]++
		}
	}
	require.Len(t, first, 2)
	a, b := first[r.Pool[0].ID], first[r.Pool[1].ID]
	require.GreaterOrEqual(t, binomialTail(a, a+b, 0.5), 1e-6)
}

func TestWhatIsAdvisedWhereSomebodyIsLostCanBeDone(t *testing.T) {
	for least, advice := range map[float64]string{
		0.001:    "draw from 2001 or more",
		2.001e-6: "draw from 999501 or more",
		2e-6:     "no number of panels that can be drawn from is certain to change that",
		1e-9:     "no number of panels that can be drawn from is certain to change that",
	} {
		d := Draft{Panels: 1000, Problem: &panel.Problem{Pool: []panel.Member{{ID: "a"}}}, Solution: &panel.Solution{Marginals: []float64{least}}}
		require.ErrorContains(t, lostError(d, &panel.Rounding{Lost: []int{0}}), advice)
	}
}
