package resource

import (
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/etag"
)

// Times are when an aggregate was created and last changed. The state of every kind of
// aggregate embeds them, inline, and the table sets them.
type Times struct {
	Created time.Time `bson:"created"`
	Updated time.Time `bson:"updated"`
}

func (t *Times) times() *Times { return t }

// Aggregate is a pointer to the state of a kind of aggregate, which embeds Times.
type Aggregate[T any] interface {
	*T
	times() *Times
}

// CreatedOf returns when an aggregate was created, for its etag.
func CreatedOf[T any, P Aggregate[T]](state P) time.Time { return state.times().Created }

// record is a document's body: the state, and the requests that made it so.
type record[T any] struct {
	State              T `bson:",inline"`
	docstore.CreatedBy `bson:",inline"`
	docstore.Effects   `bson:",inline"`
}

// Stored is an aggregate as it was read or written.
type Stored[T any] struct {
	ID string
	// Aggregate names it in the feed; with Version it is a consistency token.
	Aggregate string
	Version   int64
	// Created is when the aggregate was, in which its etag tells it from an earlier one
	// of the same id.
	Created time.Time
	State   T
}

// Etag returns what a caller sends back to change only what it has read.
func (s Stored[T]) Etag() string { return etag.Of(s.Version, s.Created) }

// Condition is what an aggregate has to fulfil to be changed; nil is fulfilled by all.
type Condition[T any] func(Stored[T]) bool

// IfEtag wants the aggregate to be as it was read; none, and "*", want nothing.
func IfEtag[T any](given string) Condition[T] {
	if given == "" || given == "*" {
		return nil
	}
	return func(s Stored[T]) bool { return s.Etag() == given }
}

// IfVersion wants the aggregate to be at a version.
func IfVersion[T any](version int64) Condition[T] {
	return func(s Stored[T]) bool { return s.Version == version }
}
