package entitlements

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/entitlements/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const promise = `
schedule: service-promise
currency: USD
time_zone: America/New_York
commitments:
  - {id: courtesy, promise: Every customer is treated with courtesy.}
benefits:
  - {id: thanks, promise: A note of thanks., kind: feature}
  - {id: hours, promise: Ten hours a year., kind: metered, unit: hour, limit: 10, period: P1Y}
rules:
  - id: spend-500
    promise: Who spends $500 within a year is thanked.
    when: {spend: trailing-12-months, at_least: 500.00}
    grants: [thanks]
  - id: group-1000
    promise: A group that spends $1,000 within a year gets ten hours.
    when: {spend: trailing-12-months, at_least: 1000.00, scope: group}
    grants: [hours]
notice: {effective: %s, reason: %s}
`

// noon is now in tests: 1 June 1998 in New York.
var noon = time.Date(1998, 6, 1, 16, 0, 0, 0, time.UTC)

// fixture is a service on a store of its own.
type fixture struct {
	*Service
	source *fakeSource
	store  *docstore.Store
	mu     sync.Mutex
	clock  time.Time
}

func (f *fixture) tick() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.clock
}

func (f *fixture) advance(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clock = f.clock.Add(d)
}

func newFixture(t testing.TB, opts Options) *fixture {
	t.Helper()
	return newFixtureOn(t, openStore(t, t.TempDir()), opts)
}

func newFixtureOn(t testing.TB, store *docstore.Store, opts Options) *fixture {
	t.Helper()
	f := &fixture{source: newFakeSource(), store: store, clock: noon}
	t.Cleanup(func() { require.NoError(t, f.store.Close()) })
	f.open(t, opts)
	return f
}

// open opens the service anew, as another process would.
func (f *fixture) open(t testing.TB, opts Options) {
	t.Helper()
	if opts.Now == nil {
		opts.Now = f.tick
	}
	var err error
	f.Service, err = Open(context.Background(), f.store, f.source, opts)
	require.NoError(t, err)
}

func (f *fixture) publish(t testing.TB, effective, reason string) *Version {
	t.Helper()
	v, unchanged, err := f.Publish(context.Background(), Publishing{File: fmt.Appendf(nil, promise, effective, reason), Publisher: "principals/ann"})
	require.NoError(t, err)
	require.False(t, unchanged)
	return v
}

// paid is revenue of one account.
func paid(id string, day civil.Day, minor ...int64) Change {
	r := &RevenueChange{Accounts: []string{id}}
	for _, m := range minor {
		r.Index, r.Days, r.Minor = append(r.Index, 0), append(r.Days, int32(day)), append(r.Minor, m)
	}
	return Change{Revenue: r}
}

func active(id, parent string) Change {
	return Change{Account: &AccountChange{ID: id, State: Active, Joined: civil.Never, Closed: civil.Never, Parent: parent}}
}

// caughtUp waits until everything in the source is applied.
func (f *fixture) caughtUp(t testing.TB) {
	t.Helper()
	head, _ := f.source.Head(context.Background())
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	require.NoError(t, f.applied(ctx, head))
}

// entitled says whether an account has a benefit now.
func (f *fixture) entitled(t testing.TB, id, benefit string) bool {
	t.Helper()
	d, err := f.AsOf(time.Time{})
	require.NoError(t, err)
	decided, err := d.Check(context.Background(), id, benefit)
	require.NoError(t, err)
	return decided.Entitled()
}

var may = civil.Date(1998, time.May, 1)

func TestR17CheckFollowsTheFeed(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	f.source.add(active("acme", ""), paid("acme", may, 49_999))
	f.caughtUp(t)
	require.False(t, f.entitled(t, "acme", "thanks"))
	f.source.add(paid("acme", may, 1))
	f.caughtUp(t)
	require.True(t, f.entitled(t, "acme", "thanks"))
	f.source.add(paid("acme", may, -1))
	f.caughtUp(t)
	require.False(t, f.entitled(t, "acme", "thanks"))
}

func TestR18EveryEntitlementCitesItsRuleAndVersion(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	f.source.add(active("acme", ""), paid("acme", may, 50_000))
	f.caughtUp(t)
	d, err := f.AsOf(time.Time{})
	require.NoError(t, err)
	e, err := d.Explain(context.Background(), "acme", "thanks")
	require.NoError(t, err)
	require.Equal(t, "spend-500", e.Rule.ID)
	require.Equal(t, "schedule/versions/1", d.VersionName(e.Version))
	require.Contains(t, e.Reason, "Who spends $500 within a year is thanked.")
	require.Equal(t, "1999-05-01", civil.UTC.DayOf(e.ValidUntil).String())
}

func TestR34DistanceOfWhatIsNotHad(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	f.source.add(active("acme", ""), paid("acme", may, 28_760), active("idle", ""))
	f.caughtUp(t)
	d, err := f.AsOf(time.Time{})
	require.NoError(t, err)
	e, err := d.Explain(context.Background(), "acme", "thanks")
	require.NoError(t, err)
	require.Len(t, e.Ways, 1)
	require.Equal(t, int64(21_240), e.Ways[0].Requires[0].Missing)
	e, err = d.Explain(context.Background(), "idle", "thanks")
	require.NoError(t, err)
	require.Equal(t, int64(50_000), e.Ways[0].Requires[0].Missing)
	require.Contains(t, e.Reason, "neither a joined date nor a revenue entry")
}

func TestGroupsCountTogetherAsTheyChange(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	f.source.add(active("top", ""), active("low", "top"), active("alone", ""),
		paid("top", may, 60_000), paid("low", may, 30_000), paid("alone", may, 20_000))
	f.caughtUp(t)
	for _, id := range []string{"top", "low", "alone"} {
		require.False(t, f.entitled(t, id, "hours"), id)
	}
	f.source.add(active("alone", "low"))
	f.caughtUp(t)
	for _, id := range []string{"top", "low", "alone"} {
		require.True(t, f.entitled(t, id, "hours"), id)
	}
	f.source.add(paid("low", may, -10_001))
	f.caughtUp(t)
	for _, id := range []string{"top", "low", "alone"} {
		require.False(t, f.entitled(t, id, "hours"), id)
	}
	f.source.add(paid("top", may, 10_001), active("low", ""))
	f.caughtUp(t)
	require.False(t, f.entitled(t, "top", "hours"))
}

func TestR4BaselineIsTheSameForEveryActiveAccount(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	f.source.add(active("poor", ""), paid("poor", may, 1), active("rich", ""), paid("rich", may, 100_000_000), active("new", ""),
		Change{Account: &AccountChange{ID: "gone", State: Closed, Joined: 0, Closed: may}},
		Change{Account: &AccountChange{ID: "lead", State: Prospect, Joined: civil.Never, Closed: civil.Never}})
	f.caughtUp(t)
	d, err := f.AsOf(time.Time{})
	require.NoError(t, err)
	want, err := d.Baseline()
	require.NoError(t, err)
	for _, id := range []string{"poor", "rich", "new"} {
		got, err := d.BaselineOf(context.Background(), id)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, id := range []string{"gone", "lead"} {
		_, err := d.BaselineOf(context.Background(), id)
		require.ErrorIs(t, err, ErrAccountState, id)
	}
	_, err = d.BaselineOf(context.Background(), "nobody")
	require.ErrorIs(t, err, ErrNotFound)
	before, err := f.AsOfDay(may - 1)
	require.NoError(t, err)
	_, err = before.BaselineOf(context.Background(), "gone")
	require.NoError(t, err, "it was a customer then")
	early, err := f.AsOfDay(civil.Date(1996, time.December, 31))
	require.NoError(t, err)
	_, err = early.Baseline()
	require.ErrorIs(t, err, ErrNoSchedule)
}

func TestWithoutAScheduleNothingIsPromised(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.source.add(active("acme", ""))
	f.caughtUp(t)
	d, err := f.AsOf(time.Time{})
	require.NoError(t, err)
	_, err = d.Check(context.Background(), "acme", "thanks")
	require.ErrorIs(t, err, ErrNoSchedule)
	_, err = d.CountHolders(context.Background(), "thanks")
	require.ErrorIs(t, err, ErrNoSchedule)
	_, err = d.Spend(context.Background(), "acme")
	require.ErrorIs(t, err, ErrCurrency)
	_, err = f.AsOfDay(may)
	require.ErrorIs(t, err, ErrNoSchedule)
	sum, err := d.Summary(context.Background())
	require.NoError(t, err)
	require.Equal(t, Summary{Accounts: 1}, sum)
}

func TestUnknownAccountsAndBenefitsAreNotFound(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	f.source.add(active("acme", ""), paid("unannounced", may, 50_000))
	f.caughtUp(t)
	d, err := f.AsOf(time.Time{})
	require.NoError(t, err)
	for _, id := range []string{"nobody", "unannounced"} {
		_, err = d.Check(context.Background(), id, "thanks")
		require.ErrorIs(t, err, ErrNotFound)
	}
	_, err = d.Check(context.Background(), "acme", "no-such")
	require.ErrorIs(t, err, ErrNotFound)
	_, err = d.CountHolders(context.Background(), "no-such")
	require.ErrorIs(t, err, ErrNotFound)
	f.source.add(active("unannounced", ""))
	f.caughtUp(t)
	require.True(t, f.entitled(t, "unannounced", "thanks"), "its revenue came before it was announced")
	_, err = f.AsOf(time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC))
	var told *fault.Error
	require.True(t, errors.As(err, &told))
	require.Equal(t, "as_of", told.Fields[0].Path)
}

func TestWarmStartGoesOnWhereItStoodAndLosesNothing(t *testing.T) { onEachStore(t, testWarmStart) }

func testWarmStart(t *testing.T, open func(testing.TB) *docstore.Store) {
	f := newFixtureOn(t, open(t), Options{FlushInterval: time.Millisecond})
	stop := start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	for i := range 50 {
		f.source.add(active(fmt.Sprint("a-", i), ""), paid(fmt.Sprint("a-", i), may, 50_000))
	}
	f.caughtUp(t)
	stop() // flushes
	mark, err := f.pages.loadCheckpoint(context.Background())
	require.NoError(t, err)
	require.Equal(t, int64(len(f.source.changes)), mark.Position)
	require.Equal(t, "USD", mark.Company.Currency)

	f.source.add(paid("a-7", may, -1), active("late", ""))
	f.open(t, Options{})
	require.Error(t, f.Ready(), "what was acknowledged is not applied yet")
	start(t, f.Service)
	eventually(t, "ready", func() bool { return f.Ready() == nil })
	require.False(t, f.entitled(t, "a-7", "thanks"))
	require.True(t, f.entitled(t, "a-8", "thanks"))
	require.False(t, f.entitled(t, "late", "thanks"))
}

func TestRebuildGivesTheSameBytesAndHealsDamage(t *testing.T) { onEachStore(t, testRebuild) }

func testRebuild(t *testing.T, open func(testing.TB) *docstore.Store) {
	f := newFixtureOn(t, open(t), Options{FlushInterval: time.Millisecond})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	for i := range 200 {
		parent := ""
		if i%3 == 0 {
			parent = "a-1"
		}
		f.source.add(active(fmt.Sprint("a-", i), parent), paid(fmt.Sprint("a-", i), may+civil.Day(i%5), int64(i)*1000, -5))
	}
	f.caughtUp(t)
	before := pageBytes(t, f.current.Load())

	// Something that should never be: an account's spend is wrong in memory and store.
	p := f.current.Load()
	require.NoError(t, p.apply(context.Background(), Batch{Resume: "401"}))
	pg := &p.pages[pageOf(hashID("a-9"))]
	pg.mu.Lock()
	pg.find("a-9", hashID("a-9")).ledger = ""
	pg.applied++
	pg.mu.Unlock()
	require.NotEqual(t, before, pageBytes(t, p))
	require.NoError(t, p.flush(context.Background()))

	var told []int64
	require.NoError(t, f.Rebuild(context.Background(), func(applied, total int64) error {
		require.LessOrEqual(t, applied, total)
		told = append(told, applied)
		return nil
	}))
	require.NotEmpty(t, told)
	require.NotSame(t, p, f.current.Load())
	require.Equal(t, before, pageBytes(t, f.current.Load()))

	restored, err := f.restore(context.Background())
	require.NoError(t, err)
	require.Equal(t, before, pageBytes(t, restored), "and so in the store")
	f.source.add(paid("a-9", may, 50_000))
	f.caughtUp(t)
	require.True(t, f.entitled(t, "a-9", "thanks"), "the feed is followed on")
}

func TestAnotherProcessTakesOverWhatThisOneRebuilt(t *testing.T) { onEachStore(t, testAnotherProcess) }

func testAnotherProcess(t *testing.T, open func(testing.TB) *docstore.Store) {
	f := newFixtureOn(t, open(t), Options{FlushInterval: 5 * time.Millisecond})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	f.source.add(active("acme", ""), paid("acme", may, 50_000))
	f.caughtUp(t)
	other := &fixture{source: f.source, store: f.store, clock: noon}
	other.open(t, Options{FlushInterval: 5 * time.Millisecond})
	start(t, other.Service)
	other.caughtUp(t)
	require.NoError(t, f.Rebuild(context.Background(), func(int64, int64) error { return nil }))
	eventually(t, "the other is of the same rebuild", func() bool { return other.current.Load().epoch == 1 })
	f.source.add(paid("acme", may, -1))
	other.caughtUp(t)
	require.False(t, other.entitled(t, "acme", "thanks"))
	f.publish(t, "1998-06-01", "Second edition")
	eventually(t, "the other has the new version", func() bool { return len(other.Versions()) == 2 })
}

func TestConsistencyTokenWaitsForTheWrite(t *testing.T) {
	f := newFixture(t, Options{})
	f.source.unrelayed = map[string]int64{"1": 1}
	waited := make(chan error, 1)
	go func() { waited <- f.WaitFor(context.Background(), "1") }()
	start(t, f.Service)
	f.source.add(active("acme", ""))
	select {
	case <-waited:
		t.Fatal("it did not wait until the write could be found")
	case <-time.After(50 * time.Millisecond):
	}
	f.source.mu.Lock()
	f.source.unrelayed = nil
	f.source.mu.Unlock()
	require.NoError(t, <-waited)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, f.WaitFor(ctx, "99"), ErrDeadline)
	gone, leave := context.WithCancel(context.Background())
	leave()
	require.ErrorIs(t, f.WaitFor(gone, "99"), context.Canceled)
	require.NoError(t, f.WaitFor(context.Background(), ""))
}

func TestAgeIsThatOfTheLastHeadReached(t *testing.T) {
	f := newFixture(t, Options{})
	require.Negative(t, f.Age())
	start(t, f.Service)
	eventually(t, "the age is known", func() bool { return f.Age() >= 0 })
	f.advance(3 * time.Second)
	eventually(t, "it is measured again", func() bool { return f.Age() == 0 })
}

func TestTrimmedFeedIsAClearState(t *testing.T) {
	f := newFixture(t, Options{})
	f.source.trimmed = true
	start(t, f.Service)
	eventually(t, "not ready, and it says why", func() bool { return errors.Is(f.Ready(), ErrFeedTrimmed) })
	require.ErrorIs(t, f.Rebuild(context.Background(), func(int64, int64) error { return nil }), ErrFeedTrimmed)
	f.source.mu.Lock()
	f.source.trimmed = false
	f.source.mu.Unlock()
	eventually(t, "ready again", func() bool { return f.Ready() == nil })
}

// TestR27ChecksWhileEverythingHappens checks from 64 goroutines while revenue that only
// grows is applied, pages are evicted and timelines dropped: nobody ever loses.
func TestR27ChecksWhileEverythingHappens(t *testing.T) {
	f := newFixture(t, Options{FlushInterval: time.Millisecond, CacheAccounts: 40, CacheTimelines: 20})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	const accounts = 100
	id := func(i int) string { return fmt.Sprint("a-", i) }
	for i := range accounts {
		parent := ""
		if i >= 80 {
			parent = id(i - 80)
		}
		f.source.add(active(id(i), parent))
	}
	f.caughtUp(t)
	ctx, cancel := context.WithCancel(context.Background())
	var checkers sync.WaitGroup
	for worker := range 64 {
		checkers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 1))
			var had [accounts]bool
			for n := 0; ctx.Err() == nil; n++ {
				if n%20 == 0 { // leave some of the processor to what is tested
					time.Sleep(time.Millisecond)
				}
				i := random.IntN(accounts)
				d, err := f.AsOf(time.Time{})
				if err != nil {
					t.Error(err)
					return
				}
				decided, err := d.Check(ctx, id(i), []string{"thanks", "hours"}[worker%2])
				if err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
				if err == nil && had[i] && !decided.Entitled() {
					t.Errorf("%s lost what it had", id(i))
				}
				had[i] = had[i] || decided.Entitled()
			}
		})
	}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		f.source.add(paid(id(random.IntN(accounts)), may, random.Int64N(20_000)))
		if round == 100 {
			require.NoError(t, f.Rebuild(context.Background(), func(int64, int64) error { return nil }))
		}
	}
	f.caughtUp(t)
	cancel()
	checkers.Wait()
	d, err := f.AsOf(time.Time{})
	require.NoError(t, err)
	for _, benefit := range []string{"thanks", "hours"} {
		count := int64(0)
		for i := range accounts {
			if f.entitled(t, id(i), benefit) {
				count++
			}
		}
		counted, err := d.CountHolders(context.Background(), benefit)
		require.NoError(t, err)
		require.Equal(t, count, counted)
	}
}

func TestHoldersComeInOrderOfIDWhateverIsInMemory(t *testing.T) {
	for _, cache := range []int{1, 300, 100_000} {
		f := newFixture(t, Options{FlushInterval: time.Millisecond, CacheAccounts: cache})
		stop := start(t, f.Service)
		f.publish(t, "1997-01-01", "First edition")
		var want []string
		for i := range 1000 {
			id := fmt.Sprintf("a-%04d", (i*377)%1000)
			f.source.add(active(id, ""), paid(id, may, int64(i%7)*10_000))
			if i%7 >= 5 {
				want = append(want, id)
			}
		}
		slices.Sort(want)
		f.caughtUp(t)
		stop()
		f.open(t, Options{CacheAccounts: cache})
		start(t, f.Service)
		eventually(t, "ready", func() bool { return f.Ready() == nil })
		d, err := f.AsOf(time.Time{})
		require.NoError(t, err)
		var got []string
		for after, more := "", true; more; {
			var holders []Holder
			holders, more, err = d.Holders(context.Background(), "thanks", after, 37)
			require.NoError(t, err)
			for _, h := range holders {
				require.NotEqual(t, decision.Decision{}, h.Decision)
				got = append(got, h.Account)
			}
			after = got[len(got)-1]
		}
		require.Equal(t, want, got)
		count, err := d.CountHolders(context.Background(), "thanks")
		require.NoError(t, err)
		require.Equal(t, int64(len(want)), count)
	}
}
