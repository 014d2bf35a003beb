package serve

import (
	"context"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/cmd/evenhand/demo"
	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/services/board"
	"github.com/evenhand/evenhand/services/board/advice"
	"github.com/evenhand/evenhand/services/board/feeds"
	"github.com/evenhand/evenhand/services/board/outbox"
	boardrpc "github.com/evenhand/evenhand/services/board/rpc"
)

// boardParts is what the board service is made of.
type boardParts struct {
	domain *board.Service
	advice *advice.Service
	feeds  *feeds.Service
}

// addBoard makes the board service, which follows accounts.
func (p *process) addBoard(ctx context.Context) error {
	store, err := p.addStore(ctx, partBoard)
	if err != nil {
		return err
	}
	now, err := p.historyTime()
	if err != nil {
		return err
	}
	parts, err := p.openBoard(ctx, store, now)
	if err != nil {
		return err
	}
	p.faults = append(p.faults, boardrpc.Faults...)
	service := boardrpc.Service(parts.domain)
	register := service.Register
	service.Register = func(r grpc.ServiceRegistrar) {
		register(r)
		boardrpc.RegisterAdvice(r, parts.advice)
		boardrpc.RegisterCalendars(r, parts.feeds, now)
	}
	p.serve(service, store)
	p.parts = append(p.parts, lifecycle.Part{Name: "relay of board", Run: untilStopped(store.RunRelay)})
	p.following = append(p.following, lifecycle.Part{Name: "board", Run: untilStopped(parts.run)})
	return nil
}

// historyTime is the clock of the services whose history a demo tells; where there is a
// demo, the demo's.
func (p *process) historyTime() (func() time.Time, error) {
	if p.historyClock != nil {
		return p.historyClock.Now, nil
	}
	now, path := p.env.Now, ""
	if now == nil {
		now = time.Now
	}
	if p.options.Demo {
		path = filepath.Join(p.options.DataDir, "demo-clock")
	}
	var err error
	p.historyClock, err = demo.NewClock(now, path)
	if err != nil {
		return nil, err
	}
	return p.historyClock.Now, nil
}

func (p *process) openBoard(ctx context.Context, store *docstore.Store, now func() time.Time) (*boardParts, error) {
	conn := p.ownConn(partBoard)
	from := outbox.Address{Name: "Advisory board", Email: "advisory-board@localhost"}
	letters := &outbox.Files{Folder: filepath.Join(p.options.DataDir, "outbox"), From: from.Email, Now: now}
	domain, err := board.New(ctx, store, boardrpc.NewSource(conn), board.Options{
		Now: now, Log: p.log.With("service", partBoard), Delivery: letters, From: from})
	if err != nil {
		return nil, err
	}
	directory := boardrpc.NewDirectory(domain, conn)
	answers, err := advice.New(ctx, store, domain.Requests(), advice.Options{
		Directory: directory, Delivery: domain.AdviceMail(), Zone: directory.Zone, Now: now})
	if err != nil {
		return nil, err
	}
	calendars, err := feeds.New(ctx, store, domain.Requests(), feeds.Options{
		Boards: feeds.Of(domain), Source: calendar.Sources{domain.Rotations, domain.Meetings, answers}})
	if err != nil {
		return nil, err
	}
	return &boardParts{domain, answers, calendars}, nil
}

// run does what falls due, until ctx ends.
func (b *boardParts) run(ctx context.Context) error {
	works, running := errgroup.WithContext(ctx)
	works.Go(func() error { return b.domain.Run(running) })
	works.Go(func() error { return b.advice.Run(running) })
	return works.Wait()
}
