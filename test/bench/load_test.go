package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/test/bench/pairs"
)

const (
	callers     = 32
	connections = 4
)

// load makes a number of calls from 32 callers and returns the calls a second. A call
// is given its caller's number and source of chance.
func load(calls int, call func(ctx context.Context, caller int, random *rand.Rand) error) pairs.Measure {
	return func(ctx context.Context) (float64, error) {
		errs := make(chan error, callers)
		var group sync.WaitGroup
		began := time.Now()
		for caller := range callers {
			group.Go(func() {
				random := rand.New(rand.NewPCG(uint64(caller), uint64(calls)))
				for range calls / callers {
					if err := call(ctx, caller, random); err != nil {
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
			return float64(calls/callers*callers) / time.Since(began).Seconds(), nil
		}
	}
}

// dial opens the connections that the callers share.
func dial(b *testing.B, address, token string) []*grpc.ClientConn {
	b.Helper()
	conns := make([]*grpc.ClientConn, connections)
	for i := range conns {
		options := []grpc.DialOption{
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64 << 20)),
		}
		if token != "" {
			options = append(options, auth.Bearer(token))
		}
		conn, err := grpc.NewClient(address, options...)
		require.NoError(b, err)
		b.Cleanup(func() { conn.Close() })
		conns[i] = conn
	}
	return conns
}

// browser is an HTTP client that keeps its connections.
func browser(b *testing.B) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: callers, MaxConnsPerHost: callers}
	b.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// get fetches a page and requires that it is there.
func get(ctx context.Context, client *http.Client, url, token string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", url, answer.Status, body)
	}
	return err
}

// compare measures and prints one row, and reports its ratio.
func compare(b *testing.B, c pairs.Comparison, ours, floor pairs.Measure) pairs.Comparison {
	b.Helper()
	for b.Loop() {
		var err error
		c.Ours, c.Base = nil, nil
		c, err = pairs.Run(b.Context(), c, ours, floor)
		require.NoError(b, err)
		fmt.Println()
		require.NoError(b, pairs.Report(os.Stdout, []pairs.Comparison{c}))
	}
	b.ReportMetric(c.Ratio(), "ratio")
	b.ReportMetric(pairs.Median(c.Ours), c.Unit+"/s")
	return c
}
