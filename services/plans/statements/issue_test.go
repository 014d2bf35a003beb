package statements

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

func wantReason(t *testing.T, err error, reason, saying string) {
	t.Helper()
	var told *fault.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, reason, told.Reason)
	require.ErrorContains(t, err, saying)
}

// An issued statement comes out as it was, whatever is told later; and what came later is
// told beside the current one.
func TestR35AnIssuedStatementIsMadeAgainAsItWas(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.filled(t)
		before, err := f.Get(ctx, "acme", q3, Default, time.Time{})
		require.NoError(t, err)
		require.Nil(t, before.Issue)
		_, err = f.Get(ctx, "acme", q3, Issued, time.Time{})
		require.ErrorIs(t, err, ErrNotIssued)
		issuedAt := f.world.now
		done, err := f.Issue(ctx, anna, Wanted{Quarter: q3}, quietly)
		require.NoError(t, err)
		require.Equal(t, Progress{Done: 3, Total: 3, Issued: 2, None: 1}, done)

		f.world.now = f.world.now.AddDate(0, 0, 10)
		moved := settled("USD", "Asia/Tokyo")
		moved.Company.Name = "Larkspur, renamed"
		f.take(t, moved, customer("acme", day("2020-01-01")), paid("c9", "acme", july, -30_00), used("acme", "e9", "hours", "2", july, feeds.Released, 3),
			feeds.Change{Service: feeds.Entitlements, Case: &feeds.Case{Name: "accounts/acme/cases/c1", Account: "acme"}})
		renamed := customer("acme", day("2020-01-01"))
		renamed.Account.DisplayName = "Acme, renamed"
		f.take(t, renamed)
		for _, view := range []View{Default, Issued} {
			got, err := f.Get(ctx, "acme", q3, view, time.Time{})
			require.NoError(t, err)
			require.False(t, got.Differs)
			require.Equal(t, before.Statement, got.Statement)
			require.Equal(t, "principals/anna", got.Issue.State.By)
			require.Equal(t, issuedAt, got.Issue.State.Known)
			require.Empty(t, got.Since)
		}
		now, err := f.Get(ctx, "acme", q3, Current, time.Time{})
		require.NoError(t, err)
		require.Equal(t, "Acme, renamed", now.DisplayName)
		require.Equal(t, "Larkspur, renamed", now.Company)
		require.False(t, now.Differs)
		differs := map[string]string{}
		for _, d := range now.Since {
			var added, removed int64
			for _, s := range d.Added {
				added += s.Minor
			}
			for _, s := range d.Removed {
				removed += s.Minor
			}
			require.Equal(t, d.Is.Minor-d.Was.Minor, added-removed)
			differs[d.Is.ID] = fmt.Sprintf("%d to %d: +%d -%d", d.Was.Count, d.Is.Count, len(d.Added), len(d.Removed))
		}
		require.Equal(t, map[string]string{"paid": "3 to 4: +1 -0", "benefits": "8 to 5: +1 -0", "cases-solved": "1 to 0: +0 -1",
			"commitments-kept": "1 to 0: +0 -1", "commitments-missed": "1 to 0: +0 -1"}, differs)
	})
}

// Lists hold figures, and not the entries behind them, of which there may be any number; and
// what was issued stays in them, also where nothing counts in it any more.
func TestR31ListsAreWithoutEntries(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.filled(t)
	prospect := customer("fern", civil.Never)
	prospect.Account.State = feeds.Prospect
	solved := &feeds.Case{Name: "accounts/fern/cases/c1", Account: "fern", Resolved: true, Ended: time.Date(2026, time.August, 1, 12, 0, 0, 0, time.UTC)}
	f.take(t, prospect, feeds.Change{Service: feeds.Entitlements, Case: solved})
	_, err := f.Issue(ctx, anna, Wanted{Quarter: q3, Accounts: []string{"fern"}}, quietly)
	require.NoError(t, err)
	f.take(t, feeds.Change{Service: feeds.Entitlements, Case: &feeds.Case{Name: solved.Name, Account: "fern"}})
	list, _, err := f.ListQuarter(ctx, q3, 10, "")
	require.NoError(t, err)
	require.Equal(t, []string{"acme", "brook", "fern"}, []string{list[0].Account, list[1].Account, list[2].Account})
	require.NotNil(t, list[2].Issue)
	own, _, err := f.ListAccount(ctx, "acme", 10, 0)
	require.NoError(t, err)
	for _, a := range append(list, own...) {
		whole, err := f.Get(ctx, a.Account, a.Quarter, Default, time.Time{})
		require.NoError(t, err)
		require.Equal(t, whole.Digest, a.Digest)
		for i := range a.Figures {
			require.Nil(t, a.Figures[i].Sources)
			require.EqualValues(t, len(whole.Figures[i].Sources), a.Figures[i].Entries)
		}
	}
}

// A statement that is not what it was is a finding.
func TestR35ADigestThatDiffersIsAFinding(t *testing.T) {
	f := onSQLite(t)
	f.filled(t)
	_, err := f.Issue(t.Context(), anna, Wanted{Quarter: q3}, quietly)
	require.NoError(t, err)
	require.NoError(t, f.Dossiers.pages.Delete(t.Context(), place{"acme", q3}.page(0), 0))
	for _, view := range []View{Default, Current} {
		got, err := f.Get(t.Context(), "acme", q3, view, time.Time{})
		require.NoError(t, err)
		require.True(t, got.Differs)
	}
	list, _, err := f.ListQuarter(t.Context(), q3, 10, "")
	require.NoError(t, err)
	require.Equal(t, []bool{true, false}, []bool{list[0].Differs, list[1].Differs})
}

// What was known at an instant comes out for every instant of the past.
func TestR35AStatementAsItWasKnown(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.take(t, settled("USD", "UTC"), customer("acme", day("2020-01-01")))
		for i := range 5 {
			f.take(t, paid(fmt.Sprint("c", i), "acme", july, 1_00))
		}
		for i := range int64(8) { // two positions tell other things
			got, err := f.Get(t.Context(), "acme", q3, Default, recorded(i))
			require.NoError(t, err)
			require.Equal(t, max(0, i-2), got.Figure("paid").Count)
			require.Equal(t, recorded(i), got.Known)
		}
		_, err := f.Get(t.Context(), "acme", q3, Default, f.world.now.Add(time.Second))
		wantReason(t, err, reasonKnownTime, "still to come")
		f.world.head[feeds.Board] = 7
		_, err = f.Get(t.Context(), "acme", q3, Default, recorded(3))
		wantReason(t, err, reasonKnownTime, "The copy of board does not reach")
		f.world.applied[feeds.Board] = 5
		_, err = f.Get(t.Context(), "acme", q3, Default, recorded(4))
		require.NoError(t, err, "what was known before what the copy has is all there")
	})
}

// What is taken over while a statement of the past is asked for is in it, or it is refused:
// else the same question has another answer a moment later.
func TestR35AStatementOfThePastIsWhole(t *testing.T) {
	f := onSQLite(t)
	f.take(t, settled("USD", "UTC"), customer("acme", day("2020-01-01")))
	f.world.asked = func(context.Context) error {
		f.world.asked = nil
		f.take(t, paid("c1", "acme", july, 1_00))
		return nil
	}
	first, err := f.Get(t.Context(), "acme", q3, Default, recorded(3))
	require.NoError(t, err)
	again, err := f.Get(t.Context(), "acme", q3, Default, recorded(3))
	require.NoError(t, err)
	require.Equal(t, again.Digest, first.Digest)
	require.EqualValues(t, 1, first.Figure("paid").Count)
}

var errStopped = errors.New("the process ends here")

// Issuing that was cut off goes on, with what was known when it began; and asked for again it
// issues nothing anew.
func TestR31IssuingGoesOnWhereItStopped(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.take(t, settled("USD", "UTC"))
		var accounts []feeds.Change
		for i := range inOne + 50 {
			accounts = append(accounts, customer(fmt.Sprintf("a%04d", i), day("2020-01-01")))
		}
		f.take(t, accounts...)
		f.take(t, paid("c1", "a0249", july, 5_00))
		call := resource.Call{Principal: "principals/anna", Method: "issue", RequestID: "r1", Payload: []byte("q3")}
		seen, err := f.Issue(ctx, call, Wanted{Quarter: q3, Check: true}, quietly)
		require.NoError(t, err)
		require.Equal(t, Progress{Done: 250, Total: 250, Issued: 250}, seen)
		_, err = f.Issue(ctx, call, Wanted{Quarter: q3}, func(p Progress) error { return errStopped })
		require.ErrorIs(t, err, errStopped)
		f.world.now = f.world.now.Add(time.Hour)
		f.take(t, paid("c2", "a0249", july, 7_00), settled("EUR", "Asia/Tokyo"))
		var steps []Progress
		done, err := f.Issue(ctx, call, Wanted{Quarter: q3}, func(p Progress) error { steps = append(steps, p); return nil })
		require.NoError(t, err)
		require.Equal(t, Progress{Done: 250, Total: 250, Issued: 50, There: 200}, done)
		require.Equal(t, []Progress{{Done: 200, Total: 250, There: 200}, done}, steps)
		last, err := f.Get(ctx, "a0249", q3, Default, time.Time{})
		require.NoError(t, err)
		require.EqualValues(t, 5_00, last.Figure("paid").Minor, "as it was known when the request came first")
		require.Equal(t, []string{"USD", "UTC"}, []string{last.Currency, last.Zone})
		first, err := f.Issued(ctx, "a0000", q3)
		require.NoError(t, err)
		require.Equal(t, first.State.Positions, last.Issue.State.Positions)

		other := call
		other.Payload = []byte("q2")
		_, err = f.Issue(ctx, other, Wanted{Quarter: q3 - 1}, quietly)
		require.ErrorIs(t, err, resource.ErrRequestIDReused)
		again, err := f.Issue(ctx, anna, Wanted{Quarter: q3, Accounts: []string{"a0001", "a0002"}}, quietly)
		require.NoError(t, err)
		require.Equal(t, Progress{Done: 2, Total: 2, There: 2}, again)
		sum, err := f.Sum(ctx, q3)
		require.NoError(t, err)
		require.Equal(t, []int{1, 250}, []int{sum.Accounts, sum.Issued})
	})
}

// What was acknowledged before statements are issued is in them, also where it was recorded
// a moment ago: issuing waits for it, and for nothing that comes later; and it does not
// freeze what it did not see.
func TestR31IssuingWaitsForWhatWasAcknowledged(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.take(t, settled("USD", "UTC"), customer("acme", day("2020-01-01")), paid("c1", "acme", july, 5_00))
	f.world.now = recorded(3)
	f.world.applied[feeds.Accounts], f.world.head[feeds.Accounts] = 2, 4
	call := resource.Call{Principal: "principals/anna", Method: "issue", RequestID: "r1", Payload: []byte("q3")}
	_, err := f.Issue(ctx, call, Wanted{Quarter: q3}, quietly)
	wantReason(t, err, fault.ReasonUnavailable, "2 changes of the accounts feed are not here yet")
	_, err = f.Issued(ctx, "acme", q3)
	require.ErrorIs(t, err, resource.ErrNotFound)
	f.world.coming[feeds.Accounts] = 9
	_, err = f.Issue(ctx, call, Wanted{Quarter: q3}, quietly)
	require.NoError(t, err)
	require.EqualValues(t, 4, f.world.applied[feeds.Accounts])
	got, err := f.Issued(ctx, "acme", q3)
	require.NoError(t, err)
	require.EqualValues(t, 4, got.State.Positions[feeds.Accounts])
	f.world.away = errors.New("no route")
	_, err = f.Issue(ctx, call, Wanted{Quarter: q3}, quietly)
	require.NoError(t, err, "the same request goes on with what was known")
}

func TestR31WhatCannotBeIssued(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.take(t, settled("USD", "UTC"), customer("acme", day("2020-01-01")))
	_, err := f.Issue(ctx, anna, Wanted{Quarter: q3 + 1}, quietly)
	wantReason(t, err, reasonQuarterOpen, "2026-q4 ends on 2026-12-31")
	_, err = f.Issue(ctx, anna, Wanted{Quarter: q3, Accounts: []string{"acme", "nobody"}}, quietly)
	require.ErrorIs(t, err, resource.ErrNotFound)
	f.world.head[feeds.Accounts]++
	_, err = f.Issue(ctx, anna, Wanted{Quarter: q3}, quietly)
	wantReason(t, err, fault.ReasonUnavailable, "1 changes of the accounts feed are not here yet")
	f.world.away = errors.New("no route")
	_, err = f.Issue(ctx, anna, Wanted{Quarter: q3}, quietly)
	wantReason(t, err, fault.ReasonUnavailable, "is not reached")
	f.world.asked = func(ctx context.Context) error {
		<-ctx.Done() // as where a relay is stuck
		return ctx.Err()
	}
	_, err = f.Issue(ctx, anna, Wanted{Quarter: q3}, quietly)
	wantReason(t, err, fault.ReasonUnavailable, "is not reached")
}
