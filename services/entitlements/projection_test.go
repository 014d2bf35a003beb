package entitlements

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
)

// modelAccount is what a projection must know of an account.
type modelAccount struct {
	AccountChange
	entries map[int32][]int64
}

// projectionMachine drives a projection and a model of it through changes, batches,
// repetitions, flushes, evictions and crashes.
type projectionMachine struct {
	source *fakeSource
	pages  *pageStore
	limit  int64
	p      *projection
	model  map[string]*modelAccount
}

func (m *projectionMachine) account(t *rapid.T) string {
	return fmt.Sprintf("acct-%d", rapid.IntRange(0, 30).Draw(t, "account"))
}

func (m *projectionMachine) known(id string) *modelAccount {
	if m.model[id] == nil {
		m.model[id] = &modelAccount{
			AccountChange: AccountChange{ID: id, Joined: civil.Never, Closed: civil.Never},
			entries:       map[int32][]int64{},
		}
	}
	return m.model[id]
}

func (m *projectionMachine) changeAccount(t *rapid.T) {
	c := AccountChange{ID: m.account(t), State: State(rapid.IntRange(1, 3).Draw(t, "state")), Joined: civil.Never, Closed: civil.Never}
	if rapid.Bool().Draw(t, "joined") {
		c.Joined = civil.Day(rapid.Int32Range(-10, 20000).Draw(t, "joined on"))
	}
	if c.State == Closed {
		c.Closed = civil.Day(rapid.Int32Range(-10, 20000).Draw(t, "closed on"))
	}
	if rapid.Bool().Draw(t, "child") {
		c.Parent = m.account(t)
	}
	m.known(c.ID).AccountChange = c
	m.source.add(Change{Account: &c})
}

func (m *projectionMachine) recordRevenue(t *rapid.T) {
	r := &RevenueChange{Accounts: slices.Sorted(maps.Keys(rapid.MapOfN(
		rapid.Custom(m.account), rapid.Just(true), 1, 8).Draw(t, "accounts")))}
	for range rapid.IntRange(1, 20).Draw(t, "entries") {
		account := rapid.IntRange(0, len(r.Accounts)-1).Draw(t, "of")
		e := drawEntry(t)
		r.Index, r.Days, r.Minor = append(r.Index, uint32(account)), append(r.Days, e.day), append(r.Minor, e.minor)
		known := m.known(r.Accounts[account])
		known.entries[e.day] = append(known.entries[e.day], e.minor)
	}
	for _, id := range r.Accounts {
		m.known(id)
	}
	m.source.add(Change{Revenue: r})
}

func (m *projectionMachine) unrelated(*rapid.T) { m.source.add(Change{}) }

func (m *projectionMachine) deliver(t *rapid.T) {
	at, _ := m.p.at()
	b, _ := m.source.from(at.resume, rapid.IntRange(1, 10).Draw(t, "batch"))
	require.NoError(t, m.p.apply(context.Background(), b))
}

// deliverAgain goes back in the feed, as after a lost stream.
func (m *projectionMachine) deliverAgain(t *rapid.T) {
	at, _ := m.p.at()
	b, _ := m.source.from(fmt.Sprint(rapid.Int64Range(0, at.position).Draw(t, "from")), rapid.IntRange(1, 50).Draw(t, "batch"))
	m.p.advance(at)
	last := at.position
	if n := len(b.Changes); n > 0 {
		last = max(last, b.Changes[n-1].Position)
	}
	b.Resume = fmt.Sprint(last)
	require.NoError(t, m.p.apply(context.Background(), b))
}

func (m *projectionMachine) flush(t *rapid.T) { require.NoError(t, m.p.flush(context.Background())) }

// flushPages is a flush that is broken off before the checkpoint.
func (m *projectionMachine) flushPages(t *rapid.T) {
	at, _ := m.p.at()
	for number := range m.p.pages {
		if m.p.needsFlush(number) && rapid.Bool().Draw(t, "written") {
			require.NoError(t, m.p.flushPage(context.Background(), number, at.position))
		}
	}
}

func (m *projectionMachine) evict(*rapid.T) {
	for i := range m.p.pages {
		m.p.drop(&m.p.pages[i])
	}
}

func (m *projectionMachine) warmUp(t *rapid.T) { require.NoError(t, m.p.warmUp(context.Background())) }

// crash loses what is in memory.
func (m *projectionMachine) crash(t *rapid.T) {
	s := Service{pages: m.pages, opts: Options{CacheAccounts: int(m.limit)}}
	p, err := s.restore(context.Background())
	require.NoError(t, err)
	m.p = p
}

// compare delivers the rest and compares.
func (m *projectionMachine) compare(t *rapid.T) {
	for {
		at, _ := m.p.at()
		b, _ := m.source.from(at.resume, 1000)
		if len(b.Changes) == 0 {
			break
		}
		require.NoError(t, m.p.apply(context.Background(), b))
	}
	require.NoError(t, m.p.warmUp(context.Background()))
	for id, want := range m.model {
		var got *modelAccount
		found, err := m.p.view(context.Background(), id, func(a *account) { got = modelOf(a) })
		require.NoError(t, err)
		require.Equal(t, want.State != Unannounced, found, id)
		if found {
			require.Equal(t, want.AccountChange, got.AccountChange)
			require.Equal(t, m.totals(want), got.entries)
		}
		g, _ := m.p.groups.of(id)
		members := []string{id}
		if g != nil {
			members = g.members
		}
		require.Equal(t, m.group(id), members, "group of %s", id)
	}
	fresh := newProjection(m.pages, checkpoint{Epoch: 1}, m.limit, withRefuse)
	b, _ := m.source.from("", 1<<30)
	require.NoError(t, fresh.apply(context.Background(), b))
	require.Equal(t, pageBytes(t, fresh), pageBytes(t, m.p), "a rebuild gives the same bytes")
}

// totals are the received, refunded and number of a model's entries by day.
func (m *projectionMachine) totals(a *modelAccount) map[int32][]int64 {
	days := map[int32][]int64{}
	for day, minors := range a.entries {
		received, refunded := int64(0), int64(0)
		for _, minor := range minors {
			received += max(minor, 0)
			refunded += max(-minor, 0)
		}
		days[day] = []int64{int64(len(minors)), received, refunded}
	}
	return days
}

func modelOf(a *account) *modelAccount {
	m := &modelAccount{entries: map[int32][]int64{}}
	m.AccountChange = AccountChange{ID: a.id, State: a.state, Joined: a.joined, Closed: a.closed, Parent: a.parent()}
	a.ledger.each(func(t dayTotal) bool {
		m.entries[int32(t.day)] = []int64{t.entries, t.received, t.refunded}
		return true
	})
	return m
}

// group is the slow definition of a group: all from which the same end is reached.
func (m *projectionMachine) group(id string) []string {
	top := func(id string) string {
		seen := []string{}
		for !slices.Contains(seen, id) {
			seen = append(seen, id)
			if m.model[id] == nil || m.model[id].Parent == "" {
				return id
			}
			id = m.model[id].Parent
		}
		return slices.Min(seen[slices.Index(seen, id):])
	}
	ids := map[string]bool{id: true}
	for other, a := range m.model {
		ids[other], ids[a.Parent] = true, true
	}
	delete(ids, "")
	var members []string
	for other := range ids {
		if top(other) == top(id) {
			members = append(members, other)
		}
	}
	slices.Sort(members)
	return members
}

func pageBytes(t require.TestingT, p *projection) map[int]string {
	all := map[int]string{}
	for number := range p.pages {
		pg, err := p.writeLock(context.Background(), number)
		if err != nil {
			require.NoError(t, err)
		}
		if len(pg.accounts) > 0 {
			all[number] = string(pg.encode())
		}
		pg.mu.Unlock()
	}
	return all
}

func TestProjectionEqualsItsModelThroughCrashesRepetitionsAndEvictions(t *testing.T) {
	store := openStore(t, t.TempDir())
	defer func() { require.NoError(t, store.Close()) }()
	ctx := context.Background()
	pages, err := openPageStore(ctx, store)
	require.NoError(t, err)
	runs, failing := 40, false
	if os.Getenv("EVENHAND_TEST_LONG") == "1" {
		runs = 1 << 30
	}
	rapid.Check(t, func(t *rapid.T) {
		if runs--; runs < 0 && !failing {
			return
		}
		failing = true // until it has passed, so that a failure is made smaller
		emptyPages(t, pages)
		m := &projectionMachine{
			source: newFakeSource(), pages: pages, limit: rapid.Int64Range(1, 40).Draw(t, "limit"),
			model: map[string]*modelAccount{},
		}
		m.p = newProjection(pages, checkpoint{}, m.limit, withNothing)
		t.Repeat(map[string]func(*rapid.T){
			"change account": m.changeAccount, "record revenue": m.recordRevenue, "unrelated": m.unrelated,
			"deliver": m.deliver, "deliver again": m.deliverAgain, "flush": m.flush, "flush pages": m.flushPages,
			"evict": m.evict, "warm up": m.warmUp, "crash": m.crash,
		})
		m.compare(t)
		failing = false
	})
}

func emptyPages(t require.TestingT, pages *pageStore) {
	ctx := context.Background()
	for d, err := range pages.pages.All(ctx, docstore.Query{}) {
		require.NoError(t, err)
		require.NoError(t, pages.pages.Delete(ctx, d.ID, 0))
	}
	for d, err := range pages.marks.All(ctx, docstore.Query{}) {
		require.NoError(t, err)
		require.NoError(t, pages.marks.Delete(ctx, d.ID, 0))
	}
}
