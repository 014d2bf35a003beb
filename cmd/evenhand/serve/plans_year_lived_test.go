package serve

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/civil"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	plansrpc "github.com/evenhand/evenhand/services/plans/rpc"
)

func (y *yearOf) eventually(do func(context.Context) error) {
	y.t.Helper()
	var err error
	for range 100 {
		if err = do(y.t.Context()); err == nil {
			return
		}
	}
	require.NoError(y.t, err)
}

// dawn makes it noon of a day, and says which month begins: a year of many accounts is long.
func (y *yearOf) dawn(day civil.Day) {
	if year, month, of := day.Date(); of == 1 {
		y.t.Logf("%s %d", month, year)
	}
	y.year.set(day)
	y.set(y.year.noon(day))
}

// begin begins the year.
func (y *yearOf) begin(r *replica) {
	y.dawn(yearBegins)
	y.expect()
	y.tell(yearBegins)
	y.caughtUp(r)
	y.publish(r)
	y.work(r, yearBegins)
	y.settle(r)
}

// plainly lives through the year in one process, which does everything on its day.
func (y *yearOf) plainly() *replica {
	r := y.start()
	y.begin(r)
	for day := yearBegins + 1; day <= yearEnds; day++ {
		y.dawn(day)
		y.tell(day)
		y.work(r, day)
		y.settle(r)
	}
	return r
}

// idle is how many days in a row may pass at most on which nothing is brought to its end.
const idle = 2

// roughly lives through the year in two processes at once, which are stopped anywhere and
// start again, and on some days do nothing, or not all, or all of it twice. On one day both
// stand still for an hour.
func (y *yearOf) roughly() *replica {
	all := []*replica{y.start(), y.start()}
	y.begin(all[0])
	stops := yearBegins + 170
	for len(y.told[stops]) == 0 {
		stops++
	}
	undone := 0
	for day := yearBegins + 1; day <= yearEnds; day++ {
		y.dawn(day)
		if day == stops {
			all = y.stopForAnHour(all, day)
		}
		y.tell(day)
		y.work(all[y.random.IntN(2)], day)
		which := y.random.IntN(10)
		if undone == idle {
			which = -1
		}
		undone++
		switch which {
		case 0: // nothing
		case 1, 2: // a process is stopped in the middle of it
			i := y.random.IntN(2)
			y.inTheMiddle(all[i])
			all[i].stop()
			all[i] = y.start()
		case 3, 4: // not all of it
			y.inTheMiddle(all[y.random.IntN(2)])
		case 5: // twice at once
			var both sync.WaitGroup
			for _, r := range all {
				both.Go(func() {
					_, _ = r.domain.Touchpoints.Pass(y.t.Context()) // one may be in the way of the other
					_ = r.domain.Signals.Tick(y.t.Context(), day)
				})
			}
			both.Wait()
		default:
			y.settle(all[y.random.IntN(2)])
			undone = 0
		}
	}
	for day := yearEnds + 1; len(y.told) > 0; day++ { // what is late is told on the last day
		y.tell(day)
	}
	all[0].stop()
	y.settle(all[1])
	return all[1]
}

// inTheMiddle does some of what the day asks for.
func (y *yearOf) inTheMiddle(r *replica) {
	for _, do := range []func(context.Context) error{
		func(ctx context.Context) error { _, err := r.domain.Touchpoints.Pass(ctx); return err },
		func(ctx context.Context) error { return r.domain.Signals.Tick(ctx, y.year.today()) },
	} {
		ctx, cancel := context.WithTimeout(y.t.Context(), time.Duration(y.random.IntN(10_000))*time.Microsecond)
		_ = do(ctx) // it may be stopped anywhere
		cancel()
	}
}

// stopForAnHour stops all processes while things happen, and starts them again after an hour:
// until then the service says how far behind it is, and soon after that it is not.
func (y *yearOf) stopForAnHour(all []*replica, day civil.Day) []*replica {
	y.caughtUp(all[0])
	for _, r := range all {
		r.stop()
	}
	waiting, closeStore := y.parts()
	served := grpc.NewServer()
	plansrpc.Service(waiting.domain).Register(served)
	client := plansv1.NewFeedServiceClient(inMemory(y.t, served))
	before := following(y.t, client)
	heads := map[string]int64{"accounts": y.accounts.head(), "entitlements": y.entitlements.head(), "board": y.board.head()}
	y.tell(day)
	behind := following(y.t, client)
	for service, head := range map[string]int64{"accounts": y.accounts.head(), "entitlements": y.entitlements.head(), "board": y.board.head()} {
		require.Zero(y.t, before[service], service)
		require.Equal(y.t, head-heads[service], behind[service], service)
	}
	require.Positive(y.t, behind["accounts"]+behind["entitlements"]+behind["board"])
	y.set(y.now().Add(time.Hour))
	all = []*replica{y.start(), y.start()}
	y.caughtUp(all[1])
	caughtUp := map[string]int64{"accounts": 0, "entitlements": 0, "board": 0, "plans": 0}
	require.Eventually(y.t, func() bool { // what came of that is an event of plans
		return maps.Equal(caughtUp, following(y.t, client))
	}, time.Minute, time.Millisecond)
	closeStore()
	return all
}
