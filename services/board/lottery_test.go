package board

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/feed"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// knownIn is a plan whose round is known after some time.
func (f *fixture) knownIn(d time.Duration) record.SeedPlan {
	return record.SeedPlan{Round: record.Round{Source: "drand", Number: "4711", Known: f.clock.now().Add(d)}}
}

// some are entrants e0001 to e<n>.
func some(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("e%04d", i+1))
	}
	return all
}

func (f *fixture) fair(entrants, places int) LotteryDraft {
	return LotteryDraft{Purpose: "Stands", Owner: "fairs/spring", Places: places, Entrants: some(entrants), Plan: f.knownIn(time.Hour)}
}

// R29: what is committed is public before there is a seed; what is drawn of it is an order
// of all, which anybody can replay from the record alone.
func TestR29ALotteryFromItsCommitmentToItsOrder(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		create := request("0f6c1d2e-7c1b-4c53-9d39-3f0b6a1e5a77", "fair")
		checked, err := f.Lotteries.Create(ctx, create, "fair", f.fair(7, 3), true)
		require.NoError(t, err)
		require.Equal(t, 7, checked.State.Entrants)
		require.Empty(t, checked.State.Draw.Hash)
		_, err = f.Lotteries.Get(ctx, "fair")
		require.True(t, isNotFound(err), "a check writes nothing")
		s, err := f.Lotteries.Create(ctx, create, "fair", f.fair(7, 3), false)
		require.NoError(t, err)
		require.Equal(t, LotteryCommitted, s.State.State)
		again, err := f.Lotteries.Create(ctx, create, "fair", f.fair(7, 3), false)
		require.NoError(t, err)
		require.Equal(t, s.State, again.State, "a retry commits nothing new")
		_, err = f.Lotteries.Create(ctx, someone, "fair", f.fair(7, 3), true)
		require.ErrorIs(t, err, resource.ErrExists)
		_, err = f.Lotteries.Create(ctx, someone, "fair", f.fair(7, 3), false)
		require.True(t, isExists(err), "%v", err)

		_, committed, err := f.Lotteries.Record(ctx, "fair")
		require.NoError(t, err)
		r, report := record.Verify(committed)
		require.True(t, report.OK(), "%v", report.Err())
		require.Equal(t, s.State.Draw.Hash, r.Hash)
		require.NotContains(t, string(committed), "e0001", "entrants stand in it under pseudonyms")
		require.Contains(t, string(committed), "the first 3 of the order have the places")
		for _, m := range r.Marginals {
			require.Equal(t, 1, m.Count)
			require.Len(t, r.Panels, 7)
		}

		_, err = f.Lotteries.DrawOrder(ctx, someone, "fair", "", "8a3f")
		require.ErrorIs(t, err, ErrSeed, "the round is not known yet")
		f.clock.pass(2 * time.Hour)
		_, err = f.Lotteries.DrawOrder(ctx, someone, "fair", "", " 8A")
		require.ErrorIs(t, err, ErrSeed)
		draw := request("1f6c1d2e-7c1b-4c53-9d39-3f0b6a1e5a77", "draw")
		s, err = f.Lotteries.DrawOrder(ctx, draw, "fair", s.Etag(), "8a3f")
		require.NoError(t, err)
		require.Equal(t, LotteryDrawn, s.State.State)
		again, err = f.Lotteries.DrawOrder(ctx, draw, "fair", "", "8a3f")
		require.NoError(t, err)
		require.Equal(t, s.State, again.State)
		_, err = f.Lotteries.DrawOrder(ctx, someone, "fair", "", "8a40")
		require.ErrorIs(t, err, ErrLotteryState, "there is no second seed")
		_, err = f.Lotteries.Cancel(ctx, someone, "fair", "", "No.")
		require.ErrorIs(t, err, ErrLotteryState)

		_, text, err := f.Lotteries.Record(ctx, "fair")
		require.NoError(t, err)
		drawn, report := record.Verify(text)
		require.True(t, report.OK(), "%v", report.Err())
		require.Equal(t, r.Hash, drawn.Hash, "it is what was committed")
		_, entrants, err := f.Lotteries.Of(ctx, "fair")
		require.NoError(t, err)
		order := slices.Concat(drawn.Outcome.Members, drawn.Outcome.Alternates)
		require.Len(t, order, 7)
		var ids []string
		for i, e := range entrants {
			require.Equal(t, i+1, e.Position)
			require.Equal(t, order[i], e.Pseudonym)
			pseudonym, err := record.Pseudonym(e.Salt, e.ID)
			require.NoError(t, err)
			require.Equal(t, e.Pseudonym, pseudonym, "everybody finds themselves with their salt")
			ids = append(ids, e.ID)
		}
		require.ElementsMatch(t, some(7), ids)
	})
}

func TestWhatALotteryIsNotCommittedTo(t *testing.T) {
	f := onSQLite(t)
	for told, change := range map[string]func(*LotteryDraft){
		"lottery.purpose: is missing":   func(d *LotteryDraft) { d.Purpose = " " },
		"lottery.owner: has to be one":  func(d *LotteryDraft) { d.Owner = "a\nb" },
		"lottery.places: has to be 1":   func(d *LotteryDraft) { d.Places = 0 },
		"there are 3 for 3 places":      func(d *LotteryDraft) { d.Places = 3 },
		`"e0002" is there twice`:        func(d *LotteryDraft) { d.Entrants = []string{"e0002", "e0001", "e0002"} },
		"name a round of public":        func(d *LotteryDraft) { d.Plan.Round.Source = "" },
		"name a round that is still to": func(d *LotteryDraft) { d.Plan.Round.Known = f.clock.now() },
		"principals/nobody does not exist": func(d *LotteryDraft) {
			d.Plan.Deadline = f.clock.now().Add(time.Minute)
			d.Plan.People = []record.Person{{Name: "principals/ines", Commitment: record.Commitment("a")}, {Name: "principals/nobody", Commitment: record.Commitment("b")}}
		},
	} {
		d := f.fair(3, 1)
		change(&d)
		for _, check := range []bool{true, false} {
			_, err := f.Lotteries.Create(t.Context(), someone, "fair", d, check)
			require.ErrorContains(t, err, told)
		}
	}
	_, err := f.Lotteries.Get(t.Context(), "fair")
	require.True(t, isNotFound(err))
}

// R38: whoever can know the outcome cannot choose by calling the lottery off.
func TestR38ALotteryIsCalledOffOnlyUntilItsOutcomeCanBeKnown(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	for _, id := range []string{"early", "late"} {
		_, err := f.Lotteries.Create(ctx, someone, id, f.fair(3, 1), false)
		require.NoError(t, err)
	}
	s, err := f.Lotteries.Cancel(ctx, someone, "early", "", "The fair is off.")
	require.NoError(t, err)
	require.Equal(t, LotteryCancelled, s.State.State)
	require.Equal(t, "The fair is off.", s.State.Reason)
	f.clock.pass(time.Hour)
	_, err = f.Lotteries.Cancel(ctx, someone, "late", "", "I do not like it.")
	require.ErrorIs(t, err, ErrLotteryState)
	require.ErrorContains(t, err, "the value of round 4711 of drand is known since")
	_, err = f.Lotteries.DrawOrder(ctx, someone, "early", "", "8a3f")
	require.ErrorIs(t, err, ErrLotteryState)

	two := f.fair(3, 1)
	two.Plan = f.knownIn(time.Hour)
	two.Plan.Deadline = f.clock.now().Add(time.Minute)
	two.Plan.People = []record.Person{{Name: "principals/ines", Commitment: record.Commitment("ines's")}, {Name: "principals/kim", Commitment: record.Commitment("kim's")}}
	_, err = f.Lotteries.Create(ctx, someone, "two", two, false)
	require.NoError(t, err)
	_, err = f.Lotteries.Reveal(ctx, someone, "two", "principals/sam", "ines's")
	require.ErrorIs(t, err, ErrSeed)
	_, err = f.Lotteries.Reveal(ctx, someone, "two", "principals/ines", "ines's")
	require.NoError(t, err)
	_, err = f.Lotteries.Cancel(ctx, someone, "two", "", "I know more now.")
	require.ErrorContains(t, err, "a part of its seed was revealed")
	_, err = f.Lotteries.Reveal(ctx, someone, "two", "principals/kim", "kim's")
	require.NoError(t, err)
	s, err = f.Lotteries.DrawOrder(ctx, someone, "two", "", "")
	require.NoError(t, err, "both have revealed: no round is needed")
	require.Equal(t, LotteryDrawn, s.State.State)
}

// Whatever dies in between, there is one record, and the entrants keep their pseudonyms.
func TestALotteryCommittedAgainAfterACrashIsTheSame(t *testing.T) {
	deaths := 0
	for _, after := range []bool{false, true} {
		for left := range 6 {
			backend := teststore.SQLite(t)
			f := start(t, backend)
			draft := f.fair(5, 2)
			create := request("0f6c1d2e-7c1b-4c53-9d39-3f0b6a1e5a77", "fair")
			dies := &mortal{Backend: backend, left: left, after: after}
			store, err := docstore.OpenStore(t.Context(), dies, docstore.Options{})
			require.NoError(t, err)
			service, err := New(t.Context(), store, f.source, Options{Now: f.clock.now})
			require.NoError(t, err)
			dies.armed, dies.writes = true, 0
			if _, err = service.Lotteries.Create(t.Context(), create, "fair", draft, false); err != nil {
				deaths++
			}
			s, err := f.Lotteries.Create(t.Context(), create, "fair", draft, false)
			require.NoError(t, err)
			again, err := f.Lotteries.Create(t.Context(), create, "fair", draft, false)
			require.NoError(t, err)
			require.Equal(t, s.State.Draw.Hash, again.State.Draw.Hash)
			_, text, err := f.Lotteries.Record(t.Context(), "fair")
			require.NoError(t, err)
			r, report := record.Verify(text)
			require.True(t, report.OK(), "%v", report.Err())
			require.Equal(t, s.State.Draw.Hash, r.Hash)
			_, entrants, err := f.Lotteries.Of(t.Context(), "fair")
			require.NoError(t, err)
			for _, e := range entrants {
				require.Contains(t, string(text), e.Pseudonym)
			}
		}
	}
	require.GreaterOrEqual(t, deaths, 6, "at the entrants, the record and the lottery, before and after")
}

// A lottery of the largest size can be committed and its record fetched.
func TestTheLargestLotteryCanBeFetched(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	f := onSQLite(t)
	d := f.fair(1, 1)
	d.Places, d.Entrants = 7_777, some(maxEntrants)
	_, err := f.Lotteries.Create(t.Context(), someone, "large", d, false)
	require.NoError(t, err)
	_, text, err := f.Lotteries.Record(t.Context(), "large")
	require.NoError(t, err)
	require.Less(t, len(text), maxRecordBytes)
	f.clock.pass(2 * time.Hour)
	_, err = f.Lotteries.DrawOrder(t.Context(), someone, "large", "", "77")
	require.NoError(t, err)
	_, text, err = f.Lotteries.Record(t.Context(), "large")
	require.NoError(t, err)
	require.Less(t, len(text), maxRecordBytes)
}

func TestTheFeedTellsOfALotteryNotOfItsSecrets(t *testing.T) {
	f := onSQLite(t)
	d := f.fair(3, 1)
	d.Plan.Deadline = f.clock.now().Add(time.Minute)
	d.Plan.People = []record.Person{{Name: "principals/ines", Commitment: record.Commitment("hush")}, {Name: "principals/kim", Commitment: record.Commitment("b")}}
	_, err := f.Lotteries.Create(t.Context(), someone, "fair", d, false)
	require.NoError(t, err)
	_, err = f.Lotteries.Reveal(t.Context(), someone, "fair", "principals/ines", "hush")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var types []string
	err = f.Feed.Watch(ctx, "", nil, func(b feed.Batch[Told]) error {
		for _, c := range b.Changes {
			types = append(types, c.Type)
			require.Equal(t, "lotteries/fair", c.State.Name)
			require.NotContains(t, fmt.Sprint(c.State.Lottery.State), "hush")
		}
		if len(types) == 2 {
			stop()
		}
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "lottery.committed lottery.revealed", strings.Join(types, " "))
}
