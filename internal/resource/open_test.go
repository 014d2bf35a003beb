package resource

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// note is an aggregate to test with.
type note struct {
	Text   string    `bson:"text"`
	Slug   string    `bson:"slug,omitempty"`
	Rank   int       `bson:"rank"`
	Due    time.Time `bson:"due"`
	Labels []string  `bson:"labels,omitempty"`
	Times  `bson:",inline"`
}

var noteKind = Kind[note]{
	Type: "evenhand/Note", Name: func(id string) string { return "notes/" + id },
	Spec: docstore.Spec{Name: "notes", Indexes: []docstore.Index{
		{Name: "slug", Fields: []string{"slug"}, Unique: true, Partial: true},
		{Name: "urgency", Fields: []string{"rank", "due"}},
		{Name: "labels", Fields: []string{"labels"}, Multikey: true},
	}},
	Tell: func(n note) any { return n },
}

// fixture is a table of notes on a store of its own, without a relay.
type fixture struct {
	notes    *Table[note, *note]
	requests *Requests
	guards   *Guards
	clock    time.Time
}

var start = time.Date(2026, 3, 6, 15, 30, 0, 123_456_789, time.UTC)

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, backend := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, open(t, backend(t))) })
	}
}

func onSQLite(t *testing.T) *fixture { return open(t, teststore.SQLite(t)) }

func open(t *testing.T, backend docstore.Backend) *fixture {
	t.Helper()
	f := &fixture{clock: start}
	read := func() time.Time { return f.clock }
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{Now: read})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	f.requests, err = OpenRequests(t.Context(), store, read)
	require.NoError(t, err)
	f.guards, err = OpenGuards(t.Context(), store)
	require.NoError(t, err)
	f.notes, err = OpenTable(t.Context(), f.requests, noteKind)
	require.NoError(t, err)
	return f
}

// someone is a call on behalf of a person, without a request id.
var someone = Call{Principal: "principals/anna", Method: "test"}

// request is the same with a request id and a payload.
func request(id, payload string) Call {
	return Call{Principal: "principals/anna", Method: "test", RequestID: id, Payload: []byte(payload)}
}

// retext is a change of the text.
func retext(text string) func(*note) error {
	return func(n *note) error {
		n.Text = text
		return nil
	}
}
