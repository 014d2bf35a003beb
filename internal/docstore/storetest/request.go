package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

var requestTests = []test{
	{"CreateOnce", testCreateOnce},
	{"CreateOnceInTheWay", testCreateOnceInTheWay},
	{"UpdateOnce", testUpdateOnce},
	{"UpdateOnceRace", testUpdateOnceRace},
	{"Expire", testExpire},
	{"ExpireAfterCrash", testExpireAfterCrash},
}

type account struct {
	docstore.CreatedBy `bson:",inline"`
	docstore.Effects   `bson:",inline"`
	Balance            int64 `bson:"balance"`
}

func openAccounts(t testing.TB, db Database) (*docstore.Collection[account], *docstore.EffectLedger) {
	t.Helper()
	s := openStore(t, db.Open(t), docstore.Options{})
	c, err := docstore.OpenCollection[account](t.Context(), s, docstore.Spec{Name: "accounts"})
	require.NoError(t, err)
	ledger, err := docstore.OpenEffectLedger(t.Context(), s)
	require.NoError(t, err)
	return c, ledger
}

func testCreateOnce(t *testing.T, db Database) {
	c, _ := openAccounts(t, db)
	ctx := t.Context()
	request := docstore.NewRequest("ann", "Create", "1", []byte("payload"))
	require.Regexp(t, "^[0-9a-v]{26}$", request.DocumentID())
	create := func(r docstore.Request, id string) (docstore.Doc[account], bool, error) {
		return docstore.CreateOnce(ctx, c, id, r, account{Balance: 5}, event("born"))
	}
	first, repeated, err := create(request, request.DocumentID())
	require.NoError(t, err)
	require.False(t, repeated)
	again, repeated, err := create(request, request.DocumentID())
	require.NoError(t, err)
	require.True(t, repeated)
	require.Equal(t, first.ID, again.ID)
	require.Equal(t, first.Version, again.Version)
	require.Equal(t, first.Body.Balance, again.Body.Balance)

	other := docstore.NewRequest("ann", "Create", "1", []byte("other payload"))
	require.Equal(t, request.DocumentID(), other.DocumentID())
	_, _, err = create(other, other.DocumentID())
	require.ErrorIs(t, err, docstore.ErrRequestReused)
	for _, r := range []docstore.Request{
		docstore.NewRequest("bob", "Create", "1", []byte("payload")),
		docstore.NewRequest("ann", "Creat", "e1", []byte("payload")),
	} {
		d, repeated, err := create(r, r.DocumentID())
		require.NoError(t, err)
		require.False(t, repeated)
		require.NotEqual(t, first.ID, d.ID)
	}

	_, _, err = create(request, "chosen")
	require.NoError(t, err)
	_, repeated, err = create(request, "chosen")
	require.NoError(t, err)
	require.True(t, repeated)
	_, _, err = create(docstore.NewRequest("ann", "Create", "2", nil), "chosen")
	require.ErrorIs(t, err, docstore.ErrExists)

	for _, id := range []string{request.DocumentID(), "ann/tokens/" + request.DocumentID()} {
		_, _, err = create(request, id)
		require.NoError(t, err)
		require.NoError(t, c.Delete(ctx, id, 0))
		_, _, err = create(request, id)
		require.ErrorIs(t, err, docstore.ErrTombstone, "a late repetition does not bring back the dead")
	}
	require.NoError(t, c.Delete(ctx, "chosen", 0))
	d, repeated, err := create(request, "chosen")
	require.NoError(t, err, "what a client chose is free again")
	require.False(t, repeated)
	require.EqualValues(t, 3, d.Version)
}

// fleeting deletes documents before they are read.
type fleeting struct {
	docstore.Backend
	before func(ctx context.Context, collection string, ids []string)
}

func (f *fleeting) Get(ctx context.Context, collection string, ids []string) ([]docstore.Record, error) {
	if f.before != nil {
		f.before(ctx, collection, ids)
	}
	return f.Backend.Get(ctx, collection, ids)
}

// What stands in the way of a create may be deleted before it can be read: the create
// is made after all, or, where that is what it created itself, told that this is gone.
func testCreateOnceInTheWay(t *testing.T, db Database) {
	b := &fleeting{Backend: db.Open(t)}
	s := openStore(t, b, docstore.Options{})
	c, err := docstore.OpenCollection[account](t.Context(), s, docstore.Spec{Name: "accounts"})
	require.NoError(t, err)
	ctx := t.Context()
	request := docstore.NewRequest("ann", "Create", "1", nil)
	once := func(do func(id string)) {
		b.before = func(_ context.Context, collection string, ids []string) {
			if collection == "accounts" {
				b.before = nil
				do(ids[0])
			}
		}
	}
	for id, want := range map[string]error{"chosen": nil, request.DocumentID(): docstore.ErrTombstone} {
		_, err := c.Insert(ctx, id, account{})
		require.NoError(t, err)
		once(func(id string) { require.NoError(t, c.Delete(ctx, id, 0)) })
		_, repeated, err := docstore.CreateOnce(ctx, c, id, request, account{Balance: 5}, event("born"))
		require.ErrorIs(t, err, want)
		require.False(t, repeated)
	}
	d, err := c.Get(ctx, "chosen")
	require.NoError(t, err)
	require.EqualValues(t, 5, d.Body.Balance)
}

func pay(ctx context.Context, c *docstore.Collection[account], l *docstore.EffectLedger, r docstore.Request) (docstore.Effect, bool, error) {
	return docstore.UpdateOnce(ctx, c, l, "a", r, func(d *docstore.Doc[account]) (any, error) {
		d.Body = account{Balance: d.Body.Balance + 1} // a change that replaces the body loses nothing
		d.Emit("paid", nil)
		return bson.D{{Key: "balance", Value: d.Body.Balance}}, nil
	})
}

func testUpdateOnce(t *testing.T, db Database) {
	c, ledger := openAccounts(t, db)
	ctx := t.Context()
	_, err := c.Insert(ctx, "a", account{})
	require.NoError(t, err)
	request := func(i int) docstore.Request {
		return docstore.NewRequest("ann", "Pay", fmt.Sprint(i), fmt.Append(nil, i))
	}
	const requests = 150 // enough to move effects to the ledger more than once
	var effects []docstore.Effect
	for i := range requests {
		effect, repeated, err := pay(ctx, c, ledger, request(i))
		require.NoError(t, err)
		require.False(t, repeated)
		require.EqualValues(t, i+1, effect.Answer.Lookup("balance").AsInt64())
		effects = append(effects, effect)
	}
	for i, first := range effects {
		effect, repeated, err := pay(ctx, c, ledger, request(i))
		require.NoError(t, err)
		require.True(t, repeated)
		require.Equal(t, first, effect)
		_, _, err = pay(ctx, c, ledger, docstore.NewRequest("ann", "Pay", fmt.Sprint(i), []byte("other")))
		require.ErrorIs(t, err, docstore.ErrRequestReused)
	}
	d, err := c.Get(ctx, "a")
	require.NoError(t, err)
	require.EqualValues(t, requests, d.Body.Balance)
	require.Equal(t, effects[requests-1].Version, d.Version)
	require.Less(t, len(d.Body.Recent), 70)
}

// Many clients send each request twice at the same time: each counts once.
func testUpdateOnceRace(t *testing.T, db Database) {
	c, ledger := openAccounts(t, db)
	_, err := c.Insert(t.Context(), "a", account{})
	require.NoError(t, err)
	const clients, requests = 8, 25
	var wg sync.WaitGroup
	for client := range 2 * clients {
		wg.Go(func() {
			for i := range requests {
				r := docstore.NewRequest(fmt.Sprint("client", client/2), "Pay", fmt.Sprint(i), nil)
				if _, _, err := pay(t.Context(), c, ledger, r); err != nil {
					t.Errorf("client %d, request %d: %v", client, i, err)
				}
			}
		})
	}
	wg.Wait()
	d, err := c.Get(t.Context(), "a")
	require.NoError(t, err)
	require.EqualValues(t, clients*requests, d.Body.Balance)
}

// Effects go when they are old, some at a time; until then a retry is known.
func testExpire(t *testing.T, db Database) {
	now := time.Date(2026, 3, 6, 15, 0, 0, 0, time.UTC)
	s := openStore(t, db.Open(t), docstore.Options{Now: func() time.Time { return now }})
	c, err := docstore.OpenCollection[account](t.Context(), s, docstore.Spec{Name: "accounts"})
	require.NoError(t, err)
	l, err := docstore.OpenEffectLedger(t.Context(), s)
	require.NoError(t, err)
	ctx := t.Context()
	_, err = c.Insert(ctx, "a", account{})
	require.NoError(t, err)
	began := now
	request := func(i int) docstore.Request { return docstore.NewRequest("ann", "Pay", fmt.Sprint(i), nil) }
	for i := range 140 { // the first of them leave the document
		_, repeated, err := pay(ctx, c, l, request(i))
		require.NoError(t, err)
		require.False(t, repeated)
		now = now.Add(time.Second)
	}
	_, repeated, err := pay(ctx, c, l, request(0))
	require.NoError(t, err)
	require.True(t, repeated)
	more, err := l.Expire(ctx, began, 100)
	require.NoError(t, err)
	require.False(t, more, "none is from before the first")
	for _, want := range []bool{true, true, false, false} { // 25 of them, ten at a time
		more, err := l.Expire(ctx, began.Add(25*time.Second), 10)
		require.NoError(t, err)
		require.Equal(t, want, more)
	}
	for i, want := range map[int]bool{24: false, 25: true, 139: true} {
		_, repeated, err := pay(ctx, c, l, request(i))
		require.NoError(t, err)
		require.Equal(t, want, repeated, "request %d", i)
	}
}

// leaving is a process that dies after the first of the two writes of a deletion.
type leaving struct{ docstore.Backend }

func (leaving) Purge(context.Context, string, string, int64) error { return errDied }

// What such a process leaves of silent documents goes when the old ones do, and only
// of silent ones: the feed still speaks of the others.
func testExpireAfterCrash(t *testing.T, db Database) {
	b := leaving{db.Open(t)}
	s := openStore(t, b, docstore.Options{})
	ctx := t.Context()
	began := time.Date(2026, 3, 6, 15, 0, 0, 0, time.UTC)
	byAt := []docstore.Index{{Name: "by_at", Fields: []string{"at"}}}
	quiet := docstore.Spec{Name: "quiet", Indexes: byAt, Silent: true}
	loud := docstore.Spec{Name: "loud", Indexes: byAt}
	stones := func(spec docstore.Spec) []string {
		rs, err := b.Tombstones(ctx, spec.Name, "", 10)
		require.NoError(t, err)
		return recordIDs(rs)
	}
	for _, spec := range []docstore.Spec{quiet, loud} {
		c, err := docstore.OpenCollection[thing](ctx, s, spec)
		require.NoError(t, err)
		for i := range 3 {
			_, err := c.Insert(ctx, fmt.Sprint(i), thing{At: began.Add(time.Duration(i) * time.Hour)})
			require.NoError(t, err)
		}
		if err := c.Delete(ctx, "0", 0); spec.Silent {
			require.ErrorIs(t, err, errDied)
			require.Equal(t, []string{"0"}, stones(spec))
		} else {
			require.NoError(t, err)
		}
	}

	survivor := openStore(t, ownLeases{b.Backend, "_survivor"}, docstore.Options{})
	stop := relay(t, survivor)
	for _, spec := range []docstore.Spec{quiet, loud} {
		c, err := docstore.OpenCollection[thing](ctx, survivor, spec)
		require.NoError(t, err)
		require.NoError(t, survivor.Flush(ctx))
		more, err := c.Expire(ctx, "by_at", began.Add(90*time.Minute), 10)
		require.NoError(t, err)
		require.False(t, more)
		page, err := c.Find(ctx, docstore.Query{})
		require.NoError(t, err)
		require.Equal(t, []string{"2"}, ids(page.Docs))
	}
	require.NoError(t, survivor.Flush(ctx))
	stop()
	require.Empty(t, stones(quiet))
	require.Equal(t, []string{"0", "1"}, stones(loud))
}
