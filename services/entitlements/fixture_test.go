package entitlements

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
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

// Ready says why the service is not ready, for whichever reason.
func (f *fixture) Ready() error {
	return errors.Join(f.Following(), f.NeedsRebuild(), f.KnowsGroups())
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
