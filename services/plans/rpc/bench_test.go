package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/internal/resource"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/rpc"
	"github.com/evenhand/evenhand/services/plans/touchpoints"
	"github.com/evenhand/evenhand/test/bench/pairs"
)

const (
	// plansOfOwner is how many plans one owner has.
	plansOfOwner = 100
	// askedInOne is how many owners one measurement asks for.
	askedInOne = 50
	// fillSize is how many documents are written together while plans are filled in, and
	// fillWriters how many do so at once.
	fillSize    = 500
	fillWriters = 4
)

// byService is a call of the service's own, whose touchpoints have no plan settled anew.
var byService = resource.Call{Principal: "principals/plans-service"}

// booked is many plans with a contact a month each, on the embedded store: those of eleven
// months were made, the next is planned. Days are spread over the month. It is noon UTC of the
// day.
type booked struct {
	plans   int
	day     atomic.Int64
	store   *docstore.Store
	domain  *touchpoints.Service
	table   *resource.Table[plans.Plan, *plans.Plan]
	touches *resource.Table[touchpoints.Touchpoint, *touchpoints.Touchpoint]
	server  *server.Server
}

// BenchmarkPlans measures what 100,000 plans with twelve touchpoints a year take; with -short
// it is 10,000. Filling them in takes a few minutes, and is not measured.
func BenchmarkPlans(b *testing.B) {
	p := &booked{plans: 100_000}
	if testing.Short() {
		p.plans = 10_000
	}
	p.open(b)
	began := time.Now()
	p.fill(b)
	b.Logf("%d plans were filled in and laid out within %s", p.plans, time.Since(began).Round(time.Second))
	b.Run("due this week", p.dueThisWeek)
	b.Run("a day's pass", p.daysPass)
}

func (p *booked) today() civil.Day { return civil.Day(p.day.Load()) }

func (p *booked) now() time.Time { return civil.UTC.Start(p.today()).Add(12 * time.Hour) }

func (p *booked) open(b *testing.B) {
	p.day.Store(int64(civil.Date(2027, time.December, 1)))
	var err error
	p.store, err = docstore.OpenStore(b.Context(), teststore.SQLite(b), docstore.Options{})
	require.NoError(b, err)
	requests, err := resource.OpenRequests(b.Context(), p.store, p.now)
	require.NoError(b, err)
	p.table, err = resource.OpenTable[plans.Plan](b.Context(), requests, plans.Kind)
	require.NoError(b, err)
	p.touches, err = resource.OpenTable[touchpoints.Touchpoint](b.Context(), requests, touchpoints.Kind)
	require.NoError(b, err)
	p.domain, err = touchpoints.Open(b.Context(), p.store, requests, touchpoints.Options{Plans: p.table, People: customers{}, Calendars: customers{}})
	require.NoError(b, err)
	keys := &auth.Keyring{}
	keys.Add(touchpointsToken(auth.Viewer), auth.NewPrincipal("principals/viewer", "", true, auth.Viewer))
	p.server, err = server.New(b.Context(), server.Options{Authenticator: keys, Faults: rpc.Faults}, server.Service{
		Name: "plans", Register: func(r grpc.ServiceRegistrar) { rpc.RegisterTouchpoints(r, p.domain, customers{}) }})
	require.NoError(b, err)
	stop := running(b, p.server.Run, p.store.RunRelay)
	b.Cleanup(func() {
		stop()
		require.NoError(b, p.store.Close())
	})
}

// running runs some things until the function that it returns is called.
func running(b *testing.B, runs ...func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, len(runs))
	for _, run := range runs {
		go func() { ended <- errors.Join(run(ctx), ctx.Err()) }()
	}
	return func() {
		cancel()
		for range runs {
			require.ErrorIs(b, <-ended, context.Canceled)
		}
	}
}

func ownerOf(plan int) string { return fmt.Sprintf("owner-%04d", plan/plansOfOwner) }

// monthly is the cadence of a plan.
func monthly(plan int) plans.Cadence {
	return plans.Cadence{ID: "monthly", Purpose: "Say hello", Channel: plans.Call,
		When: calendar.Recurrence{Rule: fmt.Sprintf("FREQ=MONTHLY;BYMONTHDAY=%d", 1+plan%28), Start: "2026-01-01T10:00", OnHoliday: calendar.NextWorkday}}
}

// fill writes the plans and what was done of them, and has the service lay out what comes.
func (p *booked) fill(b *testing.B) {
	var writing errgroup.Group
	writing.SetLimit(fillWriters)
	for first := 0; first < p.plans; first += fillSize {
		writing.Go(func() error { return p.write(b.Context(), first, first+fillSize) })
	}
	require.NoError(b, writing.Wait())
	require.NoError(b, p.store.Flush(b.Context()))
	// The changes of plans are followed in the order of the feed: once one that is told after
	// all the others is laid out, all are known.
	last := "the-last"
	_, err := p.table.Create(b.Context(), byService, last, plans.Plan{Owner: last, State: plans.Active, Strategy: plans.Strategy{Cadences: []plans.Cadence{monthly(0)}}}, "plan.created")
	require.NoError(b, err)
	stop := running(b, p.domain.Run)
	require.Eventually(b, func() bool {
		page, err := p.domain.Due(b.Context(), last, p.today()+touchpoints.Ahead, 1, nil)
		return err == nil && len(page.Items) > 0
	}, 30*time.Minute, 100*time.Millisecond)
	stop()
	_, err = p.domain.Pass(b.Context())
	require.NoError(b, err)
}

// write writes some of the plans.
func (p *booked) write(ctx context.Context, from, to int) error {
	var ids, past []string
	var states []plans.Plan
	var done []touchpoints.Touchpoint
	for i := from; i < to; i++ {
		id, c := fmt.Sprintf("account-%07d", i), monthly(i)
		ids = append(ids, id)
		states = append(states, plans.Plan{Owner: ownerOf(i), State: plans.Active,
			Strategy: plans.Strategy{GapDays: 3, Quiet: plans.QuietHours{From: 18 * 60, To: 8 * 60}, Cadences: []plans.Cadence{c}}})
		for month := time.January; month < time.December; month++ {
			on := civil.Date(2027, month, 1+i%28)
			past = append(past, touchpoints.ID(id, c.ID+"-"+on.String()))
			done = append(done, touchpoints.Touchpoint{Plan: id, Origin: touchpoints.OfCadence, Cadence: c.ID, Occurrence: on, Purpose: c.Purpose, Channel: c.Channel,
				Owner: ownerOf(i), DueDay: on, Day: on, State: touchpoints.Done,
				Outcome: &touchpoints.Outcome{Text: "Well.", Initiator: touchpoints.Company, On: on, Contacts: []string{"ines"}}})
		}
	}
	if taken, err := p.table.CreateMany(ctx, byService, ids, states, "plan.created"); err != nil || len(taken) > 0 {
		return fmt.Errorf("write plans (%d were there): %w", len(taken), err)
	}
	for at := 0; at < len(past); at += fillSize {
		if taken, err := p.touches.CreateMany(ctx, byService, past[at:at+fillSize], done[at:at+fillSize], "touchpoint.completed"); err != nil || len(taken) > 0 {
			return fmt.Errorf("write touchpoints (%d were there): %w", len(taken), err)
		}
	}
	return nil
}

// dueThisWeek asks over the API, page by page as the command line does, what owners have to do
// this week. The floor reads the same touchpoints from the store by their ids.
func (p *booked) dueThisWeek(b *testing.B) {
	conn, err := p.server.Dial(auth.Bearer(touchpointsToken(auth.Viewer)))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, conn.Close()) })
	client := plansv1.NewTouchpointsServiceClient(conn)
	next, slowest, count := 0, time.Duration(0), 0
	var found [][]string // by owner, in the order in which they were asked for
	ours := func(ctx context.Context) (float64, error) {
		found, count = nil, 0
		began := time.Now()
		for range askedInOne {
			asked := time.Now()
			ids, err := due(ctx, client, ownerOf(next*plansOfOwner))
			if err != nil {
				return 0, err
			}
			found, count, slowest = append(found, ids), count+len(ids), max(slowest, time.Since(asked))
			next = (next + 1) % (p.plans / plansOfOwner)
		}
		return askedInOne / time.Since(began).Seconds(), nil
	}
	floor := func(ctx context.Context) (float64, error) {
		if found == nil { // the first pair begins with ours, and only warms up
			return 0, errors.New("nothing was found to read")
		}
		began := time.Now()
		for _, ids := range found {
			if _, err := p.touches.GetMany(ctx, ids); err != nil {
				return 0, err
			}
		}
		return askedInOne / time.Since(began).Seconds(), nil
	}
	for b.Loop() {
		c, err := pairs.Run(b.Context(), pairs.Comparison{Name: "due this week", Floor: "read the same touchpoints by their ids", Unit: "questions"}, ours, floor)
		require.NoError(b, err)
		require.Positive(b, count)
		b.ReportMetric(1000/pairs.Median(c.Ours), "ms/question")
		b.ReportMetric(float64(slowest)/float64(time.Millisecond), "ms-slowest")
		b.ReportMetric(float64(count)/askedInOne, "touchpoints/question")
		b.ReportMetric(1000/pairs.Median(c.Base), "floor-ms")
		b.ReportMetric(c.Ratio(), "ratio")
		b.ReportMetric(0, "ns/op")
	}
}

// due are the ids of the touchpoints that are due of an owner this week.
func due(ctx context.Context, client plansv1.TouchpointsServiceClient, owner string) (ids []string, err error) {
	r := &plansv1.ListDueTouchpointsRequest{Owner: plans.PrincipalName(owner), PageSize: 1000}
	for {
		page, err := client.ListDueTouchpoints(ctx, r)
		if err != nil {
			return nil, err
		}
		for _, t := range page.GetTouchpoints() {
			ids = append(ids, touchpoints.ID(names.First(t.GetName(), "plans"), names.Last(t.GetName())))
		}
		if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
			return ids, nil
		}
	}
}

// daysPass lays out what comes into the horizon with each new day. The floor writes as many
// documents, as many at once: a touchpoint with its indexes and its event, and how far its
// plan is laid out.
func (p *booked) daysPass(b *testing.B) {
	raw, err := docstore.OpenCollection[touchpoints.Touchpoint](b.Context(), p.store, docstore.Spec{Name: "floor_touchpoints", Indexes: touchpoints.Kind.Spec.Indexes})
	require.NoError(b, err)
	marks, err := docstore.OpenCollection[map[string]int64](b.Context(), p.store, docstore.Spec{Name: "floor_passes", Silent: true})
	require.NoError(b, err)
	settled, slowest := 0, time.Duration(0)
	ours := func(ctx context.Context) (float64, error) {
		p.day.Add(1)
		began := time.Now()
		n, err := p.domain.Pass(ctx)
		settled, slowest = n, max(slowest, time.Since(began))
		return float64(n) / time.Since(began).Seconds(), err
	}
	written := 0
	floor := func(ctx context.Context) (float64, error) {
		began := time.Now()
		writes, writing := errgroup.WithContext(ctx)
		writes.SetLimit(8)
		for range settled {
			written++
			id := fmt.Sprintf("account-%07d/monthly-2027-12-01", written)
			writes.Go(func() error { return writeFloor(writing, raw, marks, id, p.today()) })
		}
		err := writes.Wait()
		return float64(settled) / time.Since(began).Seconds(), err
	}
	for b.Loop() {
		c, err := pairs.Run(b.Context(), pairs.Comparison{Name: "a day's pass", Floor: "write as many documents", Unit: "plans"}, ours, floor)
		require.NoError(b, err)
		b.ReportMetric(float64(settled), "plans/day")
		b.ReportMetric(slowest.Seconds(), "s-slowest-day")
		b.ReportMetric(pairs.Median(c.Ours), "plans/s")
		b.ReportMetric(pairs.Median(c.Base), "floor-plans/s")
		b.ReportMetric(c.Ratio(), "ratio")
		b.ReportMetric(0, "ns/op")
	}
}

func writeFloor(ctx context.Context, raw *docstore.Collection[touchpoints.Touchpoint], marks *docstore.Collection[map[string]int64], id string, day civil.Day) error {
	t := touchpoints.Touchpoint{Plan: id, Origin: touchpoints.OfCadence, Cadence: "monthly", Occurrence: day, Purpose: "Say hello", Channel: plans.Call,
		Contacts: []string{"ines"}, Owner: "owner", Zone: "UTC", DueDay: day, Day: day, State: touchpoints.Planned}
	if _, err := raw.Insert(ctx, id, t, docstore.NewEvent{Type: "touchpoint.planned", Data: t}); err != nil {
		return err
	}
	_, err := marks.Upsert(ctx, id, func(d *docstore.Doc[map[string]int64]) error {
		d.Body = map[string]int64{"next": int64(day)}
		return nil
	})
	return err
}
