package server

import (
	"context"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	grpchealth "google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/test/bench/pairs"
)

// constant answers every check with the same.
type constant struct {
	entitlementsv1.UnimplementedEntitlementsServiceServer
	answer *entitlementsv1.CheckEntitlementResponse
}

func (c constant) CheckEntitlement(context.Context, *entitlementsv1.CheckEntitlementRequest) (*entitlementsv1.CheckEntitlementResponse, error) {
	return c.answer, nil
}

const (
	benchCallers     = 32
	benchConnections = 4
	benchCalls       = 30_000
)

// BenchmarkChain compares a check with all that stands before its handler, and a
// handler that answers a constant, with an empty health check of a bare server: 32
// callers on 4 loopback connections. It prints one ratio for each kind of telemetry.
func BenchmarkChain(b *testing.B) {
	floor := benchFloor(b)
	for _, kind := range []struct {
		name      string
		telemetry *telemetry.Telemetry
	}{
		{"telemetry=off", telemetry.Off()},
		{"telemetry=unsampled", telemetry.New(
			telemetry.NewTracers(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(0))),
			sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())))},
	} {
		b.Run(kind.name, func(b *testing.B) {
			ours := benchOurs(b, kind.telemetry)
			for b.Loop() {
				c, err := pairs.Run(b.Context(), pairs.Comparison{Name: "chain, " + kind.name, Floor: "empty health check", Unit: "calls"}, ours, floor)
				require.NoError(b, err)
				require.NoError(b, pairs.Report(os.Stdout, []pairs.Comparison{c}))
				b.ReportMetric(c.Ratio(), "ratio")
				b.ReportMetric(pairs.Median(c.Ours), "calls/s")
			}
		})
	}
}

func benchFloor(b *testing.B) pairs.Measure {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	s := grpc.NewServer()
	healthv1.RegisterHealthServer(s, grpchealth.NewServer())
	go func() { _ = s.Serve(l) }()
	b.Cleanup(s.Stop)
	return benchRate(b, l.Addr().String(), func(ctx context.Context, conn *grpc.ClientConn) error {
		_, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{})
		return err
	})
}

func benchOurs(b *testing.B, t *telemetry.Telemetry) pairs.Measure {
	keys := &auth.Keyring{}
	token, err := keys.Issue("bench", zeros{})
	require.NoError(b, err)
	answer := &entitlementsv1.CheckEntitlementResponse{
		Entitled: true, Rule: "partner-500", ScheduleVersion: "schedule/versions/2",
		ValidUntil: timestamppb.New(time.Unix(900_000_000, 0)), AsOf: timestamppb.New(time.Unix(880_000_000, 0)),
		Age: durationpb.New(time.Second),
	}
	s, err := New(b.Context(), Options{Address: "127.0.0.1:0", Authenticator: auth.NewCache(keys, time.Now), Telemetry: t},
		Service{Name: "entitlements", Register: func(r grpc.ServiceRegistrar) {
			entitlementsv1.RegisterEntitlementsServiceServer(r, constant{answer: answer})
		}})
	require.NoError(b, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	b.Cleanup(func() { cancel(); require.NoError(b, <-done) })
	return benchRate(b, s.Addr().String(), func(ctx context.Context, conn *grpc.ClientConn) error {
		_, err := entitlementsv1.NewEntitlementsServiceClient(conn).CheckEntitlement(ctx,
			&entitlementsv1.CheckEntitlementRequest{Account: "accounts/00001", Benefit: "free-shipping", View: entitlementsv1.EntitlementView_ENTITLEMENT_VIEW_BASIC})
		return err
	}, auth.Bearer(token))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// benchRate returns a measure of calls a second.
func benchRate(b *testing.B, address string, call func(context.Context, *grpc.ClientConn) error, opts ...grpc.DialOption) pairs.Measure {
	var conns []*grpc.ClientConn
	for range benchConnections {
		conn, err := grpc.NewClient(address, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
		require.NoError(b, err)
		b.Cleanup(func() { conn.Close() })
		conns = append(conns, conn)
	}
	return func(ctx context.Context) (float64, error) {
		errs := make(chan error, benchCallers)
		var group sync.WaitGroup
		began := time.Now()
		for i := range benchCallers {
			group.Go(func() {
				for range benchCalls / benchCallers {
					if err := call(ctx, conns[i%benchConnections]); err != nil {
						errs <- err
						return
					}
				}
			})
		}
		group.Wait()
		select {
		case err := <-errs:
			return 0, err
		default:
			return benchCalls / time.Since(began).Seconds(), nil
		}
	}
}

// BenchmarkGuard is what stands before a handler, without network: its allocations are
// those that a call costs beyond the library's own.
func BenchmarkGuard(b *testing.B) {
	keys := &auth.Keyring{}
	token, err := keys.Issue("bench", zeros{})
	require.NoError(b, err)
	unsampled := telemetry.New(telemetry.NewTracers(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(0))),
		sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())))
	s, err := New(b.Context(), Options{Authenticator: auth.NewCache(keys, time.Now), Telemetry: unsampled}, everything)
	require.NoError(b, err)
	b.Cleanup(s.Close)
	g := (&registrar{server: s}).guard(entitlementsv1.EntitlementsService_ServiceDesc.ServiceName, "CheckEntitlement")
	request, err := proto.Marshal(&entitlementsv1.CheckEntitlementRequest{Account: "accounts/00001", Benefit: "free-shipping"})
	require.NoError(b, err)
	data := mem.BufferSlice{mem.SliceBuffer(request)}
	answer := &entitlementsv1.CheckEntitlementResponse{Entitled: true}
	handler := g.unary(func(_ any, _ context.Context, dec func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		return answer, dec(&entitlementsv1.CheckEntitlementRequest{})
	})
	ctx := metadata.NewIncomingContext(b.Context(), metadata.Pairs("authorization", "Bearer "+token, "user-agent", "grpc-go"))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := handler(nil, ctx, func(m any) error { return codec{}.Unmarshal(data, m) }, nil); err != nil {
			b.Fatal(err)
		}
	}
}
