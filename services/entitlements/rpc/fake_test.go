package rpc_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/server"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/bands"
	"github.com/evenhand/evenhand/services/entitlements/changes"
	"github.com/evenhand/evenhand/services/entitlements/cost"
	"github.com/evenhand/evenhand/services/entitlements/loyalty"
	"github.com/evenhand/evenhand/services/entitlements/programmes"
	"github.com/evenhand/evenhand/services/entitlements/rpc"
	"github.com/evenhand/evenhand/services/entitlements/tally"
	"github.com/evenhand/evenhand/services/entitlements/usage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeAccounts is an accounts service in memory, behind the generated server.
type fakeAccounts struct {
	accountsv1.UnimplementedFeedServiceServer
	accountsv1.UnimplementedAccountsServiceServer
	accountsv1.UnimplementedAccessServiceServer

	mu         sync.Mutex
	changes    []*accountsv1.Change
	grown      chan struct{}
	company    *accountsv1.Company
	principals []*accountsv1.Principal
	// owner owns every account.
	owner     string
	unowned   string // the name of an account that nobody looks after
	trimmed   bool
	followers map[string]int64
}

func newFakeAccounts() *fakeAccounts {
	return &fakeAccounts{grown: make(chan struct{}), company: &accountsv1.Company{Name: "company"}}
}

// add appends changes to the feed, and returns a token of the last.
func (f *fakeAccounts) add(changes ...*accountsv1.Change) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range changes {
		c.Position = int64(len(f.changes)) + 1
		f.changes = append(f.changes, c)
	}
	close(f.grown)
	f.grown = make(chan struct{})
	return strconv.Itoa(len(f.changes))
}

func (f *fakeAccounts) WatchChanges(r *accountsv1.WatchChangesRequest, stream grpc.ServerStreamingServer[accountsv1.WatchChangesResponse]) error {
	at, _ := strconv.Atoi(r.GetResumeToken())
	for {
		f.mu.Lock()
		end := min(len(f.changes), at+200)
		some, grown, trimmed := f.changes[at:end], f.grown, f.trimmed
		f.mu.Unlock()
		if trimmed {
			return fault.New(fault.OutOfRange, "FEED_OUT_OF_RANGE", "The feed does not reach back so far.")
		}
		at = end
		answer := &accountsv1.WatchChangesResponse{Changes: some, ResumeToken: strconv.Itoa(at), CaughtUp: true, Age: durationpb.New(0)}
		if err := stream.Send(answer); err != nil {
			return err
		}
		if len(some) > 0 {
			continue
		}
		select {
		case <-grown:
		case <-time.After(time.Second):
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

func (f *fakeAccounts) GetFeed(context.Context, *accountsv1.GetFeedRequest) (*accountsv1.Feed, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &accountsv1.Feed{Position: int64(len(f.changes)), ResumeToken: strconv.Itoa(len(f.changes))}, nil
}

func (f *fakeAccounts) LocateChange(_ context.Context, r *accountsv1.LocateChangeRequest) (*accountsv1.LocateChangeResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	position, err := strconv.ParseInt(r.GetConsistencyToken(), 10, 64)
	if err != nil {
		return nil, fault.Invalid("consistency_token", "is not a consistency token")
	}
	if position > int64(len(f.changes)) {
		return nil, fault.New(fault.Unavailable, fault.ReasonUnavailable, "It is not in the feed yet.").WithRetry(time.Millisecond)
	}
	return &accountsv1.LocateChangeResponse{Position: position}, nil
}

func (f *fakeAccounts) GetCompany(context.Context, *accountsv1.GetCompanyRequest) (*accountsv1.Company, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return &accountsv1.Company{Name: "company", CurrencyCode: f.company.CurrencyCode, TimeZone: f.company.TimeZone}, nil
}

func (f *fakeAccounts) AdoptSettings(_ context.Context, r *accountsv1.AdoptSettingsRequest) (*accountsv1.Company, error) {
	f.mu.Lock()
	f.company.CurrencyCode, f.company.TimeZone = r.GetCurrencyCode(), r.GetTimeZone()
	state := &accountsv1.Company{Name: "company", CurrencyCode: f.company.CurrencyCode, TimeZone: f.company.TimeZone}
	f.mu.Unlock()
	f.add(&accountsv1.Change{State: &accountsv1.Change_Company{Company: state}})
	return state, nil
}

func (f *fakeAccounts) GetAccount(_ context.Context, r *accountsv1.GetAccountRequest) (*accountsv1.Account, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r.GetName() {
	case "accounts/none", "accounts/nowhere":
		return nil, fault.Missing("evenhand/Account", r.GetName())
	case f.unowned:
		return &accountsv1.Account{Name: r.GetName()}, nil
	}
	return &accountsv1.Account{Name: r.GetName(), Owner: f.owner}, nil
}

func (f *fakeAccounts) ListPrincipals(_ context.Context, r *accountsv1.ListPrincipalsRequest) (*accountsv1.ListPrincipalsResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at, _ := strconv.Atoi(r.GetPageToken()) // a page for each
	answer := &accountsv1.ListPrincipalsResponse{}
	if at < len(f.principals) {
		answer.Principals = f.principals[at : at+1]
		answer.NextPageToken = strconv.Itoa(at + 1)
	}
	return answer, nil
}

// ListReaches answers a page for each account.
func (f *fakeAccounts) ListReaches(_ context.Context, r *accountsv1.ListReachesRequest) (*accountsv1.ListReachesResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(f.followers)) {
		if id > r.GetPageToken() {
			return &accountsv1.ListReachesResponse{NextPageToken: id, Reaches: []*accountsv1.Reach{{Name: "accounts/" + id + "/reach", Followers: f.followers[id]}}}, nil
		}
	}
	return &accountsv1.ListReachesResponse{}, nil
}

// ListAccounts answers a page for each account that is followed; its sector is its id.
func (f *fakeAccounts) ListAccounts(ctx context.Context, r *accountsv1.ListAccountsRequest) (*accountsv1.ListAccountsResponse, error) {
	reaches, err := f.ListReaches(ctx, &accountsv1.ListReachesRequest{PageToken: r.GetPageToken()})
	answer := &accountsv1.ListAccountsResponse{NextPageToken: reaches.GetNextPageToken()}
	for _, reach := range reaches.GetReaches() {
		id := strings.Split(reach.GetName(), "/")[1]
		answer.Accounts = append(answer.Accounts, &accountsv1.Account{Name: "accounts/" + id, Attributes: map[string]string{"sector": id + "'s"}})
	}
	return answer, err
}

// outage is a database whose pages can be out of reach.
type outage struct {
	docstore.Backend
	away atomic.Bool
	// refused is how often it was asked while it was away.
	refused atomic.Int64
}

func (o *outage) Get(ctx context.Context, collection string, ids []string) ([]docstore.Record, error) {
	if collection == "pages" && o.away.Load() {
		o.refused.Add(1)
		return nil, docstore.ErrUnavailable
	}
	return o.Backend.Get(ctx, collection, ids)
}

// served is the service behind a real server, as a principal sees it.
type served struct {
	t         testing.TB
	accounts  *fakeAccounts
	lotteries *fakeLotteries
	board     *fakeBoard
	plans     *fakePlans
	service   *entitlements.Service
	server    *server.Server
	keys      *auth.Keyring
	database  *outage
	source    *rpc.Source
	entitlementsv1.EntitlementsServiceClient
	schedules entitlementsv1.ScheduleServiceClient
	feed      entitlementsv1.FeedServiceClient
	cases     entitlementsv1.CasesServiceClient
	staff     entitlementsv1.AcknowledgementsServiceClient
	places    entitlementsv1.ProgrammesServiceClient
	usage     entitlementsv1.UsageServiceClient
	bands     entitlementsv1.BandsServiceClient
	costs     entitlementsv1.CostsServiceClient
	loyalty   entitlementsv1.LoyaltyServiceClient
	judged
	policy
}

// serve runs the service and the fakes of the others on one server; its clients call as an
// administrator.
func serve(t testing.TB, opts entitlements.Options) *served {
	t.Helper()
	ctx := context.Background()
	database := &outage{Backend: teststore.SQLite(t)}
	store, err := docstore.OpenStore(ctx, database, docstore.Options{})
	require.NoError(t, err)
	s := &served{t: t, accounts: newFakeAccounts(), board: newFakeBoard(), plans: newFakePlans(), lotteries: &fakeLotteries{}, keys: &auth.Keyring{}, database: database}
	late := &lateConn{}
	opts.Board, opts.Plans = rpc.NewBoardSource(late), rpc.NewPlansSource(late)
	s.source = rpc.NewSource(late)
	s.service, err = entitlements.Open(ctx, store, s.source, opts)
	require.NoError(t, err)
	now := opts.Now
	if now == nil {
		now = time.Now
	}
	parts := rpc.Parts{Decisions: s.service, Assignments: s.source, Feed: changes.Open(store)}
	parts.Usage, err = usage.New(ctx, store, s.service, now, nil)
	require.NoError(t, err)
	parts.Bands, err = bands.Open(ctx, s.service.Requests(), s.service, s.source)
	require.NoError(t, err)
	parts.Costs, err = cost.New(ctx, store, s.service.Requests(), rpc.CostLedger{Usage: parts.Usage}, s.service, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	parts.Programmes, err = programmes.New(ctx, store, s.service.Requests(), s.service, nil)
	require.NoError(t, err)
	parts.Programmes.DrawBy(rpc.NewBoardLotteries(late))
	s.service.ReadProgrammes(parts.Programmes)
	parts.Loyalty = loyalty.New(s.service, rpc.LoyaltyProgrammes{Service: parts.Programmes})
	parts.Judgements, err = rpc.OpenJudgements(ctx, s.service.Requests(), rpc.NewReviewDirectory(s.service, late),
		func(context.Context) (civil.Zone, error) { return s.service.Zone(), nil })
	require.NoError(t, err)
	parts.Requests = s.openRequests(store, rpc.NewDirectory(late))
	parts.Cases = s.openCases(store, rpc.NewDirectory(late), parts.Judgements)
	s.server, err = server.New(ctx, server.Options{Authenticator: s.keys, Faults: rpc.Faults},
		server.Service{Name: "accounts", Register: func(r grpc.ServiceRegistrar) {
			accountsv1.RegisterFeedServiceServer(r, s.accounts)
			accountsv1.RegisterAccountsServiceServer(r, s.accounts)
			accountsv1.RegisterAccessServiceServer(r, s.accounts)
		}},
		server.Service{Name: "board", Register: func(r grpc.ServiceRegistrar) {
			boardv1.RegisterFeedServiceServer(r, s.board)
			boardv1.RegisterLotteriesServiceServer(r, s.lotteries)
		}},
		server.Service{Name: "plans", Register: func(r grpc.ServiceRegistrar) { plansv1.RegisterFeedServiceServer(r, s.plans) }},
		rpc.Service(parts))
	require.NoError(t, err)
	token, err := s.keys.Issue("entitlements", rand.Reader)
	require.NoError(t, err)
	late.ClientConn, err = s.server.Dial(auth.Bearer(token))
	require.NoError(t, err)

	serving, stopServing := context.WithCancel(ctx)
	following, stopFollowing := context.WithCancel(ctx)
	served, followed := make(chan error, 1), make(chan error, 1)
	go func() { served <- s.server.Run(serving) }()
	go func() {
		running, ctx := errgroup.WithContext(following)
		running.Go(func() error { return store.RunRelay(ctx) })
		running.Go(func() error { return s.service.Run(ctx) })
		running.Go(func() error { return parts.Programmes.Run(ctx) })
		running.Go(func() error { return parts.Costs.Run(ctx) })
		running.Go(func() error { return tally.Follow(ctx, store, parts.Judgements.Judged()...) })
		err := running.Wait()
		if following.Err() != nil {
			err = nil
		}
		followed <- err
	}()
	t.Cleanup(func() {
		stopFollowing()
		if err := <-followed; err != nil {
			t.Errorf("following ended with %v", err)
		}
		require.NoError(t, late.Close())
		stopServing()
		if err := <-served; err != nil {
			t.Errorf("serving ended with %v", err)
		}
		require.NoError(t, store.Close())
	})
	return s.as(auth.Admin)
}

// lateConn is a connection that is made after its user.
type lateConn struct{ *grpc.ClientConn }

// as returns clients that call as a person with a role.
func (s *served) as(role auth.Role, more ...auth.Role) *served {
	s.t.Helper()
	token, err := auth.NewToken(rand.Reader)
	require.NoError(s.t, err)
	s.keys.Add(token, auth.NewPrincipal("principals/some-"+string(role), "", true, append([]auth.Role{role}, more...)...))
	conn, err := s.server.Dial(auth.Bearer(token))
	require.NoError(s.t, err)
	s.t.Cleanup(func() { require.NoError(s.t, conn.Close()) })
	other := *s
	other.EntitlementsServiceClient = entitlementsv1.NewEntitlementsServiceClient(conn)
	other.schedules = entitlementsv1.NewScheduleServiceClient(conn)
	other.feed = entitlementsv1.NewFeedServiceClient(conn)
	other.cases = entitlementsv1.NewCasesServiceClient(conn)
	other.staff = entitlementsv1.NewAcknowledgementsServiceClient(conn)
	other.places = entitlementsv1.NewProgrammesServiceClient(conn)
	other.judged = judged{entitlementsv1.NewReviewsServiceClient(conn), entitlementsv1.NewHouseRulesServiceClient(conn),
		entitlementsv1.NewClausesServiceClient(conn), entitlementsv1.NewRemediesServiceClient(conn)}
	other.policy = policy{entitlementsv1.NewDraftsServiceClient(conn), entitlementsv1.NewSpecialRequestsServiceClient(conn)}
	other.usage = entitlementsv1.NewUsageServiceClient(conn)
	other.bands = entitlementsv1.NewBandsServiceClient(conn)
	other.costs = entitlementsv1.NewCostsServiceClient(conn)
	other.loyalty = entitlementsv1.NewLoyaltyServiceClient(conn)
	return &other
}

// account is a change that tells of an active account.
func account(id, parent string) *accountsv1.Change {
	a := &accountsv1.Account{Name: "accounts/" + id, State: accountsv1.Account_STATE_ACTIVE}
	if parent != "" {
		a.Parent = "accounts/" + parent
	}
	return &accountsv1.Change{State: &accountsv1.Change_Account{Account: a}}
}

// revenue is a change that tells of entries of one account on a day.
func revenue(id string, day int32, minor ...int64) *accountsv1.Change {
	r := &accountsv1.RevenueChunk{Accounts: []string{id}}
	for _, m := range minor {
		r.AccountIndex, r.Days, r.MinorUnits = append(r.AccountIndex, 0), append(r.Days, day), append(r.MinorUnits, m)
	}
	return &accountsv1.Change{State: &accountsv1.Change_Revenue{Revenue: r}}
}
