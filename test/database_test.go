package test

import (
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// proxy stands between a server and its database, and can be cut.
type proxy struct {
	listener net.Listener
	to       string
	mu       sync.Mutex
	broken   bool
	open     map[net.Conn]bool
	working  sync.WaitGroup
}

func startProxy(t *testing.T, to string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: listener, to: to, open: map[net.Conn]bool{}}
	p.working.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close() // ends accept
		p.cut(true)
		p.working.Wait()
	})
	return p
}

func (p *proxy) accept() {
	for {
		from, err := p.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", p.to)
		if err != nil || !p.admit(from, to) {
			_ = from.Close()
			if err == nil {
				_ = to.Close()
			}
			continue
		}
		p.working.Go(func() { p.pipe(from, to) })
		p.working.Go(func() { p.pipe(to, from) })
	}
}

func (p *proxy) admit(conns ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken {
		return false
	}
	for _, c := range conns {
		p.open[c] = true
	}
	return true
}

func (p *proxy) pipe(from, to net.Conn) {
	_, _ = io.Copy(to, from) // ends when either side does
	_, _ = from.Close(), to.Close()
}

// cut ends all connections, and refuses new ones until it is mended.
func (p *proxy) cut(broken bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = broken
	for c := range p.open {
		_ = c.Close()
		delete(p.open, c)
	}
}

// An import outlives the loss of the database: it goes on when that is back, and nothing
// is written twice.
func TestImportOutlivesTheDatabase(t *testing.T) {
	t.Parallel()
	args := mongoArgs(t)
	uri, err := url.Parse(args[3])
	require.NoError(t, err)
	p := startProxy(t, uri.Host)
	uri.Host, uri.Path, uri.RawQuery = p.listener.Addr().String(), "/", "directConnection=true&serverSelectionTimeoutMS=2000"
	args[3] = uri.String()
	s := serve(t, args...)
	s.setCurrency()
	l := writeLedger(t, t.TempDir(), 10_000, 1_000, 12)

	importing, told := s.startImport(l, "--retry-for", patience.String())
	time.Sleep(rand.N(time.Second))
	p.cut(true)
	time.Sleep(rand.N(time.Second))
	p.cut(false)
	require.NoError(t, importing.Wait(), told.String())
	s.awaitReady()
	s.requireLedger(l)
}
