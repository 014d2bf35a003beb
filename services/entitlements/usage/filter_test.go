package usage

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
)

// A request that was added is always known; of the others few are taken for one, as long as
// they are not many.
func TestAFilterForgetsNoRequest(t *testing.T) {
	key := func(i int) []byte { return docstore.NewRequest("anna", "test", fmt.Sprint("r-", i), nil).Key }
	var f filter
	require.False(t, f.may(key(0)), "an empty one knows none")
	for n := range 400 {
		f.add(key(n))
		for i := range n + 1 {
			require.True(t, f.may(key(i)))
		}
		if n+1 == 100 {
			require.Less(t, f.mistaken(key), 10)
		}
	}
	require.Less(t, f.mistaken(key), 150)
	require.Len(t, f, filterSize)
}

// mistaken is how many of a thousand requests that were not added are taken for one.
func (f filter) mistaken(key func(int) []byte) int {
	n := 0
	for i := range 1000 {
		if f.may(key(1000 + i)) {
			n++
		}
	}
	return n
}
