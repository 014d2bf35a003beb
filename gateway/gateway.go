package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/klauspost/compress/gzhttp"
	"go.opentelemetry.io/otel/metric"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
	"github.com/evenhand/evenhand/proto/gen"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

const (
	// MaxBodyBytes is the largest request body, also after it is decompressed.
	MaxBodyBytes = 4 << 20
	// DefaultDeadline is how long a call may take where Options do not say.
	DefaultDeadline = 30 * time.Second

	// minCompressed is the smallest answer worth compressing.
	minCompressed = 1 << 10
)

// Backends are the connections to the services, all of them needed. A connection
// carries the caller's token, so it must not carry one of its own; give it the
// ClientOptions of the telemetry, which make call and RPC one trace.
type Backends struct {
	// Accounts serves AccountsService, RevenueService and AccessService.
	Accounts grpc.ClientConnInterface
	// Entitlements serves the services of evenhand.entitlements.v1.
	Entitlements grpc.ClientConnInterface
	// Board serves the services of evenhand.board.v1.
	Board grpc.ClientConnInterface
	// Plans serves the services of evenhand.plans.v1.
	Plans grpc.ClientConnInterface
}

// Options say how the gateway is set up.
type Options struct {
	// Backends are the services.
	Backends Backends
	// Authenticator says whose token it is; wrap it in an auth.Cache, where a gRPC
	// server of the same process has one, in the same.
	Authenticator auth.Authenticator
	// CORSOrigins are the origins whose pages may call, as
	// `https://console.example.com`; `*` stands for all. None, the default, turns
	// CORS off.
	CORSOrigins []string
	// Deadline is how long a call may take; callers may ask for less. 0 means
	// DefaultDeadline.
	Deadline time.Duration
	// Assets answers the paths outside the API, without a token: the web console.
	// Where it is nil, there are none.
	Assets http.Handler
	// Telemetry is telemetry.Off() where it is nil.
	Telemetry *telemetry.Telemetry
	// Logger is slog.Default() where it is nil.
	Logger *slog.Logger
}

// buckets are seconds: those of OpenTelemetry's conventions, and shorter ones, since
// checks take less than a thousandth.
var buckets = []float64{0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30}

// gateway is what a handler is made of.
type gateway struct {
	options  Options
	routes   []*route
	mux      *runtime.ServeMux
	openAPI  document
	duration metric.Float64Histogram
	readyz   lastSaid
	handler  http.Handler // all of it
}

// NewHandler returns the whole gateway as a handler, without listener and timeouts of
// the connection; NewServer adds these. It fails where an option is missing or
// malformed, or where a route of the API cannot be served.
func NewHandler(o Options) (http.Handler, error) {
	g, err := newGateway(o)
	if err != nil {
		return nil, err
	}
	return g.handler, nil
}

func newGateway(o Options) (*gateway, error) {
	if o.Telemetry == nil {
		o.Telemetry = telemetry.Off()
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Deadline == 0 {
		o.Deadline = DefaultDeadline
	}
	if o.Authenticator == nil || o.Backends.Accounts == nil || o.Backends.Entitlements == nil || o.Backends.Board == nil || o.Backends.Plans == nil {
		return nil, errors.New("a gateway needs an authenticator and a connection to each service")
	}
	if o.Deadline < 0 {
		return nil, errors.New("the deadline of calls must be positive")
	}
	g := &gateway{options: o, openAPI: newDocument(gen.OpenAPI)}
	if err := g.connect(); err != nil {
		return nil, err
	}
	var err error
	g.duration, err = o.Telemetry.Meter().Float64Histogram("http.server.request.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of REST calls."), metric.WithExplicitBucketBoundaries(buckets...))
	if err != nil {
		return nil, fmt.Errorf("preparing the metrics of REST calls: %w", err)
	}
	// An ETag stays the same when the answer is compressed: it names the state of a
	// resource, equals the resource's etag field, and comes back in If-Match.
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(minCompressed), gzhttp.ContentTypeFilter(compressible))
	if err != nil {
		return nil, fmt.Errorf("preparing compression: %w", err)
	}
	allow, err := crossOrigin(o.CORSOrigins)
	if err != nil {
		return nil, err
	}
	g.handler = g.observe(allow(compress(http.HandlerFunc(g.dispatch))))
	return g, nil
}

// connect registers the generated handlers of every service and reads their routes.
func (g *gateway) connect() error {
	nothing := func(string) (string, bool) { return "", false }
	g.mux = runtime.NewServeMux(
		// Fields are there also when they are false, 0 or empty, so that readers need
		// not know defaults.
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.JSONPb{MarshalOptions: protojson.MarshalOptions{EmitDefaultValues: true}}),
		runtime.WithErrorHandler(g.callFailed),
		runtime.WithRoutingErrorHandler(g.notRouted),
		runtime.WithForwardResponseOption(g.answered),
		// Only the token goes on to the services (the mux sees to that itself), and
		// none of their metadata comes back.
		runtime.WithIncomingHeaderMatcher(nothing),
		runtime.WithOutgoingHeaderMatcher(nothing),
		runtime.WithOutgoingTrailerMatcher(nothing),
		runtime.WithWriteContentLength(),
		runtime.WithDisablePathLengthFallback(),
		runtime.WithDisableHTTPMethodOverride(),
	)
	ctx := context.Background()
	to := g.options.Backends
	accounts, entitlements, board, plans := backend{to.Accounts}, backend{to.Entitlements}, backend{to.Board}, backend{to.Plans}
	err := errors.Join(
		accountsv1.RegisterAccountsServiceHandlerClient(ctx, g.mux, accountsv1.NewAccountsServiceClient(accounts)),
		accountsv1.RegisterRevenueServiceHandlerClient(ctx, g.mux, accountsv1.NewRevenueServiceClient(accounts)),
		accountsv1.RegisterAccessServiceHandlerClient(ctx, g.mux, accountsv1.NewAccessServiceClient(accounts)),
		entitlementsv1.RegisterEntitlementsServiceHandlerClient(ctx, g.mux, entitlementsv1.NewEntitlementsServiceClient(entitlements)),
		entitlementsv1.RegisterUsageServiceHandlerClient(ctx, g.mux, entitlementsv1.NewUsageServiceClient(entitlements)),
		entitlementsv1.RegisterCaseImportsServiceHandlerClient(ctx, g.mux, entitlementsv1.NewCaseImportsServiceClient(entitlements)),
		entitlementsv1.RegisterBandsServiceHandlerClient(ctx, g.mux, entitlementsv1.NewBandsServiceClient(entitlements)),
		entitlementsv1.RegisterScheduleServiceHandlerClient(ctx, g.mux, entitlementsv1.NewScheduleServiceClient(entitlements)),
		entitlementsv1.RegisterProgrammesServiceHandlerClient(ctx, g.mux, entitlementsv1.NewProgrammesServiceClient(entitlements)),
		entitlementsv1.RegisterDraftsServiceHandlerClient(ctx, g.mux, entitlementsv1.NewDraftsServiceClient(entitlements)),
		entitlementsv1.RegisterSpecialRequestsServiceHandlerClient(ctx, g.mux, entitlementsv1.NewSpecialRequestsServiceClient(entitlements)),
		entitlementsv1.RegisterCasesServiceHandlerClient(ctx, g.mux, entitlementsv1.NewCasesServiceClient(entitlements)),
		entitlementsv1.RegisterAcknowledgementsServiceHandlerClient(ctx, g.mux, entitlementsv1.NewAcknowledgementsServiceClient(entitlements)),
		entitlementsv1.RegisterRemediesServiceHandlerClient(ctx, g.mux, entitlementsv1.NewRemediesServiceClient(entitlements)),
		entitlementsv1.RegisterHouseRulesServiceHandlerClient(ctx, g.mux, entitlementsv1.NewHouseRulesServiceClient(entitlements)),
		entitlementsv1.RegisterClausesServiceHandlerClient(ctx, g.mux, entitlementsv1.NewClausesServiceClient(entitlements)),
		entitlementsv1.RegisterReviewsServiceHandlerClient(ctx, g.mux, entitlementsv1.NewReviewsServiceClient(entitlements)),
		entitlementsv1.RegisterCostsServiceHandlerClient(ctx, g.mux, entitlementsv1.NewCostsServiceClient(entitlements)),
		entitlementsv1.RegisterParityServiceHandlerClient(ctx, g.mux, entitlementsv1.NewParityServiceClient(entitlements)),
		entitlementsv1.RegisterReversalsServiceHandlerClient(ctx, g.mux, entitlementsv1.NewReversalsServiceClient(entitlements)),
		entitlementsv1.RegisterLoyaltyServiceHandlerClient(ctx, g.mux, entitlementsv1.NewLoyaltyServiceClient(entitlements)),
		boardv1.RegisterBoardsServiceHandlerClient(ctx, g.mux, boardv1.NewBoardsServiceClient(board)),
		boardv1.RegisterRotationsServiceHandlerClient(ctx, g.mux, boardv1.NewRotationsServiceClient(board)),
		boardv1.RegisterLotteriesServiceHandlerClient(ctx, g.mux, boardv1.NewLotteriesServiceClient(board)),
		boardv1.RegisterCalendarServiceHandlerClient(ctx, g.mux, boardv1.NewCalendarServiceClient(board)),
		boardv1.RegisterMeetingsServiceHandlerClient(ctx, g.mux, boardv1.NewMeetingsServiceClient(board)),
		boardv1.RegisterSolicitationsServiceHandlerClient(ctx, g.mux, boardv1.NewSolicitationsServiceClient(board)),
		boardv1.RegisterIdeasServiceHandlerClient(ctx, g.mux, boardv1.NewIdeasServiceClient(board)),
		plansv1.RegisterPlansServiceHandlerClient(ctx, g.mux, plansv1.NewPlansServiceClient(plans)),
		plansv1.RegisterTouchpointsServiceHandlerClient(ctx, g.mux, plansv1.NewTouchpointsServiceClient(plans)),
		plansv1.RegisterPlanCalendarsServiceHandlerClient(ctx, g.mux, plansv1.NewPlanCalendarsServiceClient(plans)),
		plansv1.RegisterSignalsServiceHandlerClient(ctx, g.mux, plansv1.NewSignalsServiceClient(plans)),
		plansv1.RegisterEngagementsServiceHandlerClient(ctx, g.mux, plansv1.NewEngagementsServiceClient(plans)),
		plansv1.RegisterInnovationProjectsServiceHandlerClient(ctx, g.mux, plansv1.NewInnovationProjectsServiceClient(plans)),
		plansv1.RegisterSessionsServiceHandlerClient(ctx, g.mux, plansv1.NewSessionsServiceClient(plans)),
		plansv1.RegisterRewardsServiceHandlerClient(ctx, g.mux, plansv1.NewRewardsServiceClient(plans)),
		plansv1.RegisterStatementsServiceHandlerClient(ctx, g.mux, plansv1.NewStatementsServiceClient(plans)),
		plansv1.RegisterFeedServiceHandlerClient(ctx, g.mux, plansv1.NewFeedServiceClient(plans)),
	)
	if err != nil {
		return fmt.Errorf("registering the services: %w", err)
	}
	for _, service := range []string{
		accountsv1.AccountsService_ServiceDesc.ServiceName,
		accountsv1.RevenueService_ServiceDesc.ServiceName,
		accountsv1.AccessService_ServiceDesc.ServiceName,
		entitlementsv1.EntitlementsService_ServiceDesc.ServiceName,
		entitlementsv1.CaseImportsService_ServiceDesc.ServiceName,
		entitlementsv1.BandsService_ServiceDesc.ServiceName,
		entitlementsv1.ScheduleService_ServiceDesc.ServiceName,
		entitlementsv1.ProgrammesService_ServiceDesc.ServiceName,
		entitlementsv1.DraftsService_ServiceDesc.ServiceName,
		entitlementsv1.SpecialRequestsService_ServiceDesc.ServiceName,
		entitlementsv1.CasesService_ServiceDesc.ServiceName,
		entitlementsv1.AcknowledgementsService_ServiceDesc.ServiceName,
		entitlementsv1.RemediesService_ServiceDesc.ServiceName,
		entitlementsv1.HouseRulesService_ServiceDesc.ServiceName,
		entitlementsv1.ClausesService_ServiceDesc.ServiceName,
		entitlementsv1.ReviewsService_ServiceDesc.ServiceName,
		entitlementsv1.UsageService_ServiceDesc.ServiceName,
		entitlementsv1.CostsService_ServiceDesc.ServiceName,
		entitlementsv1.ParityService_ServiceDesc.ServiceName,
		entitlementsv1.ReversalsService_ServiceDesc.ServiceName,
		entitlementsv1.LoyaltyService_ServiceDesc.ServiceName,
		boardv1.BoardsService_ServiceDesc.ServiceName,
		boardv1.RotationsService_ServiceDesc.ServiceName,
		boardv1.LotteriesService_ServiceDesc.ServiceName,
		boardv1.CalendarService_ServiceDesc.ServiceName,
		boardv1.MeetingsService_ServiceDesc.ServiceName,
		boardv1.SolicitationsService_ServiceDesc.ServiceName,
		boardv1.IdeasService_ServiceDesc.ServiceName,
		plansv1.PlansService_ServiceDesc.ServiceName,
		plansv1.TouchpointsService_ServiceDesc.ServiceName,
		plansv1.PlanCalendarsService_ServiceDesc.ServiceName,
		plansv1.SignalsService_ServiceDesc.ServiceName,
		plansv1.EngagementsService_ServiceDesc.ServiceName,
		plansv1.InnovationProjectsService_ServiceDesc.ServiceName,
		plansv1.RewardsService_ServiceDesc.ServiceName,
		plansv1.SessionsService_ServiceDesc.ServiceName,
		plansv1.StatementsService_ServiceDesc.ServiceName,
		plansv1.FeedService_ServiceDesc.ServiceName,
	} {
		routes, err := routesOf(service)
		if err != nil {
			return err
		}
		g.routes = append(g.routes, routes...)
	}
	return nil
}

// dispatch tells the API from the few paths that answer without a token.
func (g *gateway) dispatch(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case headerBytes(r) > maxHeaderBytes:
		g.refuse(w, r, http.StatusRequestHeaderFieldsTooLarge, errLargeHeader)
	case path == "/v1" || strings.HasPrefix(path, "/v1/"):
		g.call(w, r)
	case path == "/livez":
		g.reading(w, r, g.live)
	case path == readyPath:
		g.reading(w, r, g.ready)
	case path == boardCalendarPath, path == planCalendarPath:
		g.reading(w, r, g.calendar)
	case path == "/openapi.json":
		g.reading(w, r, g.openAPI.serve)
	case g.options.Assets != nil && strings.HasPrefix(path, "/"):
		g.options.Assets.ServeHTTP(w, r)
	default:
		g.refuse(w, r, http.StatusNotFound, noSuchPath(r))
	}
}

// reading lets only GET and HEAD through.
func (g *gateway) reading(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		serve(w, r)
		return
	}
	g.wrongMethod(w, r, []string{http.MethodGet, http.MethodHead, http.MethodOptions})
}

func noSuchPath(r *http.Request) *fault.Error {
	return fault.New(fault.NotFound, fault.ReasonNotFound, "There is nothing at %s; /openapi.json lists all paths.", r.URL.EscapedPath())
}

// wrongMethod answers OPTIONS with the methods that a path has, and other methods with
// 405 and the same.
func (g *gateway) wrongMethod(w http.ResponseWriter, r *http.Request, allowed []string) {
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	g.refuse(w, r, http.StatusMethodNotAllowed, fault.New(fault.Unimplemented, fault.ReasonUnimplemented,
		"%s is not possible at %s; possible are %s.", r.Method, r.URL.EscapedPath(), list))
}

// compressible is what is text; nothing else leaves here but assets.
func compressible(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.HasSuffix(media, "json") || strings.HasPrefix(media, "text/") || strings.HasSuffix(media, "javascript") || media == "image/svg+xml"
}
