package docstore

import (
	"errors"
	"fmt"
)

var (
	// ErrNotFound says that there is no such document.
	ErrNotFound = errors.New("document not found")
	// ErrExists says that a document with this id is already there.
	ErrExists = errors.New("document already exists")
	// ErrTombstone says that the id belongs to a deleted document that the feed
	// still speaks of.
	ErrTombstone = errors.New("document was deleted and its id is not free yet")
	// ErrConflict says that the document changed since it was read, and, from
	// Update, that it kept changing for all retries.
	ErrConflict = errors.New("document was changed by somebody else")
	// ErrFenced says that another relay has written the feed at this position.
	ErrFenced = errors.New("feed position is taken")
	// ErrRepeated says that the feed already has the event.
	ErrRepeated = errors.New("event is already in the feed")
	// ErrOutOfRange says that a position is older than the feed's retention: take
	// the head, list everything, and go on from there.
	ErrOutOfRange = errors.New("feed position is no longer kept")
	// ErrUnavailable says that the database cannot be reached now; it may be tried
	// again.
	ErrUnavailable = errors.New("database is not available")
	// ErrTooLarge says that a document is over MaxBody.
	ErrTooLarge = errors.New("document is too large")
	// ErrRequestReused says that a request id came again with another payload.
	ErrRequestReused = errors.New("request id was used before with another payload")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("store is closed")
	// ErrLocked says that another process has the embedded database open.
	ErrLocked = errors.New("database is in use by another process")
)

// DuplicateError says that a unique index already has the document's values, or that
// the document itself has one twice.
type DuplicateError struct {
	// Index is the name of the index.
	Index string
}

func (e *DuplicateError) Error() string {
	return fmt.Sprintf("a value is taken in unique index %q", e.Index)
}

// BatchError says which documents of a batch could not be written, by their place
// in it; all others were.
type BatchError struct {
	Failed map[int]error
}

func (e *BatchError) Error() string {
	first := -1
	for i := range e.Failed {
		if first < 0 || i < first {
			first = i
		}
	}
	return fmt.Sprintf("%d documents of the batch were not written; document %d: %v", len(e.Failed), first, e.Failed[first])
}

// Unwrap returns the errors of the single documents.
func (e *BatchError) Unwrap() []error {
	errs := make([]error, 0, len(e.Failed))
	for _, err := range e.Failed {
		errs = append(errs, err)
	}
	return errs
}
