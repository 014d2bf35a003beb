package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	grpchealth "google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/gateway"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// constant answers every check with the same, made beforehand.
type constant struct {
	entitlementsv1.UnimplementedEntitlementsServiceServer
	basic, full *entitlementsv1.CheckEntitlementResponse
	batch       *entitlementsv1.BatchCheckEntitlementsResponse
}

func newConstant() *constant {
	c := &constant{
		basic: &entitlementsv1.CheckEntitlementResponse{
			Entitled: true, Rule: "partner-500", ScheduleVersion: "schedule/versions/1",
			ValidUntil: timestamppb.New(time.Unix(1_900_000_000, 0)), AsOf: timestamppb.Now(), Age: durationpb.New(time.Second),
		},
		full: &entitlementsv1.CheckEntitlementResponse{
			Entitled: true, Rule: "partner-500", ScheduleVersion: "schedule/versions/1",
			ValidUntil: timestamppb.New(time.Unix(1_900_000_000, 0)), AsOf: timestamppb.Now(), Age: durationpb.New(time.Second),
			Promise: "Free shipping on every order.",
			Reason: `Entitled: "A customer who spends $500 within a year becomes a Partner." (rule partner-500, schedule version 1). ` +
				`Spend in the 12 months to 22 November 2025 is $612.40, at least $500.00. Kept until 5 March 2026.`,
		},
		batch: &entitlementsv1.BatchCheckEntitlementsResponse{AsOf: timestamppb.Now(), Age: durationpb.New(time.Second)},
	}
	for range batchSize {
		c.batch.Results = append(c.batch.Results, &entitlementsv1.EntitlementResult{
			Result: &entitlementsv1.EntitlementResult_Entitlement{Entitlement: &entitlementsv1.Entitlement{
				Benefit: "free-shipping", Entitled: true, Rule: "partner-500", ScheduleVersion: "schedule/versions/1",
				ValidUntil: timestamppb.New(time.Unix(1_900_000_000, 0)), Kind: entitlementsv1.Benefit_KIND_FEATURE,
			}},
		})
	}
	return c
}

func (c *constant) CheckEntitlement(_ context.Context, r *entitlementsv1.CheckEntitlementRequest) (*entitlementsv1.CheckEntitlementResponse, error) {
	if r.GetView() == entitlementsv1.EntitlementView_ENTITLEMENT_VIEW_BASIC {
		return c.basic, nil
	}
	return c.full, nil
}

func (c *constant) BatchCheckEntitlements(context.Context, *entitlementsv1.BatchCheckEntitlementsRequest) (*entitlementsv1.BatchCheckEntitlementsResponse, error) {
	return c.batch, nil
}

// serveFloor serves the constants behind the very interceptors and the very gateway of
// the system, and beside them an empty health check of a bare gRPC server.
func serveFloor(ctx context.Context) error {
	keys := &auth.Keyring{}
	token, err := auth.NewToken(rand.Reader)
	if err != nil {
		return err
	}
	keys.Add(token, auth.NewPrincipal("principals/admin", "", true, auth.Admin))
	authenticator := auth.NewCache(keys, time.Now)
	t, err := telemetry.Start(ctx, "floor", "bench", os.Getenv)
	if err != nil {
		return err
	}
	ours, err := server.New(ctx, server.Options{Address: "127.0.0.1:0", Authenticator: authenticator, Telemetry: t},
		server.Service{Name: "entitlements", Register: func(r grpc.ServiceRegistrar) {
			entitlementsv1.RegisterEntitlementsServiceServer(r, newConstant())
		}})
	if err != nil {
		return err
	}
	conn, err := ours.Dial(t.ClientOptions()...)
	if err != nil {
		return err
	}
	defer conn.Close()
	rest, err := gateway.NewServer(ctx, gateway.Options{
		Backends:      gateway.Backends{Accounts: conn, Entitlements: conn, Board: conn},
		Authenticator: authenticator, Telemetry: t,
	}, gateway.ListenOptions{Address: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	bareListener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	bare := grpc.NewServer()
	healthv1.RegisterHealthServer(bare, grpchealth.NewServer())

	// The token goes first: who reads the addresses then has it.
	if err := os.WriteFile(os.Getenv(floorVariable), []byte(token), 0o600); err != nil {
		return err
	}
	fmt.Printf("gRPC %s\nREST %s\nhealth %s\n", ours.Addr(), rest.Addr(), bareListener.Addr())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return ours.Run(ctx) })
	group.Go(func() error { return rest.Run(ctx) })
	group.Go(func() error { return bare.Serve(bareListener) })
	group.Go(func() error { <-ctx.Done(); bare.Stop(); return nil })
	return group.Wait()
}

// roomy lets the floor's heap of some 6 MB grow to the size that a server's may, so that
// the collector has as little to do there.
const roomy = "GOGC=1200"

// floor starts the floor's server in a process of its own, with Go's own settings but
// for those given as variables of its environment.
func floor(b *testing.B, settings ...string) *process {
	b.Helper()
	self, err := os.Executable()
	require.NoError(b, err)
	tokenFile := b.TempDir() + "/token"
	p := &process{cmd: exec.Command(self)}
	p.cmd.Env = append(append(os.Environ(), floorVariable+"="+tokenFile), settings...)
	p.begin(b, "gRPC", "REST", "health")
	b.Cleanup(p.end)
	token, err := os.ReadFile(tokenFile)
	require.NoError(b, err)
	p.token = string(token)
	return p
}
