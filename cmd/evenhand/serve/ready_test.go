package serve

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/cmd/evenhand/command"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
	"github.com/evenhand/evenhand/internal/platform/transcript"
)

// begin starts a part of the system in a process of its own, whose clock moves on by a
// second whenever it is looked at.
func begin(t *testing.T, c *Command) (stdout, log *transcript.Transcript) {
	t.Helper()
	c.DataDir, c.GRPCAddr, c.HTTPAddr, c.Store, c.Drain = t.TempDir(), "127.0.0.1:0", "127.0.0.1:0", "sqlite", 10*time.Second
	require.NoError(t, c.check())
	stdout, log = &transcript.Transcript{}, &transcript.Transcript{}
	var seconds atomic.Int64
	start := time.Now()
	env := &command.Env{
		Context: t.Context(), Stdout: stdout,
		Now: func() time.Time { return start.Add(time.Duration(seconds.Add(1)) * time.Second) },
		Getenv: func(name string) string {
			if name == "EVENHAND_SERVICE_TOKEN" {
				return "evh_of-a-service-that-nobody-asks-about-here"
			}
			return ""
		},
	}
	p := &process{options: c, env: env, telemetry: telemetry.Off(), log: slog.New(slog.NewTextHandler(log, nil)), faults: slices.Clone(storeFaults)}
	t.Cleanup(p.close)
	require.NoError(t, p.assemble(t.Context()))
	p.parts = append(p.parts, lifecycle.Part{Name: "start", Run: func(ctx context.Context) error {
		return p.welcome(ctx, p.announcement())
	}})
	run(t, func(ctx context.Context) error { return lifecycle.Run(ctx, p.parts...) })
	return stdout, log
}

// run runs something until the test ends.
func run(t *testing.T, runs func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- runs(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
}

// await waits until a process has written something, and returns all that it wrote.
func await(t *testing.T, out *transcript.Transcript, text string) string {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(out.String(), text) }, time.Minute, 5*time.Millisecond, text)
	return out.String()
}

// A gateway alone says that it is ready when accounts, entitlements, board and plans are, and until
// then what it waits for.
func TestAGatewayAloneIsReadyWhenItsServicesAre(t *testing.T) {
	var fed atomic.Bool
	peers, err := server.New(t.Context(), server.Options{Address: "127.0.0.1:0", Authenticator: &auth.Keyring{}},
		server.Service{Name: "accounts", Register: func(grpc.ServiceRegistrar) {}},
		server.Service{Name: "board", Register: func(grpc.ServiceRegistrar) {}},
		server.Service{Name: "plans", Register: func(grpc.ServiceRegistrar) {}},
		server.Service{Name: "entitlements", Register: func(grpc.ServiceRegistrar) {}, Needs: []server.Need{
			{Name: "accounts-feed", Ready: func(context.Context) error {
				if fed.Load() {
					return nil
				}
				return errors.New("not reached yet")
			}}}})
	require.NoError(t, err)
	run(t, peers.Run)
	at := peers.Addr().String()
	stdout, log := begin(t, &Command{Part: partGateway, AccountsAddr: at, EntitlementsAddr: at, BoardAddr: at, PlansAddr: at})

	said := await(t, log, "not ready yet")
	require.Contains(t, said, "entitlements is not ready: accounts-feed")
	require.NotContains(t, said, "accounts is")
	require.NotContains(t, stdout.String(), "ready")
	fed.Store(true)
	await(t, stdout, "ready\n")
}

// A start that waits says why, and not each time that it looks.
func TestAStartThatWaitsSaysWhy(t *testing.T) {
	stdout, log := begin(t, &Command{Part: partEntitlements, AccountsAddr: "127.0.0.1:1"})
	said := await(t, log, "not ready yet")
	require.Contains(t, said, "entitlements needs its accounts-feed: the accounts service was not reached yet")
	require.NotContains(t, said, "its database")
	require.NotContains(t, stdout.String(), "ready")

	lines := regexp.MustCompile(`not ready yet" waited=(\S+) `)
	var waited [][]string
	require.Eventually(t, func() bool {
		waited = lines.FindAllStringSubmatch(log.String(), -1)
		return len(waited) >= 3
	}, time.Minute, 5*time.Millisecond)
	var last time.Duration
	for _, line := range waited[:3] {
		now, err := time.ParseDuration(line[1])
		require.NoError(t, err)
		require.GreaterOrEqual(t, now, last+min(last, waitAgain))
		last = now
	}
}
