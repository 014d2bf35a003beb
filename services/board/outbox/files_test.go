package outbox_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/board/outbox"
)

// Each message is one file, whatever its id is: whoever sends the e-mail finds it in the
// folder, and it stays known when it was moved to "sent".
func TestFilesOfMessages(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "outbox")
	files := &outbox.Files{Folder: folder, From: "board@example.com", Now: func() time.Time { return time.Unix(1_800_000_000, 0).UTC() }}
	for _, id := range []string{"invitation-1", "ideas/06dna8pk/tellings/1"} {
		before, err := files.Sent(t.Context(), id)
		require.NoError(t, err)
		require.False(t, before)
		message := outbox.Message{ID: id, Subject: "Ein schöner Tag", Body: "Two\nlines"}
		require.NoError(t, files.Send(t.Context(), outbox.Address{Name: "Ann", Email: "ann@example.com"}, message))
		after, err := files.Sent(t.Context(), id)
		require.NoError(t, err)
		require.True(t, after)
	}
	found, err := filepath.Glob(filepath.Join(folder, "*.eml"))
	require.NoError(t, err)
	require.Len(t, found, 2)

	text, err := os.ReadFile(found[0])
	require.NoError(t, err)
	require.Contains(t, string(text), "To: \"Ann\" <ann@example.com>\r\n")
	require.Contains(t, string(text), "\r\n\r\nTwo\r\nlines")

	sent := filepath.Join(folder, "sent")
	require.NoError(t, os.Mkdir(sent, 0o700))
	for _, path := range found {
		require.NoError(t, os.Rename(path, filepath.Join(sent, filepath.Base(path))))
	}
	for _, id := range []string{"invitation-1", "ideas/06dna8pk/tellings/1"} {
		known, err := files.Sent(t.Context(), id)
		require.NoError(t, err)
		require.True(t, known)
	}
}
