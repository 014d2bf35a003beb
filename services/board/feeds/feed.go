package feeds

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// feedType is the API's type of feeds.
const feedType = "evenhand/CalendarFeed"

// Name returns the resource name of a feed.
func Name(id string) string { return names.Join("calendarFeeds", id) }

// The collections that the subject of a feed is in.
const (
	ofBoard     = "boards"
	ofAccount   = "accounts"
	ofPrincipal = "principals"
)

// Feed is a secret address at which a calendar can be read.
type Feed struct {
	DisplayName string `bson:"display_name,omitempty"`
	// Subject says whose calendar: boards/{board} all of a board; accounts/{account} the
	// own matters of a member; principals/{principal} all of the boards that are
	// assigned to an account manager when it is read.
	Subject string `bson:"subject"`
	// Hash is the SHA-256 of the secret; nil once the feed is revoked.
	Hash []byte `bson:"hash,omitempty"`
	// Revoked is when it was revoked; zero while it can be read.
	Revoked        time.Time `bson:"revoked,omitempty"`
	resource.Times `bson:",inline"`
}

const byHash = "hash"

func openTable(ctx context.Context, requests *resource.Requests) (*resource.Table[Feed, *Feed], error) {
	return resource.OpenTable[Feed](ctx, requests, resource.Kind[Feed]{
		Type: feedType, Name: Name,
		Spec: docstore.Spec{Name: "calendar_feeds", Indexes: []docstore.Index{{Name: byHash, Fields: []string{"hash"}, Unique: true, Partial: true}}},
		Tell: func(f Feed) any {
			f.Hash = nil
			return f
		},
	})
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

// Create makes a feed of a subject whose secret has a hash. INVALID_ARGUMENT for a
// subject that is none; NOT_FOUND for a board, an account or a principal that there is not;
// resource.ErrExists for a retry, whose secret is not the first call's.
func (s *Service) Create(ctx context.Context, call resource.Call, displayName, subject string, hash Hash) (Listed, error) {
	kind, id, ok := parseSubject(subject)
	if !ok {
		return Listed{}, fault.Invalid("calendar_feed.subject",
			"%q is not boards/{board}, accounts/{account} or principals/{principal}", subject)
	}
	if err := s.exists(ctx, kind, id); err != nil {
		return Listed{}, err
	}
	feedID, err := call.NewID(s.random)
	if err != nil {
		return Listed{}, err
	}
	created, err := s.table.Create(ctx, call, feedID, Feed{DisplayName: displayName, Subject: subject, Hash: hash[:]}, "calendar_feed.created")
	if err == nil && !bytes.Equal(created.State.Hash, hash[:]) { // the first call's
		err = resource.ErrExists.Saying("%s was created by the first call with this request id, and its address is not shown again: "+
			"revoke it and create another.", Name(created.ID)).WithResource(feedType, Name(created.ID))
	}
	if err != nil {
		return Listed{}, err
	}
	return Listed{Stored: created}, nil
}

func parseSubject(subject string) (kind, id string, ok bool) {
	for _, kind := range []string{ofBoard, ofAccount, ofPrincipal} {
		if id, ok := names.ID(subject, kind); ok {
			return kind, id, true
		}
	}
	return "", "", false
}

func (s *Service) exists(ctx context.Context, kind, id string) error {
	var err error
	switch kind {
	case ofBoard:
		_, err = s.boards.Board(ctx, id)
	case ofAccount:
		_, _, err = s.boards.Account(ctx, id)
	case ofPrincipal:
		err = s.boards.Principal(ctx, id)
	}
	return err
}

// AssignedTo reports whether the subject of a feed is assigned to a principal: its own
// calendar, a board that it manages, an account of its own.
func (s *Service) AssignedTo(ctx context.Context, subject, principal string) (bool, error) {
	kind, id, _ := parseSubject(subject)
	switch kind {
	case ofPrincipal:
		return id == principal, nil
	case ofBoard:
		b, err := s.boards.Board(ctx, id)
		return slices.Contains(b.Managers, principal), err
	case ofAccount:
		_, owners, err := s.boards.Account(ctx, id)
		return slices.Contains(owners, principal), err
	}
	return false, nil
}

// Get returns a feed, or resource.ErrNotFound.
func (s *Service) Get(ctx context.Context, id string) (Listed, error) {
	f, err := s.table.Get(ctx, id)
	if err != nil {
		return Listed{}, err
	}
	list, err := s.withReads(ctx, []resource.Stored[Feed]{f})
	if err != nil {
		return Listed{}, err
	}
	return list[0], nil
}

// List lists the feeds of a subject by id, the revoked among them; those of all where it
// is empty. Next is where the next page begins; nil on the last.
func (s *Service) List(ctx context.Context, subject string, size int, after resource.Place) (list []Listed, next resource.Place, err error) {
	page, err := s.table.List(ctx, docstore.Query{Limit: size, After: after}, nil, func(f resource.Stored[Feed]) bool {
		return subject == "" || f.State.Subject == subject
	})
	if err != nil {
		return nil, nil, err
	}
	list, err = s.withReads(ctx, page.Items)
	return list, page.Next, err
}

// withReads adds when feeds were last read.
func (s *Service) withReads(ctx context.Context, feeds []resource.Stored[Feed]) ([]Listed, error) {
	ids, list := make([]string, len(feeds)), make([]Listed, len(feeds))
	for i, f := range feeds {
		ids[i], list[i].Stored = f.ID, f
	}
	docs, err := s.reads.GetMany(ctx, ids)
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
func (s *Service) Revoke(ctx context.Context, call resource.Call, id, etag string) (Listed, error) {
	_, err := s.table.Update(ctx, call, id, resource.IfEtag[Feed](etag), "calendar_feed.revoked", func(f *Feed) error {
		f.Hash, f.Revoked = nil, cmp.Or(f.Revoked, s.now())
		return nil
	})
	if err != nil {
		return Listed{}, err
	}
	return s.Get(ctx, id)
}
