package statements

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// model is what a quarter comes to by a slow count of the ledgers and of the last state of
// everything else.
type model struct {
	totals LedgerTotals
	solved map[string]string // the account by the case
	paid   map[string]int64  // by account
	hours  int64             // minutes
}

// history draws what feeds tell in a quarter, each change at its position, and what it comes
// to.
func history(t *rapid.T, q Quarter, prefix string) ([]feeds.Change, model) {
	m := model{solved: map[string]string{}, paid: map[string]int64{}}
	positions := map[feeds.Service]int64{}
	var changes []feeds.Change
	tell := func(c feeds.Change) {
		positions[c.Service]++
		c.Position = positions[c.Service]
		c.Recorded = recorded(c.Position)
		changes = append(changes, c)
	}
	accounts := []string{prefix + "a", prefix + "b", prefix + "c"}
	for n := range rapid.IntRange(1, 30).Draw(t, "changes") {
		account := rapid.SampledFrom(accounts).Draw(t, "account")
		on := q.First() + civil.Day(rapid.IntRange(-1, int(q.Last()-q.First())+1).Draw(t, "day"))
		switch rapid.IntRange(0, 3).Draw(t, "what") {
		case 0:
			r := &feeds.Revenue{Chunk: fmt.Sprintf("revenue/%s%d", prefix, n), Accounts: accounts}
			for range rapid.IntRange(1, 4).Draw(t, "entries") {
				to, minor := rapid.IntRange(0, 2).Draw(t, "index"), rapid.Int64Range(-1e9, 1e9).Draw(t, "minor")
				r.Index, r.Days, r.Minor = append(r.Index, uint32(to)), append(r.Days, int32(on)), append(r.Minor, minor)
				if q.has(on) {
					m.totals.Paid += minor
					m.paid[accounts[to]] += minor
				}
			}
			tell(feeds.Change{Service: feeds.Accounts, Revenue: r})
		case 1:
			benefit, version := rapid.SampledFrom([]string{"hours", "shipping", "thanks"}).Draw(t, "benefit"), rapid.IntRange(1, 3).Draw(t, "version")
			units := rapid.Int64Range(1, 9).Draw(t, "units")
			of := rapid.SampledFrom([]feeds.UsageType{feeds.Used, feeds.Committed, feeds.Released, feeds.Reserved, feeds.Expired}).Draw(t, "type")
			tell(used(account, fmt.Sprintf("%s%d", prefix, n), benefit, fmt.Sprint(version), on, of, units))
			if of == feeds.Released {
				units = -units
			}
			if !q.has(on) || of == feeds.Reserved || of == feeds.Expired {
				continue
			}
			switch benefit { // as the ledger of costs counts
			case "thanks":
				m.totals.Unknown += units
			case "hours":
				m.totals.Units, m.totals.Worth = m.totals.Units+units, m.totals.Worth+units*(100_00+int64(version))
			default:
				m.totals.Units, m.totals.Worth = m.totals.Units+units, m.totals.Worth+units*4_50
			}
		case 3:
			minutes := rapid.Int64Range(-60, 600).Draw(t, "minutes")
			tell(feeds.Change{Service: feeds.Own, Work: &feeds.Work{Name: fmt.Sprintf("engagements/%s/hours/%d", prefix, n), Kind: "hours", Account: account, Day: on, Minutes: minutes}})
			if q.has(on) {
				m.hours += minutes
			}
		case 2:
			c := &feeds.Case{Account: account, Name: "accounts/" + account + "/cases/" + rapid.SampledFrom([]string{"x", "y"}).Draw(t, "case")}
			on = q.First() + civil.Day(rapid.IntRange(-1, 1).Draw(t, "near")) // so that the same is told again
			if c.Resolved = rapid.Bool().Draw(t, "resolved"); c.Resolved {
				c.Ended = civil.UTC.Start(on).Add(12 * time.Hour)
			}
			tell(feeds.Change{Service: feeds.Entitlements, Case: c})
			delete(m.solved, c.Name)
			if c.Resolved && q.has(on) {
				m.solved[c.Name] = account
			}
		}
	}
	return changes, m
}

// folded is the statement made of a dossier, with its digest.
func (f *fixture) folded(t *testing.T, at place) (Statement, string) {
	t.Helper()
	opened, err := f.Dossiers.open(t.Context(), []place{at})
	require.NoError(t, err)
	s, err := f.fold(t.Context(), Header{Account: at.account, Quarter: at.quarter}, civil.UTC, opened[at], Horizon{})
	require.NoError(t, err)
	digest, err := s.Digest(digestVersion)
	require.NoError(t, err)
	return s, digest
}

// Whatever order changes come in, however often and in whatever batches: the sum over all
// accounts is what the ledgers count, to the cent; and each statement is the same, to the
// digest.
func TestR31SumsAreTheLedgersWhateverTheOrder(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		inOrder := onSQLite(t)
		f.take(t, settled("USD", "UTC"))
		year := 0
		rapid.Check(t, func(rt *rapid.T) {
			year++
			q := Quarter((1000+year)*4 + 1)
			changes, m := history(rt, q, fmt.Sprintf("t%d", year))
			told := slices.Clone(changes)
			random := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(rt, "seed")))
			for range rapid.IntRange(0, 10).Draw(rt, "repeats") {
				told = append(told, changes[random.IntN(len(changes))])
			}
			random.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
			for batch := range slices.Chunk(told, rapid.IntRange(1, 10).Draw(rt, "batch")) {
				f.again(t, batch...)
			}
			f.world.ledger[q] = m.totals
			sum, err := f.Sum(t.Context(), q)
			require.NoError(rt, err)
			require.Equal(rt, m.totals.Paid, sum.Figure("paid").Minor)
			require.Equal(rt, m.totals, LedgerTotals{Paid: sum.Figure("paid").Minor, Worth: sum.Figure("benefits").Minor,
				Units: sum.Figure("benefits").Count - sum.Figure("benefits").Unknown, Unknown: sum.Figure("benefits").Unknown})
			require.Equal(rt, m.hours, sum.Figure("hours-given").Minutes)
			require.EqualValues(rt, len(m.solved), sum.Figure("cases-solved").Count)
			inOrder.again(t, changes...)
			for _, account := range []string{"a", "b", "c"} {
				at := place{fmt.Sprintf("t%d%s", year, account), q}
				s, digest := f.folded(t, at)
				require.Equal(rt, m.paid[at.account], s.Figure("paid").Minor)
				_, want := inOrder.folded(t, at)
				require.Equal(rt, want, digest)
			}
		})
	})
}

// What was known at any positions of the feeds comes out of what was told until then alone:
// later changes, late ones included, change nothing of it.
func TestR35AFoldKnowsOnlyWhatWasToldUntilThen(t *testing.T) {
	f := onSQLite(t)
	year := 0
	rapid.Check(t, func(rt *rapid.T) {
		year++
		q := Quarter((1000+year)*4 + 1)
		prefix := fmt.Sprintf("t%d", year)
		changes, _ := history(rt, q, prefix)
		cut := rapid.IntRange(0, len(changes)).Draw(rt, "cut")
		h := Horizon{Positions: map[feeds.Service]int64{}}
		for _, c := range changes[:cut] {
			h.Positions[c.Service] = c.Position
		}
		digests := func(h Horizon) (list []string) {
			for _, account := range []string{"a", "b", "c"} {
				at := place{prefix + account, q}
				opened, err := f.Dossiers.open(t.Context(), []place{at})
				require.NoError(rt, err)
				s, err := f.fold(t.Context(), Header{Account: at.account, Quarter: q}, civil.UTC, opened[at], h)
				require.NoError(rt, err)
				digest, err := s.Digest(digestVersion)
				require.NoError(rt, err)
				list = append(list, digest)
			}
			return list
		}
		f.again(t, changes[:cut]...)
		then := digests(Horizon{})
		rest := slices.Clone(changes[cut:])
		rand.New(rand.NewPCG(2, rapid.Uint64().Draw(rt, "seed"))).Shuffle(len(rest), func(i, j int) { rest[i], rest[j] = rest[j], rest[i] })
		for _, c := range rest {
			f.again(t, c)
		}
		require.Equal(rt, then, digests(h))
	})
}
