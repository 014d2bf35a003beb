package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/services/board/outbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 3, 6, 12, 0, 0, 0, time.UTC)

func now() time.Time { return noon }

// post delivers what it is not told to fail with.
type post struct {
	mu    sync.Mutex
	sent  map[string]int
	fails error
	// knows says whether it can tell what it has.
	knows bool
}

func (p *post) Send(_ context.Context, _ outbox.Address, m outbox.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fails != nil {
		return p.fails
	}
	p.sent[m.ID]++
	return nil
}

func (p *post) Sent(_ context.Context, id string) (bool, error) {
	if !p.knows {
		return false, outbox.ErrUnknown
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent[id] > 0, nil
}

// people are those who can be written to.
type people map[string]string

func (p people) Address(_ context.Context, account, contact string) (outbox.Address, error) {
	email, known := p[account+"/"+contact]
	if !known {
		return outbox.Address{}, outbox.ErrNoAddress
	}
	return outbox.Address{Name: "Ann", Email: email}, nil
}

func open(t *testing.T, delivery outbox.Delivery) *outbox.Outbox {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	o, err := outbox.Open(t.Context(), store, delivery, people{"acme/ann": "ann@acme.example"}, now, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return o
}

func message(id, contact string) outbox.Message {
	return outbox.Message{ID: id, Kind: "invitation", About: "boards/a/rotations/r", Account: "acme", Contact: contact,
		Subject: "A seat — für Sie", Body: "Dear Ann,\nwill you come?\n"}
}

func stateOf(t *testing.T, o *outbox.Outbox, id string) outbox.Letter {
	t.Helper()
	letters, err := o.About(t.Context(), "boards/a/rotations/r")
	require.NoError(t, err)
	for _, l := range letters {
		if l.ID == id {
			return l
		}
	}
	t.Fatalf("there is no %s", id)
	return outbox.Letter{}
}

func TestAMessageIsSentOnce(t *testing.T) {
	p := &post{sent: map[string]int{}, knows: true}
	o := open(t, p)
	changed := message("m1", "ann")
	changed.Body = "Something else."
	for _, some := range [][]outbox.Message{{message("m1", "ann")}, {}, {message("m2", "ann"), changed, message("m3", "bob")}} {
		require.NoError(t, o.Put(t.Context(), some...))
	}
	var all sync.WaitGroup
	for range 4 { // as when one has lost the lease and does not know yet
		all.Go(func() { _ = o.Send(t.Context()) })
	}
	all.Wait()
	require.NoError(t, o.Send(t.Context()))
	require.Equal(t, map[string]int{"m1": 1, "m2": 1}, p.sent)
	require.Equal(t, "Dear Ann,\nwill you come?\n", stateOf(t, o, "m1").Body, "the first counts")
	require.Equal(t, outbox.Failed, stateOf(t, o, "m3").State)
	require.Contains(t, stateOf(t, o, "m3").Trouble, "bob")
}

func TestWhatCertainlyWasNotSentIsTriedAgain(t *testing.T) {
	p := &post{sent: map[string]int{}, fails: fmt.Errorf("%w: /srv/outbox: the disk is full", outbox.ErrNotSent)}
	o := open(t, p)
	require.NoError(t, o.Put(t.Context(), message("m1", "ann")))
	err := o.Send(t.Context())
	require.ErrorIs(t, err, outbox.ErrNotSent)
	require.ErrorContains(t, err, "m1: the message was not handed over: /srv/outbox", "for the log")
	require.Equal(t, outbox.Waiting, stateOf(t, o, "m1").State)
	require.Contains(t, stateOf(t, o, "m1").Trouble, "is tried again")
	require.NotContains(t, stateOf(t, o, "m1").Trouble, "/srv")
	p.fails = nil
	require.NoError(t, o.Send(t.Context()))
	require.Equal(t, outbox.Sent, stateOf(t, o, "m1").State)

	p.fails = errors.New("the connection was lost")
	require.NoError(t, o.Put(t.Context(), message("m2", "ann")))
	require.Error(t, o.Send(t.Context()))
	require.Equal(t, outbox.Uncertain, stateOf(t, o, "m2").State)
	require.NotContains(t, stateOf(t, o, "m2").Trouble, "connection")
	p.fails = nil
	require.NoError(t, o.Send(t.Context()))
	require.Zero(t, p.sent["m2"], "nobody knows whether it was sent")
}

// dying is a delivery whose process dies while it sends.
type dying struct {
	post
	handsOver bool
}

func (d *dying) Send(ctx context.Context, to outbox.Address, m outbox.Message) error {
	if d.handsOver {
		_ = d.post.Send(ctx, to, m)
	}
	panic("the process died")
}

func TestWhatACrashInterruptedIsFoundOut(t *testing.T) {
	for _, tt := range []struct {
		name             string
		handsOver, knows bool
		state            outbox.State
		sent             int
	}{
		{"it was handed over", true, true, outbox.Sent, 1},
		{"it was not", false, true, outbox.Sent, 1},
		{"nobody can tell", true, false, outbox.Uncertain, 1},
		{"nobody can tell, and it was not", false, false, outbox.Uncertain, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := &dying{post: post{sent: map[string]int{}, knows: tt.knows}, handsOver: tt.handsOver}
			store, err := docstore.OpenStore(t.Context(), teststore.SQLite(t), docstore.Options{})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, store.Close()) })
			directory := people{"acme/ann": "ann@acme.example"}
			first, err := outbox.Open(t.Context(), store, d, directory, now, slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			require.NoError(t, first.Put(t.Context(), message("m1", "ann")))
			require.Panics(t, func() { _ = first.Send(t.Context()) })
			require.Equal(t, outbox.Sending, stateOf(t, first, "m1").State)

			next, err := outbox.Open(t.Context(), store, &d.post, directory, now, slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			require.NoError(t, next.Recover(t.Context()))
			require.NoError(t, next.Send(t.Context()))
			require.Equal(t, tt.state, stateOf(t, next, "m1").State)
			require.Equal(t, tt.sent, d.sent["m1"])
		})
	}
}

func TestFilesAreEmails(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "outbox")
	f := &outbox.Files{Folder: folder, From: "board@example.com", Now: now}
	sent, err := f.Sent(t.Context(), "m1")
	require.NoError(t, err)
	require.False(t, sent)
	require.NoError(t, f.Send(t.Context(), outbox.Address{Name: "Ann Ö", Email: "ann@acme.example"}, message("m1", "ann")))
	text, err := os.ReadFile(filepath.Join(folder, "m1.eml"))
	require.NoError(t, err)
	m, err := mail.ReadMessage(strings.NewReader(string(text)))
	require.NoError(t, err)
	to, err := m.Header.AddressList("To")
	require.NoError(t, err)
	require.Equal(t, []*mail.Address{{Name: "Ann Ö", Address: "ann@acme.example"}}, to)
	at, err := m.Header.Date()
	require.NoError(t, err)
	require.True(t, at.Equal(noon))
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, "A seat — für Sie", subject)
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	require.NoError(t, err)
	require.Equal(t, "Dear Ann,\r\nwill you come?\r\n", string(body))

	sent, err = f.Sent(t.Context(), "m1")
	require.NoError(t, err)
	require.True(t, sent)
	require.NoError(t, os.MkdirAll(filepath.Join(folder, "sent"), 0o700))
	require.NoError(t, os.Rename(filepath.Join(folder, "m1.eml"), filepath.Join(folder, "sent", "m1.eml")))
	sent, err = f.Sent(t.Context(), "m1")
	require.NoError(t, err)
	require.True(t, sent, "it is on its way")
	odd := message("m2", "ann")
	odd.Subject = "A seat\r\nBcc: all@example.com"
	require.NoError(t, f.Send(t.Context(), outbox.Address{Name: "Ann\r\nBcc: all@example.com", Email: "ann@acme.example\r\nBcc: all@example.com"}, odd))
	text, err = os.ReadFile(filepath.Join(folder, "m2.eml"))
	require.NoError(t, err)
	m, err = mail.ReadMessage(strings.NewReader(string(text)))
	require.NoError(t, err)
	require.Empty(t, m.Header.Get("Bcc"), "nobody adds lines to the header")
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, left, 2, "the folder sent, and the second: nothing half written stays")
}
