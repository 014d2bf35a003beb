package engagements

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// directory knows all but those called nobody; robots are no persons, nor are who is gone.
type directory struct{ gone map[string]bool }

func (directory) known(id string) error {
	if strings.Contains(id, "nobody") {
		return resource.ErrNotFound
	}
	return nil
}

func (d directory) Person(_ context.Context, id string) (bool, error) {
	return !strings.Contains(id, "robot") && !d.gone[id], d.known(id)
}
func (d directory) Account(_ context.Context, id string) error   { return d.known(id) }
func (d directory) Contact(_ context.Context, name string) error { return d.known(name) }
func (d directory) Team(_ context.Context, account string) ([]string, error) {
	return []string{"zoe", "olga of " + account}, d.known(account)
}

// errLost is what a call comes back with whose answer was lost.
var errLost = errors.New("the answer was lost")

// benefits is a metered benefit of every account, that has a limit.
type benefits struct {
	mu    sync.Mutex
	limit int64
	// uses is what was used by each key; given is what was given back, by key too.
	uses  map[string]Use
	given map[string]int64
	// lost says how many answers will be lost, after what was asked for was done.
	lost int
	// meanwhile is what another process does before the next units are given back.
	meanwhile func()
}

func newBenefits(limit int64) *benefits {
	return &benefits{limit: limit, uses: map[string]Use{}, given: map[string]int64{}}
}

func (b *benefits) used() int64 {
	total := int64(0)
	for _, u := range b.uses {
		total += u.Units
	}
	for _, units := range b.given {
		total -= units
	}
	return total
}

func (b *benefits) Consume(_ context.Context, key string, use Use) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, done := b.uses[key]; !done {
		if left := b.limit - b.used(); use.Units > left {
			return "", fault.Precondition("USAGE_LIMIT", "it", "%d units are left.", left)
		}
		b.uses[key] = use
	}
	return "usage of " + key, b.answer()
}

func (b *benefits) Release(_ context.Context, key, usage string, units int64, _ string) error {
	if meanwhile := b.meanwhile; meanwhile != nil {
		b.meanwhile = nil
		meanwhile()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.uses[strings.TrimPrefix(usage, "usage of ")].Units < units {
		return fault.Precondition("NOT_RELEASABLE", usage, "There is not so much to give back.")
	}
	b.given[key] = units
	return b.answer()
}

func (b *benefits) answer() error {
	if b.lost > 0 {
		b.lost--
		return errLost
	}
	return nil
}

// fixture is engagements on a store of their own, in New York, at noon UTC of 2026-11-22.
type fixture struct {
	*Service
	benefits *benefits
	gone     map[string]bool // principals who are disabled
	store    *docstore.Store
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

var noon = time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)

func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	tick := 0
	var mu sync.Mutex
	now := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		tick++
		return noon.Add(time.Duration(tick) * time.Millisecond)
	}
	requests, err := resource.OpenRequests(t.Context(), store, now)
	require.NoError(t, err)
	f := &fixture{benefits: newBenefits(1000), gone: map[string]bool{}, store: store}
	f.Service, err = Open(t.Context(), store, requests, Options{Directory: directory{f.gone}, Benefits: f.benefits,
		Zone: func(context.Context) (civil.Zone, error) { return civil.LoadZone("America/New_York") }})
	require.NoError(t, err)
	return f
}

// someone is a call on behalf of a person, without a request id.
var someone = resource.Call{Principal: "principals/anna", Method: "test"}

// request is the same with a request id.
func request(id string) resource.Call {
	return resource.Call{Principal: "principals/anna", Method: "test", RequestID: id, Payload: []byte(id)}
}

var recruiting = Definition{Title: "Find a plant manager", Problem: "We have looked for a year.", Area: "recruiting"}

// expert writes an expert for recruiting down.
func (f *fixture) expert(t testing.TB, id string, e Expert) {
	t.Helper()
	if e.Areas == nil {
		e.Areas = []string{"recruiting"}
	}
	_, err := f.CreateExpert(t.Context(), someone, id, e)
	require.NoError(t, err)
}

// underWay makes an engagement on which ben is at work.
func (f *fixture) underWay(t testing.TB, id string, d Definition) {
	t.Helper()
	ctx := t.Context()
	if _, err := f.Expert(ctx, "ben"); errors.Is(err, resource.ErrNotFound) {
		f.expert(t, "ben", Expert{HoursAMonth: 10})
	}
	_, err := f.Request(ctx, someone, id, "acme", d, false)
	require.NoError(t, err)
	_, err = f.Assign(ctx, someone, id, "", []string{"ben"})
	require.NoError(t, err)
	_, err = f.Start(ctx, someone, id, "", 0)
	require.NoError(t, err)
}

// metered is the engagement of a benefit whose units are hours.
func metered() Definition {
	d := recruiting
	d.Benefit, d.Origin = "expert-hours", Offered
	return d
}

// told is the work of which the last event of an engagement tells; nil where it tells of
// none.
func (f *fixture) told(t testing.TB, id string) *feeds.Work {
	t.Helper()
	e, err := f.Get(t.Context(), id)
	require.NoError(t, err)
	data, err := bson.Marshal(Kind.Tell(e.State))
	require.NoError(t, err)
	works, err := Work(docstore.FeedEvent{Event: docstore.Event{Data: data}, Source: Kind.Spec.Name + "/" + id})
	require.NoError(t, err)
	if len(works) == 0 {
		return nil
	}
	require.Len(t, works, 1)
	return &works[0]
}

func day(t testing.TB, text string) civil.Day {
	t.Helper()
	d, err := civil.ParseDay(text)
	require.NoError(t, err)
	return d
}

func requireReason(t testing.TB, err error, reason string) *fault.Error {
	t.Helper()
	var told *fault.Error
	require.ErrorAs(t, err, &told, fmt.Sprint(err))
	require.Equal(t, reason, told.Reason)
	return told
}
