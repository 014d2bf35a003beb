package outbox

import (
	"io/fs"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whatever the id of a message, it is one file of the folder, and found again.
func TestAnyIDIsAFile(t *testing.T) {
	ids := []string{"advisory.march.ash.1", "ideas/x/1", "ideas/x/2", "ideas.x.1", "ideas~x~1", "../escape", "", ".", "a.", ".hidden", "UPPER", "upper", "a b", "a\nb", "a>b",
		strings.Repeat("long", 100), strings.Repeat("long", 101)}
	folder := t.TempDir()
	f := &Files{Folder: filepath.Join(folder, "outbox"), From: "board@example.com", Now: time.Now}
	for _, id := range ids {
		sent, err := f.Sent(t.Context(), id)
		require.NoError(t, err)
		require.False(t, sent, "%q", id)
		require.NoError(t, f.Send(t.Context(), Address{"Jo", "jo@example.com"}, Message{ID: id, Subject: "Hello", Body: id}), "%q", id)
		sent, err = f.Sent(t.Context(), id)
		require.NoError(t, err)
		require.True(t, sent, "%q", id)
	}
	messages := map[string]bool{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		if d.IsDir() {
			return nil
		}
		require.Equal(t, f.Folder, filepath.Dir(path))
		require.Equal(t, ".eml", filepath.Ext(path))
		file, err := os.Open(path)
		require.NoError(t, err)
		defer file.Close()
		letter, err := mail.ReadMessage(file)
		require.NoError(t, err)
		messages[letter.Header.Get("Message-ID")] = true
		return nil
	}))
	require.Len(t, messages, len(ids))

	// What is on its way is found too.
	require.NoError(t, os.Mkdir(filepath.Join(f.Folder, "sent"), 0o700))
	name := fileName("ideas/x/1")
	require.NoError(t, os.Rename(filepath.Join(f.Folder, name), filepath.Join(f.Folder, "sent", name)))
	sent, err := f.Sent(t.Context(), "ideas/x/1")
	require.NoError(t, err)
	require.True(t, sent)
	require.Equal(t, "ideas~x~1.eml", name)
	require.Equal(t, "advisory.march.ash.1.eml", fileName("advisory.march.ash.1"))
}
