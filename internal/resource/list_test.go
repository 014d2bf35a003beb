package resource

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Pages joined are the list, whatever their size, the order and the filter; the place
// between two of them goes through a page token.
func TestPagesJoinedAreTheList(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		const notes = 60
		for i := range notes {
			_, err := f.notes.Create(t.Context(), someone, fmt.Sprintf("n%02d", i),
				note{Rank: i % 4, Due: start.AddDate(0, 0, i%7)}, "note.created")
			require.NoError(t, err)
		}
		keeps := map[string]func(Stored[note]) bool{
			"all": nil, "some": func(s Stored[note]) bool { return s.State.Rank == 2 }, "none": func(Stored[note]) bool { return false },
		}
		byUrgency := func(s Stored[note]) Place { return Place{s.State.Rank, s.State.Due, s.ID} }
		rapid.Check(t, func(t *rapid.T) {
			q := docstore.Query{Descending: rapid.Bool().Draw(t, "descending"), Limit: notes + 1}
			var place func(Stored[note]) Place
			if rapid.Bool().Draw(t, "by urgency") {
				q.Index, place = "urgency", byUrgency
			}
			keep := keeps[rapid.SampledFrom([]string{"all", "some", "none"}).Draw(t, "keep")]
			whole, err := f.notes.List(t.Context(), q, place, keep)
			require.NoError(t, err)
			require.Nil(t, whole.Next)
			var joined []Stored[note]
			q.Limit = rapid.IntRange(1, notes).Draw(t, "size")
			for {
				page, err := f.notes.List(t.Context(), q, place, keep)
				require.NoError(t, err)
				joined = append(joined, page.Items...)
				if page.Next == nil {
					break
				}
				require.Len(t, page.Items, q.Limit)
				token, err := json.Marshal(page.Next)
				require.NoError(t, err)
				var after Place
				require.NoError(t, json.Unmarshal(token, &after))
				q.After = after
			}
			require.Equal(t, whole.Items, joined)
		})
	})
}

func TestAPlaceKeepsItsTypes(t *testing.T) {
	due := start.Truncate(time.Millisecond)
	for text, place := range map[string]Place{
		`["acme"]`: {"acme"}, `["Ünïcode \"quoted\"","a"]`: {`Ünïcode "quoted"`, "a"},
		`[{"$numberLong":"9007199254740993"},true,"a"]`:                      {int64(9007199254740993), true, "a"},
		fmt.Sprintf(`[{"$date":{"$numberLong":"%d"}},"a"]`, due.UnixMilli()): {due, "a"},
	} {
		written, err := json.Marshal(place)
		require.NoError(t, err)
		require.Equal(t, text, string(written))
		var read Place
		require.NoError(t, json.Unmarshal(written, &read))
		require.Equal(t, place, read)
	}
	var read Place
	require.Error(t, json.Unmarshal([]byte(`[{"$numberLong":"x"}]`), &read))
	require.Error(t, json.Unmarshal([]byte(`[{"an":"object"}]`), &read))
}
