package mongodb

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

func TestIndexNamedInMessages(t *testing.T) {
	for message, want := range map[string]string{
		`E11000 duplicate key error collection: db.things index: _id_ dup key: { _id: "a" }`:                           "_id_",
		`E11000 duplicate key error collection: db.things index: ext_key dup key: { body.k: " index: other dup key" }`: "ext_key",
		`E11000 duplicate key error collection: db.index index: name dup key: { body.name: "x" }`:                      "name",
		`Duplicate key violation on the requested collection: Index 'ext_key'`:                                         "ext_key",
		`duplicate key`: "",
	} {
		require.Equal(t, want, indexNamed(message), message)
	}
}

// TestDuplicateWithoutAName is for servers whose messages do not name the index.
func TestDuplicateWithoutAName(t *testing.T) {
	b := openTest(t, Options{})
	ctx := t.Context()
	spec := docstore.Spec{Name: "things", Indexes: []docstore.Index{
		{Name: "plain", Fields: []string{"name"}},
		{Name: "source", Fields: []string{"source", "code"}, Unique: true},
		{Name: "keys", Fields: []string{"keys"}, Unique: true, Multikey: true},
	}}
	require.NoError(t, b.Declare(ctx, spec))
	body := func(code string, keys ...string) bson.M {
		return bson.M{"name": "n", "source": "s", "code": code, "keys": keys}
	}
	require.NoError(t, b.Insert(ctx, "things", []docstore.Record{record(t, "a", 1, body("1", "k1", "k2"))}))

	index := func(id string, body bson.M) error {
		failed := map[int]error{}
		require.NoError(t, b.explain(ctx, spec, []duplicate{{at: 3, record: record(t, id, 1, body)}}, failed))
		return failed[3]
	}
	require.ErrorIs(t, index("a", body("1", "k1")), docstore.ErrExists)
	require.Equal(t, &docstore.DuplicateError{Index: "source"}, index("b", body("1")))
	require.Equal(t, &docstore.DuplicateError{Index: "keys"}, index("b", body("2", "k3", "k2")))
	require.ErrorIs(t, index("b", body("2", "k3")), docstore.ErrConflict)
}
