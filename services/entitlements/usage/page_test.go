package usage

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// another is another process on the same store.
func (f *fixture) another(t testing.TB) *Usage {
	t.Helper()
	u, err := New(t.Context(), f.store, f.grants, f.clock.now, nil)
	require.NoError(t, err)
	return u
}

// used is a balance of so many uses, all of which it holds.
func used(t testing.TB, entries int) *balance {
	t.Helper()
	d := docstore.Doc[balance]{Body: balance{Account: "a", Benefit: "hours"}}
	for i := range entries {
		e := Entry{ID: fmt.Sprint("e-", i+1), Type: Used, Units: 1, At: noon("2026-03-15").Add(time.Duration(i) * time.Second)}
		require.NoError(t, record(&d, &e))
	}
	return &d.Body
}

// lasts are the numbers of the last entries of the pages of a balance; the test fails
// unless these follow one another.
func (f *fixture) lasts(t testing.TB, b *balance) (lasts []int64) {
	t.Helper()
	seq := int64(0)
	for d, err := range f.ledger.All(t.Context(), docstore.Query{From: pageID("a/hours", 0), To: pageID("a/hours", 1e9)}) {
		require.NoError(t, err)
		list, err := d.Body.run().entries(nil)
		require.NoError(t, err)
		for _, e := range list {
			seq++
			require.Equal(t, seq, e.Seq)
			require.Equal(t, fmt.Sprint("e-", seq), e.ID)
		}
		require.Equal(t, []any{seq, list[len(list)-1].At}, []any{d.Body.Last, d.Body.At.UTC()})
		lasts = append(lasts, seq)
	}
	return lasts
}

// Processes that do not know of each other move the entries of a balance, each as it saw it:
// the pages follow one another, and what is taken out of a balance is never more than they
// hold.
func TestPagesFollowOneAnotherWhoeverWritesThem(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		one, two, three := f.another(t), f.another(t), f.another(t)
		move := func(u *Usage, saw int, known int64, pages ...int64) {
			t.Helper()
			b := used(t, saw)
			require.NoError(t, u.moveNow(t.Context(), "a/hours", b))
			require.Equal(t, known, u.seen.of("a/hours"))
			require.Equal(t, pages, f.lasts(t, b))
			b.drop(known)
			require.Equal(t, min(known, int64(saw)), b.Moved)
			require.Equal(t, max(0, saw-int(known)), len(mustEntries(t, b)))
		}
		move(one, 8, 8, 8)
		move(two, 20, 20, 8, 20)                // it saw more: what is there stays, and it goes on behind
		move(one, 19, 20, 8, 20)                // it saw fewer, and learns that all of them are there
		move(three, 12, 8, 8, 20)               // too few are left behind the first page to look on
		move(three, 21, 20, 8, 20)              // and of those behind the second
		move(three, 28, 28, 8, 20, 28)          // it goes on
		move(one, 90, 90, 8, 20, 28, 90)        // and so do the others, behind it
		move(two, 40, 90, 8, 20, 28, 90)        // one of them after a pause
		move(two, 90, 90, 8, 20, 28, 90)        // for whom nothing is left
		move(f.another(t), 7, 0, 8, 20, 28, 90) // fewer than a page are not moved
	})
}

func mustEntries(t testing.TB, b *balance) []Entry {
	t.Helper()
	list, err := b.latest().entries(nil)
	require.NoError(t, err)
	return list
}

// Two processes serve one balance, and each call comes again later, to either: it counts
// once, whether the entry is still in the balance or in a page that the other one wrote.
func TestR18ARequestIsServedOnceByManyProcesses(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.grants.grant("hours", holding("2026-02-01", "", 1, hours(1000, "P1Y", 0, schedule.Anniversary)))
		random := rand.New(rand.NewPCG(1, 2))
		processes := []*Usage{f.Usage, f.another(t)}
		made := map[int]string{}
		for i := range 120 {
			for _, n := range []int{i, random.IntN(i + 1)} { // a new one, and one of those before
				out, err := processes[random.IntN(2)].Consume(t.Context(), call(fmt.Sprint("r", n), "p"), use(1), false)
				require.NoError(t, err)
				if made[n] == "" {
					made[n] = out.Entry.ID
				}
				require.Equal(t, made[n], out.Entry.ID)
			}
		}
		require.Equal(t, int64(1000-120), f.left(t))
		processes = append(processes, f.another(t)) // as after a restart
		for n, id := range made {
			out, err := processes[2].Consume(t.Context(), call(fmt.Sprint("r", n), "p"), use(1), false)
			require.NoError(t, err)
			require.Equal(t, id, out.Entry.ID)
		}
		f.rebuilt(t, "a", "hours")
	})
}

// A ledger that was restored from a later moment than the balances has other entries under
// the numbers that come next: none leaves the balance for them.
func TestNoEntryLeavesForAPageOfOthers(t *testing.T) {
	f := onSQLite(t)
	restored := used(t, 16)
	restored.Recent = bytes.ReplaceAll(restored.Recent, []byte("e-12"), []byte("f-12"))
	_, err := f.addPage(t.Context(), "a/hours", pageOf(restored, 8))
	require.NoError(t, err)
	b := used(t, 16)
	b.drop(8)
	require.ErrorContains(t, f.moveNow(t.Context(), "a/hours", b), "other entries from number 9 on")
	require.Zero(t, f.seen.of("a/hours"))
}
