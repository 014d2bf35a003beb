package programmes

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// Whoever may run lotteries can commit one by the name that a programme's will have.
func TestR29NobodyChoosesWhoTakesPartByCommittingFirst(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		lots := newFakeLotteries()
		f.DrawBy(lots)
		f.published(t, raffle())
		f.applied(t, "ash", "birch", "cedar", "dogwood")
		for _, id := range []string{"programme-beta", "programme-beta-again-1"} {
			_, err := lots.Commit(t.Context(), LotteryDraft{ID: id, Owner: "programmes/beta", Places: 2, Round: raffle().Round, Entrants: []string{"ash", "birch"}})
			require.NoError(t, err)
		}
		f.on(march + 2)
		require.NoError(t, f.settle(t.Context(), false))
		p, err := f.RunLottery(t.Context(), "beta", "8a")
		require.NoError(t, err)
		require.Equal(t, "lotteries/programme-beta-again-2", p.State.Drawing.Name)
		require.Equal(t, []string{"ash", "birch", "cedar", "dogwood"}, lots.drafts["programme-beta-again-2"].Entrants)
		require.Equal(t, DrawCommitted, lots.states["programme-beta"])
		require.Equal(t, []string{"dogwood enrolled", "cedar enrolled", "birch waiting", "ash waiting"}, f.standings(t))
	})
}

func TestR29OnlyWhatWouldBeCommittedIsTakenUp(t *testing.T) {
	everybody := []string{"ash", "birch", "cedar", "dogwood"}
	for what, c := range map[string]struct {
		change  func(*LotteryDraft)
		secrets int
		state   DrawState
		taken   bool
	}{
		"the same":                        {change: func(*LotteryDraft) {}, taken: true},
		"the same, drawn already":         {change: func(*LotteryDraft) {}, state: DrawDone, taken: true},
		"with who has left":               {change: func(d *LotteryDraft) { d.Entrants = append(d.Entrants, "elm") }, taken: true},
		"with somebody who never applied": {change: func(d *LotteryDraft) { d.Entrants = append(d.Entrants, "fir") }},
		"without somebody who waits":      {change: func(d *LotteryDraft) { d.Entrants = []string{"ash", "birch", "cedar", "elm"} }},
		"for another programme":           {change: func(d *LotteryDraft) { d.Owner = "programmes/beta-again-1" }},
		"for fewer places":                {change: func(d *LotteryDraft) { d.Places-- }},
		"by another source":               {change: func(d *LotteryDraft) { d.Round.Source = "dice" }},
		"by another round":                {change: func(d *LotteryDraft) { d.Round.Number = "4710" }},
		"known earlier":                   {change: func(d *LotteryDraft) { d.Round.Known = d.Round.Known.Add(-time.Hour) }},
		"with secrets of somebody":        {change: func(*LotteryDraft) {}, secrets: 1},
		"called off":                      {change: func(*LotteryDraft) {}, state: DrawCancelled},
	} {
		t.Run(what, func(t *testing.T) {
			f := onSQLite(t)
			lots := newFakeLotteries()
			f.DrawBy(lots)
			f.published(t, raffle())
			f.applied(t, append(everybody, "elm")...)
			_, err := f.Withdraw(t.Context(), someone, "beta", "elm")
			require.NoError(t, err)
			d := LotteryDraft{ID: "programme-beta", Owner: "programmes/beta", Places: 2, Round: raffle().Round, Entrants: everybody}
			c.change(&d)
			_, err = lots.Commit(t.Context(), d)
			require.NoError(t, err)
			lots.secrets[d.ID] = c.secrets
			if c.state != "" {
				lots.states[d.ID] = c.state
			}
			f.on(march + 2)
			p, err := f.RunLottery(t.Context(), "beta", "")
			require.NoError(t, err)
			want := "lotteries/programme-beta-again-1"
			if c.taken {
				want = "lotteries/programme-beta"
			}
			require.Equal(t, want, p.State.Drawing.Name)
		})
	}
}

// The round may be changed while the programme does not say yet that its lottery is
// committed; it is drawn by the one that it names.
func TestR29ALotteryIsDrawnByTheRoundThatTheProgrammeNames(t *testing.T) {
	f := onSQLite(t)
	lots := newFakeLotteries()
	f.DrawBy(lots)
	f.published(t, raffle())
	f.applied(t, "ash", "birch", "cedar")
	f.on(march + 2)
	name := func(round string) {
		_, err := f.Update(t.Context(), someone, "beta", "", func(d *Definition) error { d.Round.Number = round; return nil }, false)
		require.NoError(t, err)
	}
	lots.dies = true
	_, err := f.RunLottery(t.Context(), "beta", "")
	require.ErrorIs(t, err, errDied)
	name("4712")
	lots.meanwhile = func() { lots.meanwhile = func() { name("4713") } } // once again-1 is committed to 4712
	p, err := f.RunLottery(t.Context(), "beta", "")
	require.NoError(t, err)
	require.Nil(t, p.State.Drawing)
	p, err = f.RunLottery(t.Context(), "beta", "")
	require.NoError(t, err)
	require.Equal(t, "lotteries/programme-beta-again-2", p.State.Drawing.Name)
	require.Equal(t, "4713", lots.drafts["programme-beta-again-2"].Round.Number)
}

// Nothing is drawn, or given, while applications are taken again.
func TestR29NothingIsDrawnWhoseDaysAreMoreNow(t *testing.T) {
	for what, applicants := range map[string][]string{
		"committed": {"ash", "birch", "cedar"},
		"unneeded":  {"ash", "birch"},
	} {
		t.Run(what, func(t *testing.T) {
			f := onSQLite(t)
			lots := newFakeLotteries()
			f.DrawBy(lots)
			d := raffle()
			d.Round.Known = d.Round.Known.AddDate(0, 1, 0)
			f.published(t, d)
			f.applied(t, applicants...)
			f.on(march + 2)
			until := func(day civil.Day) {
				_, err := f.Update(t.Context(), someone, "beta", "", func(d *Definition) error { d.Closes = day; return nil }, false)
				require.NoError(t, err)
			}
			lots.meanwhile = func() { until(march + 3) }
			require.NoError(t, f.settle(t.Context(), false))
			undrawn := func() {
				p, err := f.Get(t.Context(), "beta")
				require.NoError(t, err)
				require.Nil(t, p.State.Drawing)
			}
			undrawn()

			other := f.open(t) // another process, which does not hear that they are more once again
			other.DrawBy(lots)
			until(march + 5)
			f.applied(t, "dogwood")
			f.on(march + 4)
			commits := lots.commits
			require.NoError(t, other.settle(t.Context(), false))
			require.Equal(t, commits, lots.commits)
			undrawn()

			f.on(march + 6)
			require.NoError(t, other.reload(t.Context()))
			p, err := other.RunLottery(t.Context(), "beta", "8a")
			require.NoError(t, err)
			require.Equal(t, append(applicants, "dogwood"), lots.drafts[names.Last(p.State.Drawing.Name)].Entrants)
		})
	}
}

// A value is for the lottery that was committed: where that is no more, nothing is drawn
// with it.
func TestR29AValueIsRefusedWhereNoLotteryIsCommitted(t *testing.T) {
	f := onSQLite(t)
	lots := newFakeLotteries()
	f.DrawBy(lots)
	f.published(t, raffle())
	f.applied(t, "ash", "birch", "cedar")
	f.on(march + 2)
	require.NoError(t, f.settle(t.Context(), false))
	lots.states["programme-beta"] = DrawCancelled
	_, err := f.RunLottery(t.Context(), "beta", "8a")
	wantReason(t, err, ReasonState, "was called off")
	lots.meanwhile = func() {
		_, err := f.Update(t.Context(), someone, "beta", "", func(d *Definition) error { d.Round.Number = "4712"; return nil }, false)
		require.NoError(t, err)
	}
	_, err = f.RunLottery(t.Context(), "beta", "8a")
	wantReason(t, err, ReasonState, "was changed just now")
	require.Equal(t, []string{"ash waiting", "birch waiting", "cedar waiting"}, f.standings(t))
	p, err := f.RunLottery(t.Context(), "beta", "8a")
	require.NoError(t, err)
	require.True(t, p.State.Drawing.Drawn)
}
