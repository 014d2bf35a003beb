package signals

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// builtIn is a rule that comes with the product.
func builtIn(t testing.TB, id string) Content {
	t.Helper()
	i := slices.IndexFunc(builtins, func(b builtin) bool { return b.ID == id })
	require.GreaterOrEqual(t, i, 0, id)
	return builtins[i].Content
}

// monthly are payments on the fifth of each month, from one to another.
func monthly(t testing.TB, from, to string, minor int64) (all Payments) {
	t.Helper()
	for on := day(t, from); on <= day(t, to); on = on.AddMonths(1) {
		all = append(all, Payment{on, minor})
	}
	return all
}

// What one signal says, and was acted on, is no reason to be silent about its opposite,
// though both are about the same quarter or period.
func TestR7TheOppositeOfWhatWasActedOnSpeaks(t *testing.T) {
	hours := func(used int64) func(testing.TB, *fixture) {
		return func(t testing.TB, f *fixture) {
			f.balances["acme"] = []Balance{{Benefit: "hours", Unit: "hour", Used: used, Limit: 10, Left: 10 - used,
				Begins: day(t, "2026-01-01"), Ends: day(t, "2026-12-31")}}
		}
	}
	pays := func(from, to string, minor int64) func(testing.TB, *fixture) {
		return func(t testing.TB, f *fixture) { f.observe(t, "acme", monthly(t, from, to, minor)) }
	}
	for name, test := range map[string]struct {
		first, then string // rules
		on, later   string // days
		before      []func(testing.TB, *fixture)
		meanwhile   func(testing.TB, *fixture)
	}{
		"not used, then nearly used up": {"benefit-unused", "benefit-nearly-used-up", "2026-07-15", "2026-09-15",
			[]func(testing.TB, *fixture){hours(0)}, hours(8)},
		"spend falls, then rises": {"spend-falls", "spend-rises", "2026-07-10", "2026-09-10",
			[]func(testing.TB, *fixture){pays("2025-01-05", "2026-03-05", 100_00)}, pays("2026-08-05", "2026-08-05", 1000_00)},
		"spend rises, then falls": {"spend-rises", "spend-falls", "2026-07-05", "2026-09-10",
			[]func(testing.TB, *fixture){pays("2025-01-05", "2026-05-05", 100_00), pays("2026-05-06", "2026-05-06", 1000_00)}, func(testing.TB, *fixture) {}},
	} {
		t.Run(name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, f *fixture) {
				f.customer(t, "acme")
				f.published(t, test.first, builtIn(t, test.first))
				f.published(t, test.then, builtIn(t, test.then))
				for _, happens := range test.before {
					happens(t, f)
				}
				f.on(t, test.on)
				x := f.only(t, "acme")
				require.Equal(t, test.first, x.State.Rule)
				_, err := f.Accept(t.Context(), anna, x.ID, "", 0, false)
				require.NoError(t, err)
				test.meanwhile(t, f)
				for range 2 { // and on the days that follow
					f.on(t, test.later)
					test.later = (day(t, test.later) + 1).String()
					shown := f.ranked(t, SuggestionQuery{Account: "acme"})
					require.Len(t, shown, 1)
					require.Equal(t, test.then, shown[0].State.Rule)
					require.Equal(t, x.State.Cause, shown[0].State.Cause, "of the same quarter or period")
					require.Empty(t, shown[0].State.StoodFor)
				}
			})
		})
	}
}

// used is a rule that holds while the units used are within bounds.
func used(from, to int) Content {
	return Content{DisplayName: "Used", Fact: Usage, Condition: fmt.Sprintf("fact.used >= %d && fact.used <= %d", from, to), Reason: "string(fact.used)",
		Weight: fmt.Sprint(40 + from), Channel: "call", Purpose: "Ask"}
}

// spends makes it noon of a day on which an account has used units of a benefit, and looks.
func (f *fixture) spends(t testing.TB, account string, on civil.Day, units int) {
	t.Helper()
	f.balances[account] = []Balance{{Benefit: "hours", Used: int64(units), Limit: 10, Left: int64(10 - units), Begins: day(t, "2026-01-01"), Ends: day(t, "2040-12-31")}}
	f.observe(t, account, AccountChanged{}) // it may have been looked at on this day
	f.on(t, on.String())
}

func TestR7WhatHeldWhenItWasMadeIsActedOnToo(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.customer(t, "acme")
		f.published(t, "little", used(1, 5))
		f.published(t, "middle", used(4, 8))
		f.published(t, "much", used(7, 9))
		id := func(rule string) string { return suggestionID(rule, "acme", "hours/2026-01-01") }
		first := day(t, "2026-06-15")
		f.spends(t, "acme", first, 2)
		f.spends(t, "acme", first+1, 4)
		_, err := f.Accept(ctx, anna, id("middle"), "", 0, false)
		require.NoError(t, err)
		stoodFor := func(rule, by string) {
			t.Helper()
			x, err := f.Suggestion(ctx, id(rule))
			require.NoError(t, err)
			require.Equal(t, []any{Undecided, by == "", by}, []any{x.State.State, x.State.Shown, x.State.StoodFor})
		}
		stoodFor("little", id("middle")) // it was there before, and held on the day on which the other was made
		f.spends(t, "acme", first+2, 3)  // on which that one does not hold any more
		stoodFor("little", id("middle"))
		f.spends(t, "acme", first+3, 7)
		stoodFor("much", id("middle"))
		f.spends(t, "acme", first+3, 9) // more is told on the same day, and that one does not hold on it
		stoodFor("much", "")
		f.spends(t, "acme", first+4, 10)
		f.spends(t, "acme", first+5, 8) // it is over, and holds again with that one
		stoodFor("much", id("middle"))
		f.spends(t, "acme", first+6, 10)
		f.spends(t, "acme", first+7, 9)
		stoodFor("much", "")
	})
}

// bounds are the units that have to be used for each of some rules to hold.
var bounds = map[string][2]int{"none": {0, 0}, "little": {1, 5}, "middle": {4, 8}, "much": {7, 9}, "most": {8, 10}}

// told are the units that were used when each suggestion said what it says, by id.
type told map[string]int

// together says whether the rules of two suggestions held on the day on which the later of
// them was made: by what was used when one of that day said so last.
func (u told) together(a, b resource.Stored[Suggestion]) bool {
	for _, x := range []resource.Stored[Suggestion]{a, b} {
		used, of, with := u[x.ID], bounds[a.State.Rule], bounds[b.State.Rule]
		if x.State.Day == max(a.State.Day, b.State.Day) && used >= max(of[0], with[0]) && used <= min(of[1], with[1]) {
			return true
		}
	}
	return false
}

// Whatever holds when, and whatever people do: of what is open about a cause the best is
// shown, but what is stood for by one that was accepted, whose rule and its own held on the
// day on which the later of both was made.
func TestR7WhatWasActedOnStandsForWhatHeldWithIt(t *testing.T) {
	roundsOnEveryStore(t, 15, func(t *testing.T, open func(testing.TB) docstore.Backend) {
		f := start(t, open(t))
		for rule, b := range bounds {
			f.published(t, rule, used(b[0], b[1]))
		}
		today := day(t, "2026-06-15")
		runs := 0
		rapid.Check(t, func(r *rapid.T) {
			runs++
			account := fmt.Sprint("a", runs)
			f.customer(t, account)
			units := told{}
			today++ // which nobody has lived yet
			for range rapid.IntRange(1, 12).Draw(r, "looks") {
				today += civil.Day(rapid.IntRange(0, 1).Draw(r, "days"))
				now := rapid.IntRange(0, 10).Draw(r, "used")
				f.spends(t, account, today, now)
				all := f.all(t, account)
				for _, x := range all {
					if x.State.waits() && x.State.Day == today {
						units[x.ID] = now
					}
				}
				requireStanding(r, all, units)
				f.decides(t, r, all, today)
			}
		})
	})
}

// requireStanding wants of suggestions of one cause that what was acted on stands for what it
// is to stand for, and of the others that the best is shown and stands for the rest.
func requireStanding(t *rapid.T, all []resource.Stored[Suggestion], units told) {
	var shown, behind []resource.Stored[Suggestion]
	for _, x := range all {
		var standing []string // those that were acted on, and may stand for it
		for _, a := range all {
			if a.State.State == Accepted && units.together(a, x) {
				standing = append(standing, a.ID)
			}
		}
		switch {
		case x.State.State != Undecided:
			require.False(t, x.State.Shown)
		case len(standing) > 0:
			require.False(t, x.State.Shown)
			require.Contains(t, standing, x.State.StoodFor, "%s was acted on by one that held with it", x.ID)
		case x.State.Shown:
			require.Empty(t, x.State.StoodFor)
			shown = append(shown, x)
		default:
			behind = append(behind, x)
		}
	}
	require.Len(t, shown, min(1, len(shown)+len(behind)), "the best is shown, alone")
	for _, x := range behind {
		require.Equal(t, shown[0].ID, x.State.StoodFor)
		require.GreaterOrEqual(t, shown[0].State.Score, x.State.Score, "nothing is hidden that counts more: %s", x.ID)
	}
}

// decides has anna decide one of some suggestions, or none.
func (f *fixture) decides(t *testing.T, r *rapid.T, all []resource.Stored[Suggestion], today civil.Day) {
	t.Helper()
	waiting := slices.DeleteFunc(slices.Clone(all), func(x resource.Stored[Suggestion]) bool { return !x.State.waits() })
	if len(waiting) == 0 {
		return
	}
	slices.SortFunc(waiting, func(a, b resource.Stored[Suggestion]) int { return cmp.Compare(a.State.Rule, b.State.Rule) })
	x := waiting[rapid.IntRange(0, len(waiting)-1).Draw(r, "one")]
	var err error
	switch rapid.IntRange(0, 4).Draw(r, "decision") {
	case 0, 1:
		_, err = f.Accept(t.Context(), anna, x.ID, "", 0, false)
	case 2:
		_, err = f.Dismiss(t.Context(), anna, x.ID, "", BadTime, "")
	case 3:
		_, err = f.Snooze(t.Context(), anna, x.ID, "", today+2)
	}
	require.NoError(r, err)
}
