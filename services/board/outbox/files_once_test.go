package outbox

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAFileIsWrittenOnce(t *testing.T) {
	f := &Files{Folder: filepath.Join(t.TempDir(), "outbox"), From: "board@example.org",
		Now: func() time.Time { return time.Date(2026, 3, 6, 15, 30, 0, 0, time.UTC) }}
	to := Address{Name: "Ann", Email: "ann@example.org"}
	path, sent := filepath.Join(f.Folder, "m1.eml"), filepath.Join(f.Folder, "sent", "m1.eml")
	ended, end := context.WithCancel(t.Context())
	end()
	require.ErrorIs(t, f.Send(ended, to, Message{ID: "m1", Body: "late"}), ErrNotSent)
	require.NoFileExists(t, path)

	require.NoError(t, f.Send(t.Context(), to, Message{ID: "m1", Body: "first"}))
	require.NoError(t, f.Send(t.Context(), to, Message{ID: "m1", Body: "second"}))
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(text), "first")
	require.NoError(t, writeWhole(path, []byte("another")), "what is there stays")
	still, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, text, still)

	require.NoError(t, os.Mkdir(filepath.Dir(sent), 0o700))
	require.NoError(t, os.Rename(path, sent))
	require.NoError(t, f.Send(t.Context(), to, Message{ID: "m1", Body: "third"}))
	require.NoFileExists(t, path, "it is on its way already")
	entries, err := os.ReadDir(f.Folder)
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing else is left")
}
