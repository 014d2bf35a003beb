package signals

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/docstore"
)

// TestR7EachCauseSpeaksOnce tells of causes late, twice, out of order between accounts, to
// processes that stop in between: each cause makes one suggestion, and the same one.
func TestR7EachCauseSpeaksOnce(t *testing.T) {
	roundsOnEveryStore(t, 40, func(t *testing.T, open func(testing.TB) docstore.Backend) {
		f := start(t, open(t))
		f.published(t, "broken", content())
		runs := 0
		rapid.Check(t, func(r *rapid.T) {
			runs++
			accounts := []string{fmt.Sprint("acme", runs), fmt.Sprint("brook", runs), fmt.Sprint("zenith", runs)}
			f.customer(t, accounts...)
			var told []Observation
			want := map[string]bool{}
			for i := range rapid.IntRange(1, 12).Draw(r, "causes") {
				account := rapid.SampledFrom(accounts).Draw(r, "account")
				id := fmt.Sprint("c", rapid.IntRange(1, 4).Draw(r, "case"))
				told = append(told, Observation{Feed: "entitlements", Position: int64(i + 1), Account: account, What: broken(t, account, id, "2026-06-10")})
				want[suggestionID("broken", account, "accounts/"+account+"/cases/"+id)] = true
			}
			next := map[string]int{}
			for len(want) > 0 && slices.ContainsFunc(accounts, func(a string) bool { return next[a] < len(of(told, a)) }) {
				account := rapid.SampledFrom(accounts).Draw(r, "next account")
				own := of(told, account)
				to := rapid.IntRange(next[account], len(own)).Draw(r, "to")
				from := rapid.IntRange(0, to).Draw(r, "from") // some come again
				if from > next[account] {
					from = next[account] // none is left out
				}
				require.NoError(t, f.Observe(t.Context(), own[from:to]))
				next[account] = max(next[account], to)
				if rapid.Bool().Draw(r, "look") {
					ctx, cancel := context.WithCancel(t.Context())
					if rapid.Bool().Draw(r, "stop") {
						cancel() // the process dies before it has looked
					}
					_ = f.Tick(ctx, day(t, "2026-06-15"))
					cancel()
				}
				if rapid.Bool().Draw(r, "restart") {
					f.open(t, f.store)
				}
			}
			require.NoError(t, f.Tick(t.Context(), day(t, "2026-06-15")))
			got := map[string]bool{}
			for _, account := range accounts {
				for _, x := range f.all(t, account) {
					require.False(t, got[x.ID])
					require.Equal(t, Undecided, x.State.State)
					got[x.ID] = true
				}
			}
			require.Equal(t, want, got)
		})
	})
}

// of are the observations of one account, in the feed's order.
func of(all []Observation, account string) []Observation {
	own := slices.DeleteFunc(slices.Clone(all), func(o Observation) bool { return o.Account != account })
	slices.SortFunc(own, func(a, b Observation) int { return cmp.Compare(a.Position, b.Position) })
	return own
}

func TestProcessesThatLookAtOnceMakeOneSuggestion(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.customer(t, "acme")
		f.published(t, "broken", content())
		f.observe(t, "acme", broken(t, "acme", "c1", "2026-06-15"), broken(t, "acme", "c2", "2026-06-15"))
		var works sync.WaitGroup
		for range 4 {
			works.Go(func() {
				if err := f.Tick(t.Context(), day(t, "2026-06-15")); err != nil && !errors.Is(err, docstore.ErrConflict) {
					t.Error(err)
				}
			})
		}
		works.Wait()
		f.on(t, "2026-06-15")
		require.Len(t, f.all(t, "acme"), 2)
	})
}

func TestR7WhatHoldsAgainIsOpenAgain(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.customer(t, "acme")
		f.published(t, "clause", Content{DisplayName: "Clause", Fact: Clause, Condition: "fact.days_open >= 0", Reason: "day(fact.day)", Weight: "1",
			Channel: "call", Purpose: "Ask"})
		review := ClauseReview{Clause: "liability", Review: "reviews/liability", Opened: day(t, "2026-06-15")}
		f.observe(t, "acme", Cited{Clause: "liability", Day: day(t, "2026-05-01")})
		f.observe(t, "", review)
		f.on(t, "2026-06-15")
		_, err := f.Snooze(t.Context(), anna, f.only(t, "acme").ID, "", day(t, "2026-06-18"))
		require.NoError(t, err)
		for _, decided := range []string{"2026-06-16", ""} {
			if review.Decided = 0; decided != "" {
				review.Decided = day(t, decided)
			}
			f.observe(t, "", review)
			f.on(t, "2026-06-16")
		}
		x := f.only(t, "acme").State
		require.Equal(t, []any{Snoozed, day(t, "2026-06-18"), "16 June 2026", ""}, []any{x.State, x.Until, x.Reason, x.Expiry}, "somebody put it off")
		f.on(t, "2026-06-18")
		x = f.only(t, "acme").State
		require.Equal(t, []any{Undecided, true, "16 June 2026"}, []any{x.State, x.Shown, x.Reason})
	})
}
