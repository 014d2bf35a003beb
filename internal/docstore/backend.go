package docstore

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Spec declares a collection: its name and its indexes. Opening a collection
// creates what is missing; an index that is no longer declared is left alone.
type Spec struct {
	// Name matches [a-z][a-z0-9_]{0,62}.
	Name    string
	Indexes []Index
	// Silent says that these documents never emit events: the relay does not scan
	// them, and a deleted one leaves nothing behind.
	Silent bool
}

// Index declares an index over fields of the body. Documents come out of it in
// ascending order of its fields and then of their id.
type Index struct {
	// Name matches [a-z][a-z0-9_]{0,62} and is unique within the collection.
	Name string
	// Fields are dotted paths below the body ("external.source"). Values are
	// strings, booleans, int64, binary or dates, and of one type per field. Binary
	// values of one field are of one length where their order matters.
	Fields []string
	// Unique refuses a second document with the same values (DuplicateError). On a
	// multikey index no value may stand in two documents, nor twice in one: the latter
	// Collection refuses, since some databases then lose sight of the other values.
	Unique bool
	// Partial leaves out documents that lack one of the fields, or hold null
	// there. An index that is not partial wants every field present.
	Partial bool
	// Multikey says that the path of the first field meets an array, at its end
	// ("keys") or on the way ("entries.key"); each of its elements is indexed, and
	// an empty array is like an index entry that does not exist. A query over such
	// an index fixes that field (Equal).
	Multikey bool
	// Carries names a top-level field of binary values that are kept beside the entries, so
	// that Entries reads them without the documents. It is no part of the order, and may
	// change. Unique and multikey indexes carry nothing.
	Carries string
}

// Entry is what an index has of a document.
type Entry struct {
	ID string
	// Carried is the value of the field that the index carries; empty where it is absent.
	Carried []byte
}

// Record is a document as a backend keeps it.
type Record struct {
	ID      string
	Version int64
	// Body is the aggregate; it is empty in a tombstone.
	Body bson.Raw
	// Out are, in Insert and Replace, the events of this write, and from Pending
	// those not yet relayed, in order of N. Other reads leave it empty.
	Out []Event
	// Dead marks a tombstone: the document was deleted, and what is left is what
	// the relay still has to tell. Reads by users never see it.
	Dead bool
}

// Event is something that happened to a document, written with the change.
type Event struct {
	// N is the version of the document right after this event.
	N int64 `bson:"n"`
	// Type names what happened, as "account.created".
	Type string `bson:"type"`
	// At is when, to the millisecond, by the writer's clock.
	At time.Time `bson:"at"`
	// Who is the principal on whose behalf the change was made.
	Who string `bson:"who"`
	// Data is what the event says; a BSON document, possibly empty.
	Data bson.Raw `bson:"data,omitempty"`
}

// FeedEvent is an event at its place in the feed.
type FeedEvent struct {
	// Position counts from 1 without gaps.
	Position int64 `bson:"_id"`
	// Source is the aggregate, "collection/id".
	Source string `bson:"source"`
	// Recorded is when the relay put it there, to the millisecond; it never goes
	// backwards along the feed.
	Recorded time.Time `bson:"recorded"`
	Event    `bson:",inline"`
}

// Query asks for documents in the order of an index, or of their ids when Index
// is empty. Values reach a backend as string, bool, int64, []byte or time.Time (to
// the millisecond, UTC), whatever their kind in Go was.
type Query struct {
	Index string
	// Equal fixes the leading fields of the index.
	Equal []any
	// From (inclusive) and To (exclusive) bound the field after those (or the id);
	// nil leaves that end open.
	From, To any
	// After continues behind a document returned earlier: the values of the index
	// fields that are not fixed by Equal, then its id. It is safe while documents
	// are written.
	After []any
	// Descending turns the whole order round.
	Descending bool
	// Limit is the most documents to return; it must be positive.
	Limit int
}

// Backend is what a database has to do for this contract. All of it is covered by
// the conformance suite in package storetest. A backend is safe for concurrent use.
// What it acknowledges is durable. Errors are those of this package, or wrap the
// database's own.
type Backend interface {
	// Declare creates the collection and those of its indexes that are missing.
	Declare(ctx context.Context, spec Spec) error

	// Insert writes new documents, each atomically and independently of the
	// others. Where some could not be written it returns a *BatchError that names
	// them: ErrExists for an id in use, *DuplicateError for a unique index. A
	// tombstone under the id counts as in use (ErrTombstone).
	Insert(ctx context.Context, collection string, records []Record) error
	// Get returns the documents with these ids in the order asked, leaving out those
	// that are not there. Tombstones are returned, marked Dead.
	Get(ctx context.Context, collection string, ids []string) ([]Record, error)
	// Replace writes r over the document with its id if that is at version
	// ifVersion; otherwise ErrConflict, and ErrNotFound where there is none. Events
	// still in the stored document's outbox stay there, before those of r.Out.
	Replace(ctx context.Context, collection string, ifVersion int64, r Record) error
	// Find returns live documents.
	Find(ctx context.Context, collection string, q Query) ([]Record, error)
	// Entries returns the entries that an index which carries a field has of the documents
	// that Find would return, and the place of the last of them, for Query.After.
	Entries(ctx context.Context, collection string, q Query) (entries []Entry, last []any, err error)
	// Lookup returns the live documents in which the field of a single-field index
	// has (or, multikey, contains) one of the values. Order is not defined, and a
	// document comes once.
	Lookup(ctx context.Context, collection, index string, values []any) ([]Record, error)

	// Pending returns up to limit documents with a non-empty outbox, tombstones
	// among them, in order of id from behind after. Bodies are left out.
	Pending(ctx context.Context, collection, after string, limit int) ([]Record, error)
	// Tombstones returns up to limit tombstones with an empty outbox, in order of
	// id from behind after.
	Tombstones(ctx context.Context, collection, after string, limit int) ([]Record, error)
	// Relayed takes events up to and including n out of each outbox.
	Relayed(ctx context.Context, collection string, upTo map[string]int64) error
	// Purge deletes the tombstone with this id if its version is unchanged and its
	// outbox empty; otherwise it does nothing.
	Purge(ctx context.Context, collection, id string, version int64) error

	// AppendFeed writes events to the feed at the positions they carry, in order. It
	// stops at the first that cannot be written and returns how many were: ErrFenced
	// where the position is taken (another relay was faster), ErrRepeated where the
	// feed already has this (source, n).
	AppendFeed(ctx context.Context, events []FeedEvent) (int, error)
	// ReadFeed returns up to limit events with positions above after, in order.
	ReadFeed(ctx context.Context, after int64, limit int) ([]FeedEvent, error)
	// FeedBounds returns the first and the last position held, and the instant at
	// which the last was recorded; 0, 0 for an empty feed. A feed that was trimmed
	// to nothing still knows its last position.
	FeedBounds(ctx context.Context) (first, last int64, recorded time.Time, err error)
	// LocateFeed returns the position of an event, or 0 where the feed has it not.
	LocateFeed(ctx context.Context, source string, n int64) (int64, error)
	// TrimFeed deletes events at positions up to and including upTo, but never the
	// last one.
	TrimFeed(ctx context.Context, upTo int64) error

	// Embedded says that no other process can have the database open, so that a
	// lease found there at start belongs to a process that is dead.
	Embedded() bool
	// Ping says whether the database answers.
	Ping(ctx context.Context) error
	Close() error
}
