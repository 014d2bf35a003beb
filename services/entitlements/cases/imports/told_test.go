package imports_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource/feed"
	"github.com/evenhand/evenhand/services/entitlements/cases"
	"github.com/evenhand/evenhand/services/entitlements/changes"
)

// R39: the feed tells of an import which system and file it was of and what it did, and of
// each of its cases what that was called there.
func TestR39TheFeedTellsOfImports(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		relaying, stop := context.WithCancel(t.Context())
		relayed := make(chan error, 1)
		go func() { relayed <- f.store.RunRelay(relaying) }()
		t.Cleanup(func() { stop(); <-relayed })

		f.run(t, start, "id,account,issue,channel,opened\nC-1,acme,noise,phone,2026-02-02T09:00\n")
		var opened *cases.Told
		var last changes.Told
		done := errors.New("seen all")
		err := changes.Open(f.store).Watch(t.Context(), "", nil, func(b feed.Batch[changes.Told]) error {
			for _, c := range b.Changes {
				if c.Type == "case.imported" {
					require.Equal(t, "accounts/acme/cases/c-1", c.State.Name)
					opened = c.State.Case
				}
				if c.State.CaseImport != nil {
					last = c.State
				}
			}
			if opened != nil && last.CaseImport != nil && !last.CaseImport.State.Finished.IsZero() {
				return done
			}
			return nil
		})
		require.ErrorIs(t, err, done)
		require.Equal(t, start.Source, opened.Source)
		require.Equal(t, "C-1", opened.External)
		require.Equal(t, cases.ActOpened, opened.What)
		require.NotEmpty(t, opened.By.Principal)
		i := last.CaseImport.State
		require.Equal(t, []string{start.Source, start.Batch}, []string{i.Source, i.Batch})
		require.EqualValues(t, 1, i.Counts.Written)
	})
}
