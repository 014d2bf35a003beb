package calendarfeed

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// Collection is the name of the collection of feeds, by which the store's feed of changes
// names them.
const Collection = "calendar_feeds"

// Kind says what the feeds of a service are called.
type Kind struct {
	// Type is the API's type, as evenhand/CalendarFeed, and Names the collection in their
	// resource names, as calendarFeeds.
	Type, Names string
	// Event begins the types of their events, as calendar_feed.
	Event string
}

// Name returns the resource name of a feed.
func (k Kind) Name(id string) string { return names.Join(k.Names, id) }

// Feed is a secret address at which a calendar can be read.
type Feed struct {
	DisplayName string `bson:"display_name,omitempty"`
	// Subject says whose calendar, as a resource name.
	Subject string `bson:"subject"`
	// Hash is the SHA-256 of the secret; nil once the feed is revoked.
	Hash []byte `bson:"hash,omitempty"`
	// Revoked is when it was revoked; zero while it can be read.
	Revoked        time.Time `bson:"revoked,omitempty"`
	resource.Times `bson:",inline"`
}

// lastRead is when a feed was last read.
type lastRead struct {
	At time.Time `bson:"at"`
}

// Listed is a feed, and when it was last read, to an hour; zero where it never was.
type Listed struct {
	resource.Stored[Feed]
	LastRead time.Time
}

// Hash is the SHA-256 of the secret that stands in the address of a feed. The secret
// itself is never seen here.
type Hash = [sha256.Size]byte

const byHash = "hash"

// Feeds are the calendar feeds of a service.
type Feeds struct {
	kind   Kind
	table  *resource.Table[Feed, *Feed]
	reads  *docstore.Collection[lastRead]
	random io.Reader
	now    func() time.Time
}

// Open opens the feeds in the store that the requests are of. Random is the source of ids;
// nil is crypto/rand.
func Open(ctx context.Context, store *docstore.Store, requests *resource.Requests, kind Kind, random io.Reader) (*Feeds, error) {
	if random == nil {
		random = rand.Reader
	}
	f := &Feeds{kind: kind, random: random, now: requests.Now}
	var err error
	f.table, err = resource.OpenTable[Feed](ctx, requests, resource.Kind[Feed]{
		Type: kind.Type, Name: kind.Name,
		Spec: docstore.Spec{Name: Collection, Indexes: []docstore.Index{{Name: byHash, Fields: []string{"hash"}, Unique: true, Partial: true}}},
		Tell: func(f Feed) any {
			f.Hash = nil
			return f
		},
	})
	if err != nil {
		return nil, fmt.Errorf("open the calendar feeds: %w", err)
	}
	if f.reads, err = docstore.OpenCollection[lastRead](ctx, store, docstore.Spec{Name: "calendar_reads", Silent: true}); err != nil {
		return nil, fmt.Errorf("open the calendar feeds: %w", err)
	}
	return f, nil
}

// Create makes a feed of a subject, which is there, whose secret has a hash. The error is
// resource.ErrExists for a retry, whose secret is not the first call's.
func (f *Feeds) Create(ctx context.Context, call resource.Call, displayName, subject string, hash Hash) (Listed, error) {
	id, err := call.NewID(f.random)
	if err != nil {
		return Listed{}, err
	}
	created, err := f.table.Create(ctx, call, id, Feed{DisplayName: displayName, Subject: subject, Hash: hash[:]}, f.kind.Event+".created")
	if err == nil && !bytes.Equal(created.State.Hash, hash[:]) { // the first call's
		name := f.kind.Name(created.ID)
		err = resource.ErrExists.Saying("%s was created by the first call with this request id, and its address is not shown again: "+
			"revoke it and create another.", name).WithResource(f.kind.Type, name)
	}
	if err != nil {
		return Listed{}, err
	}
	return Listed{Stored: created}, nil
}

// Get returns a feed, or resource.ErrNotFound.
func (f *Feeds) Get(ctx context.Context, id string) (Listed, error) {
	found, err := f.table.Get(ctx, id)
	if err != nil {
		return Listed{}, err
	}
	list, err := f.withReads(ctx, []resource.Stored[Feed]{found})
	if err != nil {
		return Listed{}, err
	}
	return list[0], nil
}

// List lists the feeds of a subject by id, the revoked among them; those of all where it
// is empty. Next is where the next page begins; nil on the last.
func (f *Feeds) List(ctx context.Context, subject string, size int, after resource.Place) (list []Listed, next resource.Place, err error) {
	page, err := f.table.List(ctx, docstore.Query{Limit: size, After: after}, nil, func(s resource.Stored[Feed]) bool {
		return subject == "" || s.State.Subject == subject
	})
	if err != nil {
		return nil, nil, err
	}
	list, err = f.withReads(ctx, page.Items)
	return list, page.Next, err
}

// withReads adds when feeds were last read.
func (f *Feeds) withReads(ctx context.Context, feeds []resource.Stored[Feed]) ([]Listed, error) {
	ids, list := make([]string, len(feeds)), make([]Listed, len(feeds))
	for i, s := range feeds {
		ids[i], list[i].Stored = s.ID, s
	}
	docs, err := f.reads.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	at := map[string]time.Time{}
	for _, d := range docs {
		at[d.ID] = d.Body.At
	}
	for i := range list {
		list[i].LastRead = at[list[i].ID]
	}
	return list, nil
}

// Revoke revokes a feed for good; one that was revoked is left as it is.
// resource.ErrNotFound; resource.ErrStale.
func (f *Feeds) Revoke(ctx context.Context, call resource.Call, id, etag string) (Listed, error) {
	_, err := f.table.Update(ctx, call, id, resource.IfEtag[Feed](etag), f.kind.Event+".revoked", func(s *Feed) error {
		s.Hash, s.Revoked = nil, cmp.Or(s.Revoked, f.now())
		return nil
	})
	if err != nil {
		return Listed{}, err
	}
	return f.Get(ctx, id)
}
