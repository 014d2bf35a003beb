package feeds

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, store *docstore.Store)) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) {
			store, err := docstore.OpenStore(t.Context(), open(t), docstore.Options{})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, store.Close()) })
			test(t, store)
		})
	}
}
