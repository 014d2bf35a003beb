package serve

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/wire"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// tape is the feed of a service, to which a test adds.
type tape[Change any] struct {
	// again says how many changes whoever comes back hears once more.
	again func() int

	mu      sync.Mutex
	changes []Change
	grown   chan struct{}
}

// tapeBatch is how many changes are told at once.
const tapeBatch = 50

func newTape[Change any](again func() int) *tape[Change] {
	return &tape[Change]{again: again, grown: make(chan struct{})}
}

// add appends a change, made for its position.
func (t *tape[Change]) add(at func(position int64) Change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.changes = append(t.changes, at(int64(len(t.changes)+1)))
	close(t.grown)
	t.grown = make(chan struct{})
}

func (t *tape[Change]) head() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return int64(len(t.changes))
}

// watch sends what follows a resume token, which is a position, and then what comes.
func (t *tape[Change]) watch(ctx context.Context, resume string, send func(changes []Change, resume string) error) error {
	at := 0
	if resume != "" {
		var err error
		if at, err = strconv.Atoi(resume); err != nil {
			return status.Error(codes.InvalidArgument, err.Error())
		}
		at = max(0, at-t.again())
	}
	for {
		t.mu.Lock()
		next, grown := t.changes[at:min(at+tapeBatch, len(t.changes))], t.grown
		t.mu.Unlock()
		if len(next) > 0 {
			at += len(next)
			if err := send(next, strconv.Itoa(at)); err != nil {
				return err
			}
			continue
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// others are the services that plans follows and asks, as far as it does, for an invented
// year.
type others struct {
	year         *invented
	accounts     *tape[*accountsv1.Change]
	entitlements *tape[*entitlementsv1.Change]
	board        *tape[*boardv1.Change]
}

// serve serves the others in memory, and returns a connection to all of them.
func (o *others) serve(t *testing.T) *grpc.ClientConn {
	t.Helper()
	server := grpc.NewServer()
	accountsv1.RegisterFeedServiceServer(server, accountsFeed{others: o})
	accountsv1.RegisterAccountsServiceServer(server, directory{others: o})
	accountsv1.RegisterAccessServiceServer(server, everybody{})
	entitlementsv1.RegisterFeedServiceServer(server, entitlementsFeed{others: o})
	entitlementsv1.RegisterEntitlementsServiceServer(server, distances{others: o})
	entitlementsv1.RegisterUsageServiceServer(server, balances{others: o})
	boardv1.RegisterFeedServiceServer(server, boardFeed{others: o})
	return inMemory(t, server)
}

// inMemory runs a server until the test ends, and returns a connection to it.
func inMemory(t *testing.T, server *grpc.Server) *grpc.ClientConn {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:///memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, conn.Close())
		server.Stop()
		require.NoError(t, <-ended)
	})
	return conn
}

type accountsFeed struct {
	accountsv1.UnimplementedFeedServiceServer
	*others
}

func (f accountsFeed) WatchChanges(r *accountsv1.WatchChangesRequest, stream grpc.ServerStreamingServer[accountsv1.WatchChangesResponse]) error {
	return f.accounts.watch(stream.Context(), r.GetResumeToken(), func(changes []*accountsv1.Change, resume string) error {
		return stream.Send(&accountsv1.WatchChangesResponse{Changes: changes, ResumeToken: resume})
	})
}

func (f accountsFeed) GetFeed(context.Context, *accountsv1.GetFeedRequest) (*accountsv1.Feed, error) {
	return &accountsv1.Feed{Position: f.accounts.head()}, nil
}

type entitlementsFeed struct {
	entitlementsv1.UnimplementedFeedServiceServer
	*others
}

func (f entitlementsFeed) WatchChanges(r *entitlementsv1.WatchChangesRequest, stream grpc.ServerStreamingServer[entitlementsv1.WatchChangesResponse]) error {
	return f.entitlements.watch(stream.Context(), r.GetResumeToken(), func(changes []*entitlementsv1.Change, resume string) error {
		return stream.Send(&entitlementsv1.WatchChangesResponse{Changes: changes, ResumeToken: resume})
	})
}

func (f entitlementsFeed) GetFeed(context.Context, *entitlementsv1.GetFeedRequest) (*entitlementsv1.Feed, error) {
	return &entitlementsv1.Feed{Position: f.entitlements.head()}, nil
}

type boardFeed struct {
	boardv1.UnimplementedFeedServiceServer
	*others
}

func (f boardFeed) WatchChanges(r *boardv1.WatchChangesRequest, stream grpc.ServerStreamingServer[boardv1.WatchChangesResponse]) error {
	return f.board.watch(stream.Context(), r.GetResumeToken(), func(changes []*boardv1.Change, resume string) error {
		return stream.Send(&boardv1.WatchChangesResponse{Changes: changes, ResumeToken: resume})
	})
}

func (f boardFeed) GetFeed(context.Context, *boardv1.GetFeedRequest) (*boardv1.Feed, error) {
	return &boardv1.Feed{Position: f.board.head()}, nil
}

// directory knows the accounts as they are on the day.
type directory struct {
	accountsv1.UnimplementedAccountsServiceServer
	*others
}

func (d directory) GetAccount(_ context.Context, r *accountsv1.GetAccountRequest) (*accountsv1.Account, error) {
	a := d.year.customer(strings.TrimPrefix(r.GetName(), "accounts/"))
	if a == nil {
		return nil, status.Error(codes.NotFound, "there is no such account")
	}
	return a.account(d.year.today()), nil
}

func (d directory) ListContacts(_ context.Context, r *accountsv1.ListContactsRequest) (*accountsv1.ListContactsResponse, error) {
	return &accountsv1.ListContactsResponse{Contacts: []*accountsv1.Contact{{Name: r.GetParent() + "/contacts/ines"}}}, nil
}

// everybody knows every principal.
type everybody struct {
	accountsv1.UnimplementedAccessServiceServer
}

func (everybody) GetPrincipal(_ context.Context, r *accountsv1.GetPrincipalRequest) (*accountsv1.Principal, error) {
	return &accountsv1.Principal{Name: r.GetName(), Person: true}, nil
}

// distances says how far accounts are from a benefit for spend.
type distances struct {
	entitlementsv1.UnimplementedEntitlementsServiceServer
	*others
}

func (d distances) ListEntitlements(_ context.Context, r *entitlementsv1.ListEntitlementsRequest) (*entitlementsv1.ListEntitlementsResponse, error) {
	day, err := wire.Day("as_of_date", r.GetAsOfDate())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	have := int64(10_00)
	if d.year.customer(strings.TrimPrefix(r.GetAccount(), "accounts/")).isNear(civil.Day(day)) {
		have = 90_00
	}
	return &entitlementsv1.ListEntitlementsResponse{Entitlements: []*entitlementsv1.Entitlement{{Benefit: "thanks", Promise: "A note.",
		Distances: []*entitlementsv1.Distance{{Rule: "spend", Requirements: []*entitlementsv1.Requirement{{Requirement: &entitlementsv1.Requirement_Spend{
			Spend: &entitlementsv1.SpendRequirement{Have: wire.Money(have, "USD"), Need: wire.Money(100_00, "USD"), Missing: wire.Money(100_00-have, "USD")}}}}}}}}}, nil
}

// balances says what accounts have used of a benefit that a half-year gives anew.
type balances struct {
	entitlementsv1.UnimplementedUsageServiceServer
	*others
}

func (b balances) ListBalances(_ context.Context, r *entitlementsv1.ListBalancesRequest) (*entitlementsv1.ListBalancesResponse, error) {
	day, err := wire.Day("as_of_date", r.GetAsOfDate())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	a := b.year.customer(strings.TrimPrefix(r.GetParent(), "accounts/"))
	if !a.holdsHours() {
		return &entitlementsv1.ListBalancesResponse{}, nil
	}
	first, last := halfYear(civil.Day(day))
	used := a.hoursUsed(first, civil.Day(day))
	return &entitlementsv1.ListBalancesResponse{Balances: []*entitlementsv1.Balance{{Name: r.GetParent() + "/balances/hours", Held: true, Unit: "hours",
		Promise: "An hour of an expert.", Used: used, Limit: hoursInAHalfYear, Left: hoursInAHalfYear - used,
		PeriodStartDate: wire.Date(int32(first)), PeriodEndDate: wire.Date(int32(last))}}}, nil
}
