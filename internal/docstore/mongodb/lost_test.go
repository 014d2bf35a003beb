package mongodb

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/evenhand/evenhand/internal/docstore"
)

// What a proxy does with the next command of the kind it looks for.
type loss int

const (
	loseNothing loss = iota
	loseReply        // the server gets it, and the connection breaks before its reply
	loseRequest      // the connection breaks before the server gets it
	loseSight        // the server gets it, and nothing is ever heard again
)

// proxy stands between a client and the server.
type proxy struct {
	listener net.Listener
	server   string
	working  sync.WaitGroup

	mu      sync.Mutex
	command []byte
	loss    loss
	conns   []net.Conn
}

func startProxy(t *testing.T) *proxy {
	o := options.Client().ApplyURI(testURI(t))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: listener, server: o.Hosts[0]}
	p.working.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", p.server)
			if err != nil {
				_ = client.Close()
				continue
			}
			p.mu.Lock()
			p.conns = append(p.conns, client, server)
			p.mu.Unlock()
			p.working.Go(func() { p.serve(client, server) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		p.mu.Lock()
		for _, c := range p.conns {
			_ = c.Close()
		}
		p.mu.Unlock()
		p.working.Wait()
	})
	return p
}

// lose arms the proxy for the next command on a collection.
func (p *proxy) lose(l loss, command, collection string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loss = l
	p.command = []byte("\x02" + command + "\x00" + string([]byte{byte(len(collection) + 1), 0, 0, 0}) + collection + "\x00")
}

func (p *proxy) met(sent []byte) loss {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.loss == loseNothing || !bytes.Contains(sent, p.command) {
		return loseNothing
	}
	l := p.loss
	p.loss = loseNothing
	return l
}

func (p *proxy) serve(client, server net.Conn) {
	defer func() { _ = server.Close() }()
	replies := make(chan loss, 1)
	p.working.Go(func() { relayReplies(client, server, replies) })
	buffer := make([]byte, 1<<20)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			return
		}
		l := p.met(buffer[:n])
		if l == loseRequest {
			_ = client.Close()
			return
		}
		if l != loseNothing {
			replies <- l
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// relayReplies passes on what the server says, until told to lose it.
func relayReplies(client, server net.Conn, lose <-chan loss) {
	defer func() { _ = client.Close() }()
	buffer := make([]byte, 1<<20)
	for {
		n, err := server.Read(buffer)
		if err != nil {
			return
		}
		select {
		case l := <-lose:
			if l == loseSight {
				_, _ = io.Copy(io.Discard, server)
			}
			return
		default:
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// openThrough opens a database through the proxy, without the driver's own retries,
// as on a server that has none.
func openThrough(t *testing.T, p *proxy, timeout time.Duration) *backend {
	uri := "mongodb://" + p.listener.Addr().String() + "/?directConnection=true&retryWrites=false"
	opened, err := Open(t.Context(), uri, "test_"+strings.ToLower(rand.Text()), Options{Timeout: timeout})
	require.NoError(t, err)
	b := opened.(*backend)
	t.Cleanup(func() {
		require.NoError(t, b.db.Drop(context.Background()))
		require.NoError(t, b.Close())
	})
	require.NoError(t, b.Declare(t.Context(), docstore.Spec{Name: "things"}))
	return b
}

func TestLostReplyOfAWrite(t *testing.T) {
	p := startProxy(t)
	b := openThrough(t, p, 0)
	ctx := t.Context()
	version := func(id string) int64 {
		rs, err := b.Get(ctx, "things", []string{id})
		require.NoError(t, err)
		if len(rs) == 0 {
			return 0
		}
		return rs[0].Version
	}
	body := bson.M{"x": int64(1)}

	p.lose(loseReply, "insert", "things")
	require.NoError(t, b.Insert(ctx, "things", []docstore.Record{record(t, "a", 1, body)}), "it stands there as it was to be")
	require.EqualValues(t, 1, version("a"))

	p.lose(loseRequest, "insert", "things")
	require.ErrorIs(t, b.Insert(ctx, "things", []docstore.Record{record(t, "b", 1, body)}), docstore.ErrUnavailable)
	require.Zero(t, version("b"))

	p.lose(loseReply, "insert", "things")
	silent := docstore.Record{ID: "c", Version: 1, Body: marshal(t, body)}
	require.ErrorIs(t, b.Insert(ctx, "things", []docstore.Record{silent}), docstore.ErrUnavailable, "nothing tells who wrote it")

	p.lose(loseReply, "update", "things")
	require.NoError(t, b.Replace(ctx, "things", 1, record(t, "a", 2, body)))
	require.EqualValues(t, 2, version("a"))

	p.lose(loseRequest, "update", "things")
	require.ErrorIs(t, b.Replace(ctx, "things", 2, record(t, "a", 3, body)), docstore.ErrUnavailable)
	require.EqualValues(t, 2, version("a"))

	p.lose(loseReply, "insert", "feed")
	n, err := b.AppendFeed(ctx, []docstore.FeedEvent{{Position: 1, Source: "things/a", Event: docstore.Event{N: 1}}})
	require.ErrorIs(t, err, docstore.ErrUnavailable)
	require.Zero(t, n)

	p.lose(loseReply, "find", "things")
	require.EqualValues(t, 2, version("a"), "reads are repeated")
}

func TestServerThatFallsSilent(t *testing.T) {
	p := startProxy(t)
	b := openThrough(t, p, time.Second)
	ctx := t.Context()
	p.lose(loseSight, "insert", "things")
	err := b.Insert(ctx, "things", []docstore.Record{{ID: "a", Version: 1, Body: marshal(t, bson.M{})}})
	require.ErrorIs(t, err, docstore.ErrUnavailable)
	require.NotErrorIs(t, err, context.DeadlineExceeded)

	p.lose(loseSight, "find", "things")
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		time.Sleep(50 * time.Millisecond)
		cancel(errors.New("enough"))
	}()
	_, err = b.Get(ctx, "things", []string{"a"})
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, docstore.ErrUnavailable)
}
