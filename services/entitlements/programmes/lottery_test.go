package programmes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// fakeLotteries draws the entrants in the reverse order.
type fakeLotteries struct {
	drafts  map[string]LotteryDraft
	states  map[string]DrawState
	secrets map[string]int
	// commits counts calls; dies makes the next one reach nobody, after it was carried out.
	commits int
	dies    bool
	// meanwhile is what happens after a call of Find, once, before its answer is told.
	meanwhile func()
}

var errDied = errors.New("the process died")

func newFakeLotteries() *fakeLotteries {
	return &fakeLotteries{drafts: map[string]LotteryDraft{}, states: map[string]DrawState{}, secrets: map[string]int{}}
}

func (l *fakeLotteries) lottery(id string) Lottery {
	d := l.drafts[id]
	return Lottery{Name: "lotteries/" + id, Owner: d.Owner, Hash: "hash of " + id, State: l.states[id],
		Places: d.Places, Round: d.Round, Secrets: l.secrets[id]}
}

func (l *fakeLotteries) Find(_ context.Context, id string) (Lottery, bool, error) {
	found := l.lottery(id)
	_, known := l.drafts[id]
	if then := l.meanwhile; then != nil {
		l.meanwhile = nil
		then()
	}
	return found, known, nil
}

func (l *fakeLotteries) Commit(_ context.Context, d LotteryDraft) (Lottery, error) {
	l.commits++
	if _, taken := l.drafts[d.ID]; taken {
		return Lottery{}, fault.New(fault.AlreadyExists, fault.ReasonAlreadyExists, "taken")
	}
	l.drafts[d.ID], l.states[d.ID] = d, DrawCommitted
	if l.dies {
		l.dies = false
		return Lottery{}, errDied
	}
	return l.lottery(d.ID), nil
}

func (l *fakeLotteries) Draw(_ context.Context, id, value string) (Lottery, error) {
	if value == "early" {
		return Lottery{}, fault.New(fault.FailedPrecondition, "SEED", "too early")
	}
	l.states[id] = DrawDone
	return l.lottery(id), nil
}

func (l *fakeLotteries) Entrants(_ context.Context, id string) ([]string, error) {
	return l.drafts[id].Entrants, nil
}

func (l *fakeLotteries) Order(_ context.Context, id string) ([]string, error) {
	order := slices.Clone(l.drafts[id].Entrants)
	slices.Reverse(order)
	return order, nil
}

// raffle is a programme of two places by lottery, with applications until the third of March.
func raffle() Definition {
	d := beta(2)
	d.Closes, d.Admission = march+1, ByLottery
	d.Round = Round{Source: "drand", Number: "4711", Known: time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC)}
	return d
}

func (f *fixture) on(day civil.Day) {
	f.customers.set(func(c *fakeCustomers) { c.today = day })
}

func TestR29PlacesByLottery(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		lots := newFakeLotteries()
		f.DrawBy(lots)
		f.published(t, raffle())
		f.applied(t, "ash", "birch", "cedar", "dogwood")
		require.NoError(t, f.settle(ctx, false))
		require.Equal(t, []string{"ash waiting", "birch waiting", "cedar waiting", "dogwood waiting"}, f.standings(t), "nobody has a place before the draw")
		_, err := f.RunLottery(ctx, "beta", "8a")
		wantReason(t, err, ReasonState, "is not to be drawn yet")
		require.Empty(t, lots.drafts)

		f.on(march + 2)
		require.NoError(t, f.settle(ctx, false))
		p, err := f.Get(ctx, "beta")
		require.NoError(t, err)
		require.Equal(t, &Drawing{Name: "lotteries/programme-beta", Hash: "hash of programme-beta", Turn: 4}, p.State.Drawing)
		d := lots.drafts["programme-beta"]
		require.Equal(t, []string{"ash", "birch", "cedar", "dogwood"}, d.Entrants)
		require.Equal(t, 2, d.Places)
		require.Equal(t, "programmes/beta", d.Owner)
		require.Regexp(t, "^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", d.RequestID)

		// Until it is drawn, who gives up is out; then nothing goes to whoever left.
		_, err = f.Withdraw(ctx, someone, "beta", "dogwood")
		require.NoError(t, err)
		require.NoError(t, f.settle(ctx, true))
		require.Equal(t, []string{"ash waiting", "birch waiting", "cedar waiting", "dogwood left"}, f.standings(t))
		_, err = f.RunLottery(ctx, "beta", "early")
		wantReason(t, err, "SEED", "too early")
		f.customers.set(func(c *fakeCustomers) { c.poor["cedar"] = true })
		p, err = f.RunLottery(ctx, "beta", "8a3f")
		require.NoError(t, err)
		require.True(t, p.State.Drawing.Drawn)
		require.Equal(t, []string{"cedar waiting", "birch enrolled", "ash enrolled", "dogwood left"}, f.standings(t),
			"in the order drawn; whoever does not qualify now keeps its turn")
		again, err := f.RunLottery(ctx, "beta", "ff")
		require.NoError(t, err, "there is no second draw")
		require.Equal(t, p.State.Entries, again.State.Entries)

		// Who applies after the draw stands at the end; what becomes free goes to the next.
		_, err = f.Update(ctx, someone, "beta", "", func(d *Definition) error { d.Closes = 0; return nil }, false)
		require.NoError(t, err)
		f.applied(t, "elm")
		f.customers.set(func(c *fakeCustomers) { c.poor["cedar"] = false })
		_, err = f.Withdraw(ctx, someone, "beta", "ash")
		require.NoError(t, err)
		require.Equal(t, []string{"cedar enrolled", "birch enrolled", "ash left", "dogwood left", "elm waiting"}, f.standings(t))
		require.Equal(t, 1, lots.commits)
	})
}

func TestR29NothingIsDrawnWhereThereArePlacesForAll(t *testing.T) {
	f := onSQLite(t)
	lots := newFakeLotteries()
	f.DrawBy(lots)
	f.published(t, raffle())
	f.applied(t, "birch", "ash")
	f.on(march + 2)
	p, err := f.RunLottery(t.Context(), "beta", "")
	require.NoError(t, err)
	require.Equal(t, &Drawing{Unneeded: true}, p.State.Drawing)
	require.Equal(t, []string{"birch enrolled", "ash enrolled"}, f.standings(t))
	require.Empty(t, lots.drafts)
}

// A process that dies after the board service has committed the lottery, and before the
// programme says so, leaves one lottery; the next finds it.
func TestR29ALotteryIsCommittedOnceWhoeverDies(t *testing.T) {
	f := onSQLite(t)
	lots := newFakeLotteries()
	f.DrawBy(lots)
	f.published(t, raffle())
	f.applied(t, "ash", "birch", "cedar")
	f.on(march + 2)
	lots.dies = true
	_, err := f.RunLottery(t.Context(), "beta", "")
	require.ErrorIs(t, err, errDied)
	_, err = f.Withdraw(t.Context(), someone, "beta", "ash") // the list changes in between
	require.NoError(t, err)
	other := f.open(t)
	other.DrawBy(lots)
	require.NoError(t, other.settle(t.Context(), false))
	require.NoError(t, f.settle(t.Context(), false))
	require.Equal(t, 1, lots.commits)
	lots.states["programme-beta"] = DrawDone // by somebody at the board service
	require.NoError(t, other.settle(t.Context(), false))
	require.Equal(t, []string{"ash left", "cedar enrolled", "birch enrolled"}, f.standings(t))
}

func TestALotteryThatWasCalledOffIsCommittedAnew(t *testing.T) {
	f := onSQLite(t)
	lots := newFakeLotteries()
	f.DrawBy(lots)
	f.published(t, raffle())
	f.applied(t, "ash", "birch", "cedar")
	f.on(march + 2)
	require.NoError(t, f.settle(t.Context(), false))
	_, err := f.Update(t.Context(), someone, "beta", "", func(d *Definition) error { d.Round.Number = "4712"; return nil }, false)
	wantReason(t, err, ReasonNarrowed, "was committed with the round")
	lots.states["programme-beta"] = DrawCancelled
	require.NoError(t, f.settle(t.Context(), false))
	_, err = f.Update(t.Context(), someone, "beta", "", func(d *Definition) error { d.Round.Number = "4712"; return nil }, false)
	require.NoError(t, err)
	require.NoError(t, f.settle(t.Context(), false))
	require.Equal(t, "4712", lots.drafts["programme-beta-again-1"].Round.Number)
	p, err := f.RunLottery(t.Context(), "beta", "8a")
	require.NoError(t, err)
	require.Equal(t, "lotteries/programme-beta-again-1", p.State.Drawing.Name)
	require.Equal(t, []string{"cedar enrolled", "birch enrolled", "ash waiting"}, f.standings(t))
}

func TestALotteryIsChecked(t *testing.T) {
	f := onSQLite(t)
	_, err := f.Create(t.Context(), someone, "", raffle(), false)
	wantReason(t, err, ReasonNoLotteries, "--board-addr")
	f.DrawBy(newFakeLotteries())
	for path, change := range map[string]func(*Definition){
		"programme.close_date":               func(d *Definition) { d.Closes = 0 },
		"programme.lottery_round":            func(d *Definition) { d.Round = Round{} },
		"programme.lottery_round.known_time": func(d *Definition) { d.Closes++; d.Closes++ },
		"programme.admission":                func(d *Definition) { d.Admission = "whoever shouts" },
	} {
		d := raffle()
		change(&d)
		_, err := f.Create(t.Context(), someone, "beta", d, false)
		var told *fault.Error
		require.ErrorAs(t, err, &told, path)
		require.Equal(t, path, told.Fields[0].Path)
	}
	d := beta(1)
	d.Round = raffle().Round
	_, err = f.Create(t.Context(), someone, "", d, false)
	require.ErrorContains(t, err, "is for programmes whose admission is by lottery")
	f.published(t, beta(1))
	_, err = f.Update(t.Context(), someone, "beta", "", func(d *Definition) error {
		d.Closes, d.Admission, d.Round = march+1, ByLottery, raffle().Round
		return nil
	}, false)
	wantReason(t, err, ReasonNarrowed, "in the way that was published")
	_, err = f.RunLottery(t.Context(), "beta", "")
	wantReason(t, err, ReasonState, "has no lottery")
}

func TestALotteryThatNothingWouldDrawIsNotPublished(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	elsewhere := f.open(t) // a process with a board service
	elsewhere.DrawBy(newFakeLotteries())
	_, err := f.Create(ctx, someone, "", beta(2), false)
	require.NoError(t, err)
	byLottery := func(d *Definition) error { *d = raffle(); return nil }
	for _, check := range []bool{true, false} {
		_, err = f.Update(ctx, someone, "beta", "", byLottery, check)
		wantReason(t, err, ReasonNoLotteries, "--board-addr")
	}
	_, err = elsewhere.Update(ctx, someone, "beta", "", byLottery, false)
	require.NoError(t, err)
	_, err = f.Publish(ctx, someone, "beta", "", false)
	wantReason(t, err, ReasonNoLotteries, "--board-addr")
	_, err = elsewhere.Publish(ctx, someone, "beta", "", false)
	require.NoError(t, err)
	_, err = f.Update(ctx, someone, "beta", "", func(d *Definition) error { d.Capacity++; return nil }, false)
	require.NoError(t, err, "what was promised is widened anywhere")
}

// Whatever order is drawn, nobody is lost or doubled, turns ascend, and who applied later
// stays behind those who took part.
func TestR29TheOrderDrawnIsThatOfTheList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, late := rapid.IntRange(0, 20).Draw(t, "n"), rapid.IntRange(0, 5).Draw(t, "late")
		p := Programme{Drawing: &Drawing{Name: "lotteries/x", Turn: int64(3 * n)}}
		var took []string
		for i := range n + late {
			e := Entry{Account: fmt.Sprint("a", i), Standing: Waiting, Turn: int64(3*i + 2)}
			if i >= n {
				e.Turn += 3 * int64(n)
			} else {
				took = append(took, e.Account)
				e.Standing = rapid.SampledFrom([]Standing{Waiting, Waiting, Left}).Draw(t, "standing")
			}
			p.Entries = append(p.Entries, e)
		}
		order := rapid.Permutation(took).Draw(t, "order")
		before := slices.Clone(p.Entries)
		p.take(order)
		require.True(t, slices.IsSortedFunc(p.Entries, func(a, b Entry) int { return int(a.Turn - b.Turn) }))
		var waiting, want []string
		for _, e := range p.Entries {
			if e.Standing == Waiting {
				waiting = append(waiting, e.Account)
			}
		}
		standing := map[string]Standing{}
		for _, e := range before {
			standing[e.Account] = e.Standing
		}
		for _, account := range order {
			if standing[account] == Waiting {
				want = append(want, account)
			}
		}
		for i := n; i < n+late; i++ {
			want = append(want, fmt.Sprint("a", i))
		}
		require.Equal(t, want, waiting)
		require.Len(t, p.Entries, len(before))
	})
}
