package meetings

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
	"github.com/evenhand/evenhand/services/board/diary"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// zone is the boards' in tests.
const zone = "America/New_York"

// fixture is meetings on a store of their own, of the board "advisory".
type fixture struct {
	*Meetings
	store  *docstore.Store
	boards *fakeBoards
	outbox *fakeOutbox
	clock  *clock
}

// clock is the time in a test, which goes on only when told to.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// fakeBoards knows the board "advisory", and "closed", which is closed.
type fakeBoards struct {
	mu        sync.Mutex
	members   []Member
	charter   Charter
	noCharter bool
	closed    bool // the other boards, too
	conflicts []Conflict
}

func (b *fakeBoards) Board(_ context.Context, id string) (Board, error) {
	if id != "advisory" && id != "closed" && id != "other" {
		return Board{}, fault.Missing("evenhand/Board", "boards/"+id)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return Board{DisplayName: "Customer Advisory Board", Zone: zone, Managers: []string{"maria"}, Closed: id == "closed" || b.closed}, nil
}

func (b *fakeBoards) Charter(context.Context, string, time.Time) (Charter, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.noCharter {
		return Charter{}, fault.Precondition(ReasonNoCharter, "boards/advisory", "boards/advisory has no charter.")
	}
	return b.charter, nil
}

func (b *fakeBoards) Members(context.Context, string, time.Time) ([]Member, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.members), nil
}

func (*fakeBoards) Called(_ context.Context, accounts []string) (map[string]string, error) {
	called := map[string]string{}
	for _, id := range accounts {
		called[id] = strings.ToUpper(id) + " Ltd"
	}
	return called, nil
}

func (b *fakeBoards) Conflicts(_ context.Context, _ string, _ time.Time, members, accounts []string) ([]Conflict, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(b.conflicts), func(c Conflict) bool {
		return !slices.Contains(members, c.Member) || !slices.Contains(accounts, c.With)
	}), nil
}

// Principal knows everybody but "nobody".
func (*fakeBoards) Principal(_ context.Context, id string) error {
	if id == "nobody" {
		return fault.Missing("evenhand/Principal", "principals/"+id)
	}
	return nil
}

// HasFinding knows f1 to f9.
func (b *fakeBoards) HasFinding(_ context.Context, _, finding string) (bool, error) {
	return len(finding) == 2 && finding[0] == 'f', nil
}

func (b *fakeBoards) set(change func(*fakeBoards)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

// fakeOutbox keeps what it is given, and notes what it is given twice.
type fakeOutbox struct {
	mu       sync.Mutex
	messages []Message
	repeated int
	fail     error
}

func (o *fakeOutbox) Put(_ context.Context, m Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil {
		return o.fail
	}
	if slices.ContainsFunc(o.messages, func(known Message) bool { return known.ID == m.ID }) {
		o.repeated++
		return nil
	}
	o.messages = append(o.messages, m)
	return nil
}

// take returns what came since the last time, as "kind account", sorted.
func (o *fakeOutbox) take() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var list []string
	for _, m := range o.messages {
		list = append(list, strings.TrimPrefix(m.Kind, "meeting-")+" "+m.Account)
	}
	slices.Sort(list)
	o.messages = nil
	return list
}

func (o *fakeOutbox) breakDown(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.fail = err
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, start(t, open(t))) })
	}
}

// onSQLite opens a fixture on the embedded store.
func onSQLite(t testing.TB) *fixture { return start(t, teststore.SQLite(t)) }

func start(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	f := &fixture{store: store, clock: &clock{at: local("2026-03-01 09:00")}, outbox: &fakeOutbox{},
		boards: &fakeBoards{members: members("ash", "birch", "cedar", "dogwood", "elm"),
			charter: Charter{Version: 2, Rules: charter.Charter{Quorum: charter.Quorum{Percent: 50}, Meetings: charter.Meetings{When: monthly("16:00", 2*time.Hour)}}}}}
	f.Meetings = f.open(t, store)
	ctx, cancel := context.WithCancel(context.Background())
	relayed := make(chan error, 1)
	go func() { relayed <- store.RunRelay(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-relayed; !errors.Is(err, context.Canceled) {
			t.Errorf("the relay ended with %v", err)
		}
		require.NoError(t, store.Close())
	})
	return f
}

// open opens the meetings in a store, as a process that starts does.
func (f *fixture) open(t testing.TB, store *docstore.Store) *Meetings {
	t.Helper()
	requests, err := resource.OpenRequests(t.Context(), store, f.clock.now)
	require.NoError(t, err)
	calendars, err := diary.Open(t.Context(), store, rand.Reader, f.clock.now)
	require.NoError(t, err)
	opened, err := New(t.Context(), store, requests, f.boards, calendars, f.outbox)
	require.NoError(t, err)
	return opened
}

// monthly is the second Thursday of each month, from January 2026 on.
func monthly(at string, duration time.Duration) *calendar.Recurrence {
	return recurrence("FREQ=MONTHLY;BYDAY=2TH", at, duration)
}

func recurrence(rule, at string, duration time.Duration) *calendar.Recurrence {
	return &calendar.Recurrence{Rule: rule, Start: "2026-01-01T" + at, Zone: zone, Duration: duration}
}

// members are members whose contacts are called jo, by seat.
func members(accounts ...string) []Member {
	var list []Member
	for i, a := range accounts {
		list = append(list, Member{Account: a, Contact: "jo", Seat: i + 1})
	}
	return list
}

// local is an instant by the clocks of the boards' zone.
func local(text string) time.Time {
	in, err := time.LoadLocation(zone)
	if err != nil {
		panic(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", text, in)
	if err != nil {
		panic(err)
	}
	return at.UTC()
}

// someone is a call on behalf of a person, without a request id.
var someone = resource.Call{Principal: "principals/anna", Method: "test"}

// call is the same with a request id and a payload.
func call(id, payload string) resource.Call {
	return resource.Call{Principal: "principals/anna", Method: "test", RequestID: id, Payload: []byte(payload)}
}

// wantReason fails the test unless err is a fault with the reason, whose message or field
// says something.
func wantReason(t testing.TB, err error, reason, text string) {
	t.Helper()
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, reason, e.Reason, "%v", err)
	require.Contains(t, err.Error(), text)
}

func ptr[T any](v T) *T { return &v }

func day(text string) *civil.Day {
	d, err := civil.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return &d
}
