package serve

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/cmd/evenhand/command"
	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/signals"
)

// yearOf is the plans service in the invented year: on a store, with the services that it
// follows, in one process or in several.
type yearOf struct {
	*others
	t      *testing.T
	random *rand.Rand
	conn   *grpc.ClientConn
	open   func() (*docstore.Store, func())
	// late says by how many days what happens to an account is told late.
	late func(*customer) civil.Day
	// told is what is still to be told, by the day on which that is.
	told map[civil.Day][]happening

	mu sync.Mutex
	at time.Time
}

// replica is a process that runs the plans service.
type replica struct {
	*plansParts
	stop func()
}

func (y *yearOf) now() time.Time {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.at
}

// set makes it an instant.
func (y *yearOf) set(at time.Time) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.at = at
}

// parts makes the plans service as a process does that starts.
func (y *yearOf) parts() (parts *plansParts, closeStore func()) {
	y.t.Helper()
	store, closeStore := y.open()
	p := &process{options: &Command{}, telemetry: telemetry.Off(), log: slog.New(slog.DiscardHandler), own: map[string]*lateConn{partPlans: {y.conn}},
		env: &command.Env{Context: y.t.Context(), Now: y.now, Getenv: func(string) string { return "" }}}
	parts, err := p.openPlans(y.t.Context(), store)
	require.NoError(y.t, err)
	return parts, closeStore
}

// start starts a process.
func (y *yearOf) start() *replica {
	y.t.Helper()
	parts, closeStore := y.parts()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- parts.run(ctx) }()
	return &replica{parts, func() {
		cancel()
		require.ErrorIs(y.t, <-ended, context.Canceled)
		closeStore()
	}}
}

// tell has the other services tell what is to be told on a day: all that one account does in
// its order, and the accounts in any.
func (y *yearOf) tell(day civil.Day) {
	due := y.told[day]
	delete(y.told, day)
	place := map[*customer]int{nil: -1}
	for i, at := range y.random.Perm(len(y.year.customers)) {
		place[y.year.customers[i]] = at
	}
	slices.SortStableFunc(due, func(a, b happening) int { return place[a.customer] - place[b.customer] })
	for _, h := range due {
		at, recorded := y.year.noon(h.day), y.now()
		switch {
		case h.accounts != nil:
			y.accounts.add(func(position int64) *accountsv1.Change {
				h.accounts.Position, h.accounts.Time, h.accounts.RecordedTime = position, wire.Timestamp(at), wire.Timestamp(recorded)
				return h.accounts
			})
		case h.entitlements != nil:
			y.entitlements.add(func(position int64) *entitlementsv1.Change {
				h.entitlements.Position, h.entitlements.Time, h.entitlements.RecordedTime = position, wire.Timestamp(at), wire.Timestamp(recorded)
				return h.entitlements
			})
		case h.board != nil:
			y.board.add(func(position int64) *boardv1.Change {
				h.board.Position, h.board.Time, h.board.RecordedTime = position, wire.Timestamp(at), wire.Timestamp(recorded)
				return h.board
			})
		}
	}
}

// expect plans when what happens is told.
func (y *yearOf) expect() {
	y.told = map[civil.Day][]happening{}
	for _, h := range y.year.company() {
		y.told[h.day] = append(y.told[h.day], h)
	}
	for _, c := range y.year.customers {
		last := civil.Day(0)
		for _, h := range y.year.of(c) {
			on := h.day
			if h.day > yearBegins {
				on += y.late(c)
			}
			last = max(last, on) // what one account does is told in its order
			y.told[last] = append(y.told[last], h)
		}
	}
}

var (
	anna = resource.Call{Principal: "principals/anna", Method: "test"}
	ben  = resource.Call{Principal: "principals/ben", Method: "test"}
)

// rhythms are cadences of many rhythms and zones, whose first days and times meet leap days
// and the hours that clocks skip or show twice.
func rhythms() []plans.Cadence {
	var all []plans.Cadence
	for i, r := range []struct{ id, rule, start string }{
		{"daily", "FREQ=DAILY", "2027-05-01T02:30"},
		{"third-day", "FREQ=DAILY;INTERVAL=3", "2026-02-03T09:00"},
		{"workdays", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "2027-03-01T01:30"},
		{"fortnight", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", "2026-12-30T17:00"},
		{"second-sunday", "FREQ=MONTHLY;BYDAY=2SU", "2020-01-01T02:15"},
		{"first-sunday", "FREQ=MONTHLY;BYDAY=1SU", "2020-01-01T01:45"},
		{"last-sunday", "FREQ=MONTHLY;BYDAY=-1SU", "2020-01-01T02:30"},
		{"thirty-first", "FREQ=MONTHLY;BYMONTHDAY=31", "2027-01-31T12:00"},
		{"quarterly", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1,15", "2027-01-01T09:00"},
		{"leap-day", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2024-02-29T09:00"},
		{"sundays", "FREQ=WEEKLY;BYDAY=SU", "2027-01-03T02:45"},
		{"last-day", "FREQ=MONTHLY;BYMONTHDAY=-1", "2027-01-31T00:30"},
	} {
		zones := []string{"", "Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "Pacific/Apia"}
		all = append(all, plans.Cadence{ID: r.id, Purpose: "Say hello", Channel: plans.Call,
			When: calendar.Recurrence{Rule: r.rule, Start: r.start, Zone: zones[i%len(zones)]}})
	}
	return all
}

// cadences are those of an account's plan.
func (c *customer) cadences() []plans.Cadence {
	all := rhythms()
	return []plans.Cadence{all[c.i%len(all)], all[(c.i+5)%len(all)], all[(c.i+7)%len(all)]}
}

// goal is the one of an account's plan: nothing is ever done for it, or all of it after 40
// days.
func (c *customer) goal() plans.Goal {
	g := plans.Goal{ID: "waste", Statement: "Halve our waste", Measure: "waste", Baseline: 100, Target: 50, BaselineDay: c.open, TargetDay: c.open + 240}
	if c.open > yearBegins {
		g.TargetDay = c.open + 100
	}
	return g
}

func (c *customer) reachesItsGoal() bool { return c.i%3 != 1 && c.open == yearBegins }

// work does what people do on a day: they begin plans, measure goals and hand plans over.
func (y *yearOf) work(r *replica, day civil.Day) {
	ctx, domain := y.t.Context(), r.domain.Plans
	for _, c := range y.year.customers {
		if day == c.open {
			_, err := domain.Create(ctx, anna, c.id, "anna", plans.Plan{Goals: []plans.Goal{c.goal()}, CustomerEffect: "Less to carry.", Contribution: "An expert.",
				Strategy: plans.Strategy{Cadences: c.cadences()}}, false)
			require.NoError(y.t, err)
			_, err = domain.Move(ctx, anna, c.id, "", plans.Active, "", false)
			require.NoError(y.t, err)
		}
		if day == c.open+40 && c.reachesItsGoal() {
			_, err := domain.Measure(ctx, anna, c.id, "waste", "", plans.Measurement{Day: day, Value: 50})
			require.NoError(y.t, err)
		}
		if on, hands := c.handsOver(); hands && day == on {
			_, err := domain.HandOver(ctx, anna, c.id, "", c.owner(day), "", false)
			require.NoError(y.t, err)
		}
	}
}

// publish puts the rules in force that come with the product.
func (y *yearOf) publish(r *replica) {
	domain := r.domain.Signals
	rules, err := domain.Init(y.t.Context(), anna, false)
	require.NoError(y.t, err)
	for _, rule := range rules {
		tried, _, err := domain.SimulateRule(y.t.Context(), anna, rule.ID, "", signals.Trial{}, false)
		require.NoError(y.t, err)
		_, err = domain.PublishRule(y.t.Context(), ben, signals.Caller{Name: ben.Principal, Person: true}, rule.ID, tried.Etag(), false)
		require.NoError(y.t, err)
	}
}

// following is how many changes the service is behind each of those that it follows.
func following(t *testing.T, client plansv1.FeedServiceClient) map[string]int64 {
	t.Helper()
	answer, err := client.GetFollowing(t.Context(), &plansv1.GetFollowingRequest{})
	require.NoError(t, err)
	behind := map[string]int64{}
	for _, feed := range answer.GetFeeds() {
		require.Empty(t, feed.GetUnreachableReason())
		behind[feed.GetService()] = feed.GetBehind()
	}
	return behind
}

// caughtUp waits until a process, or another, has taken over all that was told.
func (y *yearOf) caughtUp(r *replica) {
	y.t.Helper()
	require.Eventually(y.t, func() bool {
		for _, follower := range r.domain.Followers {
			if lag, err := follower.Lag(y.t.Context()); err != nil || lag.Behind() > 0 {
				return false
			}
		}
		return true
	}, 5*time.Minute, time.Millisecond)
}

// settle has a process take over all that was told, and do all that the day asks for.
func (y *yearOf) settle(r *replica) {
	y.t.Helper()
	y.caughtUp(r)
	y.eventually(func(ctx context.Context) error { // others who do the same may be in the way
		_, err := r.domain.Touchpoints.Pass(ctx)
		return err
	})
	y.eventually(func(ctx context.Context) error { return r.domain.Signals.Tick(ctx, y.year.today()) })
}

// TestR7AYearOfTheWholeService lives through an invented year day by day, with everything that
// the plans service is made of, once plainly and once roughly: then every touchpoint is due
// when an independent expansion of RFC 5545 says, none is lost or there twice, each signal has
// spoken once per cause, and both years came to the same suggestions.
func TestR7AYearOfTheWholeService(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			if name != "sqlite" && os.Getenv("EVENHAND_TEST_LONG") == "" {
				t.Skip("takes long on this store: set EVENHAND_TEST_LONG=1 to run it")
			}
			accounts := customersOfYear(t, name)
			plain := live(t, open, accounts, false)
			rough := live(t, open, accounts, true)
			require.Equal(t, plain, rough)
			rules := map[string]bool{}
			for _, s := range plain {
				rules[s.Rule] = true
			}
			require.Len(t, rules, 11, "each rule that comes with the product has spoken")
		})
	}
}

// customersOfYear is how many accounts the year has. Ten are of every kind that there is, and
// enough by default. On the embedded store the long test has 50, and EVENHAND_TEST_YEAR says how
// many it is else: with 1,000 it takes two cores most of half an hour.
func customersOfYear(t *testing.T, store string) int {
	const ofEveryKind = 10
	if store != "sqlite" {
		return ofEveryKind
	}
	if asked := os.Getenv("EVENHAND_TEST_YEAR"); asked != "" {
		n, err := strconv.Atoi(asked)
		require.NoError(t, err)
		return n
	}
	if os.Getenv("EVENHAND_TEST_LONG") != "" {
		return 50
	}
	return ofEveryKind
}

// spoken is what came of a signal.
type spoken struct {
	Account, Rule, Cause, Owner string
	State                       signals.State
}

// live lives through the year on a store of its own, and returns the suggestions that came of
// it, by their ids.
func live(t *testing.T, open func(*testing.T) func() (*docstore.Store, func()), accounts int, rough bool) map[string]spoken {
	t.Helper()
	year, err := invent(accounts)
	require.NoError(t, err)
	y := &yearOf{t: t, random: rand.New(rand.NewPCG(5, 7)), late: func(*customer) civil.Day { return 0 }}
	again := func() int { return 0 }
	if rough {
		y.late = func(*customer) civil.Day { return civil.Day(y.random.IntN(3)) }
		again = func() int { return 7 }
	}
	y.others = &others{year: year, accounts: newTape[*accountsv1.Change](again), entitlements: newTape[*entitlementsv1.Change](again), board: newTape[*boardv1.Change](again)}
	y.dawn(yearBegins)
	y.conn = y.serve(t)
	y.open = open(t)
	lives := y.plainly
	if rough {
		lives = y.roughly
	}
	r := lives()
	y.requireTouchpoints(r)
	said := y.requireSuggestions(r)
	y.requireToldOnce(r)
	r.stop()
	return said
}
