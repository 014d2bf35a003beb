package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

// A database that knew nothing of indexes that carry a field gets them: an
// index that is to carry one is made anew of the documents there are.
func TestAnEarlierDatabaseGetsAnIndexThatCarries(t *testing.T) {
	path := filepath.Join(t.TempDir(), "earlier.db")
	body, err := bson.Marshal(bson.D{{Key: "rank", Value: int64(7)}, {Key: "blob", Value: []byte("carried")}})
	require.NoError(t, err)
	spec := docstore.Spec{Name: "things", Indexes: []docstore.Index{{Name: "rank", Fields: []string{"rank"}}}}
	earlier, err := Open(t.Context(), path, Options{})
	require.NoError(t, err)
	require.NoError(t, earlier.Declare(t.Context(), spec))
	require.NoError(t, earlier.Insert(t.Context(), "things", []docstore.Record{{ID: "a", Version: 1, Body: body}}))
	require.NoError(t, earlier.(*backend).write(t.Context(), func(c *conn) error {
		_, err := c.exec("ALTER TABLE meta_indexes DROP COLUMN carries")
		return err
	}))
	require.NoError(t, earlier.Close())

	now, err := Open(t.Context(), path, Options{})
	require.NoError(t, err)
	defer func() { require.NoError(t, now.Close()) }()
	spec.Indexes[0].Carries = "blob"
	require.NoError(t, now.Declare(t.Context(), spec))
	entries, last, err := now.Entries(t.Context(), "things", docstore.Query{Index: "rank", Limit: 10})
	require.NoError(t, err)
	require.Equal(t, []docstore.Entry{{ID: "a", Carried: []byte("carried")}}, entries)
	require.Equal(t, []any{int64(7), "a"}, last)
	require.NoError(t, now.Declare(t.Context(), spec), "as it is")
}
