package charter

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/board/panel"
)

// genBoard draws a charter with candidates and the rotations of some years.
func genBoard(t *rapid.T, years int) *Simulation {
	rotations := Rotations{Until: civil.Date(2027+years+12, 1, 1)}
	step := rapid.SampledFrom([]int{6, 12}).Draw(t, "months between rotations")
	start := civil.Date(2027, 3, 1)
	for i := 0; ; i++ {
		// Rotations give way to weekends, as they do in life.
		d := start.AddMonths(i * step)
		for d.Weekday() == 0 || d.Weekday() == 6 {
			d++
		}
		if d >= rotations.Until {
			break
		}
		rotations.Days = append(rotations.Days, d)
	}
	c := Charter{
		Seats:            rapid.IntRange(2, 12).Draw(t, "seats"),
		TermMonths:       step * rapid.IntRange(1, 4).Draw(t, "rotations a term"),
		GraceDays:        rapid.SampledFrom([]int{0, 3, 7}).Draw(t, "grace"),
		MaxTerms:         rapid.IntRange(1, 3).Draw(t, "terms in a row"),
		CoolingOffMonths: rapid.IntRange(1, 36).Draw(t, "cooling off"),
		WaitMonths:       rapid.SampledFrom([]int{0, 0, 12, 60}).Draw(t, "wait"),
		Quorum:           Quorum{Percent: 50}, Alternates: Alternates{AnswerDays: 7}, Rotation: twelve().Rotation,
	}
	if problems, _ := c.CheckRotations(rotations); len(problems) > 0 {
		c.GraceDays = 7 // a term of one rotation has to reach the next
	}
	c.Nominated = rapid.IntRange(0, min(2, c.Seats-1)).Draw(t, "nominated")
	values := rapid.IntRange(2, 4).Draw(t, "sectors")
	if rapid.Bool().Draw(t, "quotas") {
		least, sector := c.Seats, Category{Name: "sector", Source: Attribute, Key: "sector"}
		for v := range values {
			low := rapid.IntRange(0, min(2, least)).Draw(t, "min")
			least -= low
			high := rapid.IntRange(max(low, (c.Seats+values-1)/values), c.Seats).Draw(t, "max")
			sector.Quotas = append(sector.Quotas, Quota{strconv.Itoa(v), low, high})
		}
		c.Categories = append(c.Categories, sector)
	}
	if rapid.Bool().Draw(t, "industries") {
		c.Conflicts.SameAttributes = []string{"industry"}
	}
	require.Empty(t, c.Problems())
	accounts := willing(rapid.IntRange(1, 40).Draw(t, "candidates"))
	for i := range accounts {
		a := &accounts[i]
		a.Attributes["sector"] = strconv.Itoa(rapid.IntRange(0, values-1).Draw(t, "sector"))
		if industry := rapid.IntRange(0, 25).Draw(t, "industry"); industry > 0 {
			a.Attributes["industry"] = strconv.Itoa(industry)
		}
		if rapid.IntRange(0, 9).Draw(t, "competitor") == 0 {
			a.Competitors = []string{accounts[rapid.IntRange(0, len(accounts)-1).Draw(t, "of")].ID}
		}
	}
	return &Simulation{Editions: []Edition{{0, &c}}, Rotations: rotations, Until: civil.Date(2027+years, 1, 1),
		Accounts: accounts, Seed: rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "seed"), Draw: realDraw}
}

// history is what a test works out by itself from the terms of an outcome.
func history(s *Simulation, o *Outcome) []Term {
	terms := slices.Clone(s.Terms)
	for _, r := range o.Rounds {
		terms = append(terms, r.Seated...)
	}
	return terms
}

// checkSimulations checks a property, twenty times as often in long runs.
func checkSimulations(t *testing.T, check func(*rapid.T)) {
	t.Helper()
	rounds := 1
	if os.Getenv("EVENHAND_TEST_LONG") == "1" {
		rounds = 20
	}
	for range rounds {
		rapid.Check(t, check)
	}
}

// TestR12FiftyYearsOfRotations holds the promises of many charters against what
// follows from the terms alone.
func TestR12FiftyYearsOfRotations(t *testing.T) {
	checkSimulations(t, func(t *rapid.T) {
		s := genBoard(t, 50)
		o, err := s.Run(t.Context())
		require.NoError(t, err)
		requireTermLimits(t, s.Editions[0].Charter, history(s, o))
		for _, r := range o.Rounds {
			requireBoard(t, s, r)
		}
		requireTurns(t, s.Editions[0].Charter, o)
	})
}

// requireTermLimits wants nobody to serve longer than allowed, nor to return too soon.
func requireTermLimits(t *rapid.T, c *Charter, terms []Term) {
	for id, own := range byAccount(terms) {
		first, n := own[0].Start, 0
		for i, term := range own {
			require.Less(t, term.Start, term.End)
			if i > 0 && term.Start != own[i-1].End {
				require.GreaterOrEqual(t, term.Start, own[i-1].End.AddMonths(c.CoolingOffMonths), "%s returned too soon: %+v", id, own)
				first, n = term.Start, 0
			}
			n++
			require.LessOrEqual(t, n, c.MaxTerms, "%s: %+v", id, own)
			require.LessOrEqual(t, term.End, first.AddMonths(c.MaxTerms*c.TermMonths)+civil.Day(c.GraceDays), "%s: %+v", id, own)
			require.LessOrEqual(t, term.End, term.Start.AddMonths(c.TermMonths)+civil.Day(c.GraceDays), "%s: %+v", id, own)
		}
	}
}

// requireBoard wants every seat held once, nobody beside somebody in conflict, and every
// quota met or its shortfall reported.
func requireBoard(t *rapid.T, s *Simulation, r Round) {
	c := s.Editions[0].Charter
	accounts := index(s.Accounts).byID
	members := append(slices.Clone(r.Continuing), r.Seated...)
	require.Equal(t, c.Seats-c.Nominated-r.Empty, len(members), "every seat is filled or reported empty on %s", r.Day)
	if r.Empty > 0 && !slices.ContainsFunc(s.Accounts, func(a Account) bool { return len(a.Competitors) > 0 }) && c.Conflicts.SameAttributes == nil {
		require.Len(t, r.Chances, len(r.Seated), "without conflicts, seats stay empty only when the whole pool is seated")
	}
	seats, counts := map[int]bool{}, map[string]int{}
	for i, m := range members {
		require.False(t, seats[m.Seat], "seat %d is held twice on %s", m.Seat, r.Day)
		require.LessOrEqual(t, m.Seat, c.Seats)
		seats[m.Seat] = true
		a := accounts[m.Account]
		counts[a.Attributes["sector"]]++
		for _, other := range members[:i] {
			b := accounts[other.Account]
			require.NotEqual(t, a.ID, b.ID)
			require.NotContains(t, a.Competitors, b.ID)
			require.NotContains(t, b.Competitors, a.ID)
			if industry := a.Attributes["industry"]; industry != "" && c.Conflicts.SameAttributes != nil {
				require.NotEqual(t, industry, b.Attributes["industry"])
			}
		}
	}
	for _, category := range c.Categories {
		for _, q := range category.Quotas {
			short := Shortfall{Category: category.Name, Value: q.Value, Over: max(0, counts[q.Value]-q.Max), Missing: max(0, q.Min-counts[q.Value])}
			reported := slices.ContainsFunc(r.Shortfalls, func(s Shortfall) bool { s.Text = ""; return s == short })
			require.Equal(t, short.Over+short.Missing > 0, reported, "%s: %+v, reported %+v", r.Day, short, r.Shortfalls)
		}
	}
}

// requireTurns wants every account that could serve to do so within its bound.
func requireTurns(t *rapid.T, c *Charter, o *Outcome) {
	for _, f := range o.Accounts {
		if f.Bound > 0 {
			require.Less(t, f.Waited, f.Bound, "%+v", f)
		}
		require.GreaterOrEqual(t, f.Expected, f.AtLeastOnce-1e-9)
		require.Equal(t, f.Turns > 0, f.First != nil)
		// All are in the line from the first rotation on, so none of its rotations is lost.
		if f.Turns == 0 {
			require.Equal(t, len(o.Rounds), f.Waited+f.Blocked, "%+v", f)
		}
	}
	require.True(t, c.WaitMonths > 0 || o.Bound == len(o.Accounts), "all others have waited as long as anybody")
}

func TestR12TermsEndWithinOneSeatOfEven(t *testing.T) {
	checkSimulations(t, func(t *rapid.T) {
		s := genBoard(t, 20)
		c := s.Editions[0].Charter
		c.GraceDays, c.Nominated, c.Categories, c.Conflicts = 7, 0, nil, Conflicts{}
		s.Draw, s.Accounts = standIn, willing(99) // so that seats do not stay empty for want of candidates
		c.CoolingOffMonths = min(c.CoolingOffMonths, 24)
		o, err := s.Run(t.Context())
		require.NoError(t, err)
		for i, r := range o.Rounds {
			require.Zero(t, r.Empty)
			slots, err := c.slots(r.Day, s.Rotations)
			require.NoError(t, err)
			ending := map[civil.Day]int{}
			for _, term := range append(slices.Clone(r.Continuing), r.Seated...) {
				require.Contains(t, slots, term.End)
				ending[term.End]++
			}
			for _, slot := range slots {
				require.Contains(t, []int{c.Seats / len(slots), (c.Seats + len(slots) - 1) / len(slots)}, ending[slot],
					"rotation %d: %v over %v", i, ending, slots)
			}
		}
	})
}

func TestSimulationIsRepeatable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genBoard(t, 8)
		first, err := s.Run(t.Context())
		require.NoError(t, err)
		slices.Reverse(s.Accounts)
		again, err := s.Run(t.Context())
		require.NoError(t, err)
		require.Equal(t, first, again)
	})
}

func TestSimulationCountsTurnsAndChances(t *testing.T) {
	c := twelve()
	c.Seats, c.TermMonths, c.CoolingOffMonths, c.Quorum = 4, 24, 12, Quorum{Members: 2}
	s := Simulation{Editions: []Edition{{0, &c}}, Rotations: yearly(3, 1, 2027, 2060), Until: day("2040-01-01"), Accounts: willing(12),
		Seed: []byte("seed"), Draw: realDraw}
	var progress []int
	s.Progress = func(done, of int) { require.Equal(t, 13, of); progress = append(progress, done) }
	o, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Len(t, progress, 13)
	require.Equal(t, []int{12, 12}, []int{o.Bound, len(o.Accounts)}, "eleven others have waited as long")
	require.Equal(t, day("2031-03-01"), *o.AllServed, "4 at first, then 2 a year: 12 by the fifth rotation")
	total, expected := 0, 0.0
	for _, f := range o.Accounts {
		total += f.Turns
		expected += f.Expected
		require.InDelta(t, 1, f.AtLeastOnce, 1e-9)
		require.LessOrEqual(t, f.Waited, 4)
	}
	require.Equal(t, 4+12*2, total)
	require.InDelta(t, total, expected, 1e-9, "probabilities of a rotation sum to its seats")
}

func TestSimulationSaysWhenNoBoundCanBeGiven(t *testing.T) {
	c := twelve()
	c.WaitMonths = 600
	s := Simulation{Editions: []Edition{{0, &c}}, Rotations: yearly(3, 1, 2027, 2050), Until: day("2040-01-01"), Accounts: willing(20), Draw: standIn}
	o, err := s.Run(t.Context())
	require.NoError(t, err)
	require.Zero(t, o.Bound)
}

// TestR12AChangedCharterReturnsToEvenWithoutCuttingARunningTerm changes seats and term
// length after ten years.
func TestR12AChangedCharterReturnsToEvenWithoutCuttingARunningTerm(t *testing.T) {
	checkSimulations(t, func(t *rapid.T) {
		before, after := twelve(), twelve()
		before.Seats, after.Seats = rapid.IntRange(1, 12).Draw(t, "seats"), rapid.IntRange(1, 12).Draw(t, "seats after")
		before.TermMonths = 12 * rapid.IntRange(1, 5).Draw(t, "years")
		after.TermMonths = 12 * rapid.IntRange(1, 5).Draw(t, "years after")
		s := Simulation{Rotations: yearly(3, 1, 2027, 2075), Until: day("2060-01-01"), Accounts: willing(80), Draw: standIn,
			Editions: []Edition{{0, &before}, {day("2037-01-01"), &after}}, Seed: []byte{rapid.Byte().Draw(t, "seed")}}
		o, err := s.Run(t.Context())
		require.NoError(t, err)
		last := before.TermMonths/12 + 2*after.TermMonths/12 // rotations until all is even again
		for i, r := range o.Rounds {
			for _, term := range r.Continuing {
				require.Contains(t, history(&s, o), term, "a running term is as it began")
			}
			if i < 10 || i >= 10+last {
				c := s.Editions[min(i/10, 1)].Charter
				load := loads(s.Rotations.after(r.Day, c.TermLimit(r.Day)), ends(append(slices.Clone(r.Continuing), r.Seated...)))
				require.LessOrEqual(t, slices.Max(load)-slices.Min(load), 1, "rotation %d of %d to %d seats, %d to %d months: %v", i,
					before.Seats, after.Seats, before.TermMonths, after.TermMonths, load)
				require.Len(t, append(r.Continuing, r.Seated...), c.Seats)
			}
			if i >= 10 && len(r.Continuing) > after.Seats {
				require.Equal(t, fmt.Sprintf("%s hold seats of a board that has %d", count(len(r.Continuing), "continuing member"), after.Seats), r.Shortfalls[0].Text)
			}
		}
	})
}

func ends(terms []Term) []civil.Day {
	var days []civil.Day
	for _, t := range terms {
		days = append(days, t.Over())
	}
	return days
}

// TestWhoIsPassedOverWhenDueCouldNotBeSeated looks at every rotation for a candidate
// who was due to go first and passed over, though nobody who has waited as long was
// drawn: no panel with it must have met quotas and conflicts.
func TestWhoIsPassedOverWhenDueCouldNotBeSeated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genBoard(t, 10)
		c := s.Editions[0].Charter
		c.WaitMonths = 0
		o, err := s.Run(t.Context())
		require.NoError(t, err)
		terms, accounts := []Term{}, index(s.Accounts)
		for _, r := range o.Rounds {
			p, err := c.Prepare(Rotation{Day: r.Day, Rotations: s.Rotations, Accounts: s.Accounts, Terms: terms})
			require.NoError(t, err)
			relax(&p.Problem, r.Relaxed)
			p.Problem.Seats = len(r.Seated)
			drawn, first := map[string]bool{}, civil.Never
			for _, term := range r.Seated {
				drawn[term.Account] = true
				first = min(first, *p.candidate(term.Account).WaitingSince)
			}
			for i, m := range p.Problem.Pool {
				if since := *p.candidate(m.ID).WaitingSince; !drawn[m.ID] && since < first && p.Problem.Seats > 0 {
					alone := p.Problem
					alone.Pool = slices.Clone(alone.Pool)
					alone.Categories = append(slices.Clip(alone.Categories), panel.Category{Name: "who",
						Values: []panel.Quota{{Value: "it", Max: 1}, {Value: "others", Max: alone.Seats}}})
					for j := range alone.Pool {
						who := "others"
						if j == i {
							who = "it"
						}
						alone.Pool[j].Values = append(slices.Clip(alone.Pool[j].Values), who)
					}
					n, err := panel.Most(t.Context(), &alone, "who", "it")
					require.NoError(t, err)
					require.Zero(t, n, "%s could have been seated on %s", m.ID, r.Day)
				}
			}
			for i := range p.Candidates {
				candidate := &p.Candidates[i]
				accounts.byID[candidate.Account].WaitingSince = candidate.WaitingSince
				if drawn[candidate.Account] {
					accounts.byID[candidate.Account].WaitingSince = nil
				}
			}
			terms = append(terms, r.Seated...)
		}
	})
}
