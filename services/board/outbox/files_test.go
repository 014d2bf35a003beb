package outbox_test

import (
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
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

// A message with an attachment says the same twice: to people first, then to programs.
func TestFilesOfMessagesWithAnAttachment(t *testing.T) {
	folder := t.TempDir()
	files := &outbox.Files{Folder: folder, From: "board@example.com", Now: now}
	content := []byte(strings.Repeat("BEGIN:VCALENDAR\r\n--=_\r\n", 20))
	m := outbox.Message{ID: "a.b", Subject: "A meeting", Body: "Two\nlines — ü\n",
		Attachment: &outbox.Attachment{Name: "meeting.ics", Type: "text/calendar; charset=utf-8; method=REQUEST", Content: content}}
	require.NoError(t, files.Send(t.Context(), outbox.Address{Name: "Ann", Email: "ann@example.com"}, m))
	file, err := os.Open(filepath.Join(folder, "a.b.eml"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	letter, err := mail.ReadMessage(file)
	require.NoError(t, err)
	require.Equal(t, "A meeting", letter.Header.Get("Subject"))
	kind, parameters, err := mime.ParseMediaType(letter.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)

	parts := multipart.NewReader(letter.Body, parameters["boundary"])
	text, err := parts.NextPart()
	require.NoError(t, err)
	require.Equal(t, "text/plain; charset=utf-8", text.Header.Get("Content-Type"))
	read, err := io.ReadAll(text) // which undoes quoted-printable
	require.NoError(t, err)
	require.Equal(t, "Two\r\nlines — ü\r\n", string(read))
	entry, err := parts.NextPart()
	require.NoError(t, err)
	require.Equal(t, "meeting.ics", entry.FileName())
	kind, parameters, err = mime.ParseMediaType(entry.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "text/calendar", kind)
	require.Equal(t, "REQUEST", parameters["method"])
	require.Equal(t, "base64", entry.Header.Get("Content-Transfer-Encoding"))
	read, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, entry))
	require.NoError(t, err)
	require.Equal(t, content, read)
	_, err = parts.NextPart()
	require.ErrorIs(t, err, io.EOF)

	for _, odd := range []string{"", "text/calendar\r\nBcc: all@example.com", "no type"} {
		m.ID, m.Attachment.Type = "odd", odd
		require.ErrorIs(t, files.Send(t.Context(), outbox.Address{Email: "ann@example.com"}, m), outbox.ErrNotSent)
	}
}
