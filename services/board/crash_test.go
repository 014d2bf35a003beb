package board

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/sqlite"
	"github.com/evenhand/evenhand/services/board/outbox"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// mortal is a database whose process dies at a write: before it, or after it was made and
// before anybody was told. From then on nothing answers.
type mortal struct {
	docstore.Backend
	mu    sync.Mutex
	left  int // writes before the fatal one; less than 0 for none
	after bool
	armed bool
	dead  bool
	// writes counts those that were made since it was armed.
	writes int
}

var errDied = fmt.Errorf("%w: the process died", docstore.ErrUnavailable)

func (m *mortal) write(call func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errDied
	}
	if m.armed && m.left == m.writes {
		m.dead = true
		if m.after {
			_ = call() // what it answers reaches nobody
		}
		return errDied
	}
	m.writes++
	return call()
}

func (m *mortal) read() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errDied
	}
	return nil
}

func (m *mortal) Insert(ctx context.Context, collection string, records []docstore.Record) error {
	return m.write(func() error { return m.Backend.Insert(ctx, collection, records) })
}

func (m *mortal) Replace(ctx context.Context, collection string, ifVersion int64, r docstore.Record) error {
	return m.write(func() error { return m.Backend.Replace(ctx, collection, ifVersion, r) })
}

func (m *mortal) Get(ctx context.Context, collection string, ids []string) ([]docstore.Record, error) {
	if err := m.read(); err != nil {
		return nil, err
	}
	return m.Backend.Get(ctx, collection, ids)
}

func (m *mortal) Find(ctx context.Context, collection string, q docstore.Query) ([]docstore.Record, error) {
	if err := m.read(); err != nil {
		return nil, err
	}
	return m.Backend.Find(ctx, collection, q)
}

// Close leaves the database to the next process.
func (m *mortal) Close() error { return nil }

// post delivers letters, and knows which it has.
type post struct {
	mu   sync.Mutex
	sent map[string]int
}

func (p *post) Send(_ context.Context, _ outbox.Address, m outbox.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent[m.ID]++
	return nil
}

func (p *post) Sent(_ context.Context, id string) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent[id] > 0, nil
}

// life is the processes, one after the other, that take one rotation from its schedule to
// its end, on one database.
type life struct {
	path    string
	backend docstore.Backend
	source  *fakeSource
	post    *post
	clock   *clock
}

// process starts a process.
func (l *life) process(t *testing.T, dies *mortal) *Service {
	t.Helper()
	dies.Backend = l.backend
	store, err := docstore.OpenStore(t.Context(), dies, docstore.Options{})
	require.NoError(t, err)
	s, err := New(t.Context(), store, l.source, Options{Now: l.clock.now, Delivery: l.post})
	require.NoError(t, err)
	return s
}

const crashing = "2026-03-10"

// advance does what a secretary does next in the state that a rotation is in, and says
// whether that was the last.
func (l *life) advance(ctx context.Context, s *Service, seed string) (over bool, err error) {
	rotation, err := s.Rotations.Get(ctx, "a", crashing)
	if err != nil {
		return false, err
	}
	switch rotation.State.State {
	case Scheduled:
		_, err = s.Rotations.Open(ctx, someone, "a", crashing, "")
	case Opened:
		_, err = s.Rotations.Freeze(ctx, someone, "a", crashing, "", nil)
	case Frozen:
		_, err = s.Rotations.Commit(ctx, someone, "a", crashing, "", byRound(time.Date(2026, 3, 6, 15, 31, 0, 0, time.UTC)))
	case Committed:
		l.clock.set("2026-03-06T15:31:00Z")
		_, err = s.Rotations.DrawPanel(ctx, someone, "a", crashing, "", seed)
	case Drawn:
		_, err = s.Rotations.Invite(ctx, someone, "a", crashing, "")
	case Inviting:
		if err := s.Outbox.Send(ctx); err != nil {
			return false, err
		}
		for i, in := range rotation.State.Invitations {
			if in.State == Invited {
				_, err = s.Rotations.Answer(ctx, someone, "a", crashing, in.Account, i != 0, "", "")
				return false, err
			}
		}
		_, err = s.Rotations.Close(ctx, someone, "a", crashing, "")
	default:
		return true, nil
	}
	return false, err
}

// A process dies at every fifth write of a rotation (at every one with
// EVENHAND_TEST_LONG), before or after it. The next one finds the rotation in one state
// and goes on from there: there is one record and one draw, every invitation is sent once,
// and every seat has one member.
func TestACrashAtAnyWriteOfARotation(t *testing.T) {
	template := crashTemplate(t)
	every := 5
	if os.Getenv("EVENHAND_TEST_LONG") != "" {
		every = 1
	}
	total := reopen(t, template).live(t, &mortal{left: -1})
	require.Greater(t, total, 20)
	for _, after := range []bool{false, true} {
		for at := 0; at < total; at += every {
			name := fmt.Sprintf("before write %d", at)
			if after {
				name = fmt.Sprintf("after write %d", at)
			}
			t.Run(name, func(t *testing.T) {
				l := reopen(t, template)
				l.live(t, &mortal{left: at, after: after})
			})
		}
	}
}

// live lets a process take the rotation as far as it comes, and a second one finish it;
// it returns how many writes the first made.
func (l *life) live(t *testing.T, dies *mortal) int {
	ctx := t.Context()
	s := l.process(t, dies)
	dies.arm()
	over, err := false, error(nil)
	for !over && err == nil {
		over, err = l.advance(ctx, s, "aa")
	}
	made := dies.writes
	if err != nil {
		require.ErrorIs(t, err, errDied)
	}
	var hash, seed string
	if before, err := l.process(t, &mortal{left: -1}).Rotations.Get(ctx, "a", crashing); err == nil && before.State.Draw != nil {
		hash, seed = before.State.Draw.Hash, before.State.Draw.Seed
	}
	next := l.process(t, &mortal{left: -1})
	require.NoError(t, next.Outbox.Recover(ctx))
	require.NoError(t, next.Due(ctx))
	for over := false; !over; {
		over, err = l.advance(ctx, next, "bb")
		require.NoError(t, err)
	}
	require.NoError(t, next.Outbox.Send(ctx))
	l.check(t, next, hash, seed)
	return made
}

func (l *life) check(t *testing.T, s *Service, hash, seed string) {
	ctx := t.Context()
	rotation, text, err := s.Rotations.Record(ctx, "a", crashing)
	require.NoError(t, err)
	_, report := record.Verify(text)
	require.True(t, report.OK(), "%v", report.Err())
	if hash != "" {
		require.Equal(t, hash, rotation.State.Draw.Hash, "there is one record")
	}
	if seed != "" {
		require.Equal(t, seed, rotation.State.Draw.Seed, "there is one draw")
	}
	invited := map[string]bool{}
	confirmed := 0
	for _, in := range rotation.State.Invitations {
		require.False(t, invited[in.Account], "%s was invited twice", in.Account)
		invited[in.Account] = true
		if in.State == Accepted {
			confirmed++
		}
	}
	require.Len(t, l.post.sent, len(invited)+8, "the invitations, and what each of the pool is told")
	for id, n := range l.post.sent {
		require.Equal(t, 1, n, "%s was sent more than once", id)
	}
	members, err := s.Terms.Members(ctx, "a", day(t, crashing))
	require.NoError(t, err)
	require.Len(t, members, confirmed)
	require.Equal(t, 3, confirmed)
	_, _, err = s.Rotations.Skip(ctx, someone, "a", "2029-03-13", "", "Nobody has time.", true)
	require.NotErrorIs(t, err, ErrRotationState, "what was left undone stands in nobody's way")
	roster, err := s.Terms.get(ctx, "a")
	require.NoError(t, err)
	require.Empty(t, roster.UnderWay)
	require.Len(t, roster.Terms, 3)
}

// arm lets it die from now on.
func (m *mortal) arm() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.armed, m.writes = true, 0
}

// crashTemplate makes a database with a board of three whose rotation is due.
func crashTemplate(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "template.db")
	backend, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	require.NoError(t, err)
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	f := &fixture{clock: &clock{}, source: newFakeSource(), store: store}
	f.clock.set("2026-03-06T15:30:00Z")
	f.Service, err = New(t.Context(), store, f.source, Options{Now: f.clock.now})
	require.NoError(t, err)
	_, err = f.Boards.Create(t.Context(), someone, "a", advisory)
	require.NoError(t, err)
	f.pool(t, "a", 8)
	_, err = f.Charters.Publish(t.Context(), someone, "a", NewCharter{Rules: yearly(3), Reason: "First"}, false)
	require.NoError(t, err)
	_, err = f.Rotations.LayOut(t.Context(), someone, "a", day(t, "2031-01-01"), false)
	require.NoError(t, err)
	require.NoError(t, errors.Join(store.Close()))
	return path
}

// reopen begins anew with a copy of a database.
func reopen(t *testing.T, template string) *life {
	content, err := os.ReadFile(template)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "board.db")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	backend, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = backend.Close() })
	l := &life{path: path, backend: backend, source: newFakeSource(), post: &post{sent: map[string]int{}}, clock: &clock{}}
	l.clock.set("2026-03-06T15:30:00Z")
	for i := 1; i <= 8; i++ {
		l.source.contacts[ContactName(fmt.Sprintf("c%02d", i), "ann")] = Contact{DisplayName: "Ann", Email: "ann@example.org"}
	}
	return l
}
