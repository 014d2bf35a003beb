package test

import (
	"encoding/json"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// R40: ideas from the question to "you said, we did": merged, taken out, merged again,
// decided and done, and each who gave one is told once, without who else did.
func TestR40IdeasFromTheQuestionToWhatWasDone(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, name := range []string{"Harbour", "Brook", "Mill"} {
		s.cli("accounts", "create", "--display-name", name)
	}
	s.cli("accounts", "contacts", "add", "harbour", "Ines Roth", "--email", "ines@harbour.example")
	day := func(days int) string { return time.Now().UTC().AddDate(0, 0, days).Format(time.DateOnly) }
	s.await("the accounts", func() bool {
		return s.try("board", "solicit", "create", "What of packing?", "--id", "packing", "--all-accounts", "--closes", day(10), "--decision", day(20)).code == 0
	})
	s.cli("board", "solicit", "open", "packing")
	submit := func(title string, args ...string) string {
		var idea struct{ Name string }
		require.NoError(t, json.Unmarshal([]byte(s.cli(append([]string{"board", "ideas", "submit", title, "--solicitation", "packing", "-o", "json"}, args...)...)), &idea))
		return idea.Name
	}
	refused := func(told string, args ...string) {
		t.Helper()
		got := s.try(append([]string{"board", "ideas"}, args...)...)
		require.Equal(t, 1, got.code, got.stdout)
		require.Contains(t, got.stderr, told)
	}
	one := submit("Less plastic in parcels", "--account", "harbour", "--contact", "ines-roth")
	two := submit("Less plastic in the parcels", "--account", "brook")
	s.cli("board", "ideas", "vote", one, "--account", "harbour")
	for range 2 {
		s.cli("board", "ideas", "vote", two, "--account", "mill")
	}
	votes := func(idea string) string { return value(t, s.cli("board", "ideas", "get", idea), "Votes") }
	s.cli("board", "ideas", "merge", two, one)
	require.Equal(t, "2", votes(one))
	s.cli("board", "ideas", "unmerge", two)
	require.Equal(t, []string{"1", "1"}, []string{votes(one), votes(two)})
	s.cli("board", "ideas", "merge", two, one)
	refused("cannot be merged into itself", "merge", one, one)
	refused("that is the one to be decided", "decide", two, "decline", "--reason", "No.")
	refused("cannot be followed up yet", "follow-up", one, "Ordered.")
	s.cli("board", "ideas", "decide", one, "adopt", "--reason", "It pays.", "--owner", "local-admin", "--due", day(30))
	refused("evidence", "follow-up", one, "Done.", "--done")
	s.cli("board", "ideas", "follow-up", one, "Done.", "--done", "--evidence", "order 7")

	var letters []string
	s.await("the letters", func() bool {
		var err error
		letters, err = filepath.Glob(filepath.Join(s.data, "outbox", "*.eml"))
		require.NoError(t, err)
		return len(letters) == 2
	})
	for _, path := range letters { // the answer and that it was done, to the one contact there is
		file, err := os.Open(path)
		require.NoError(t, err)
		letter, err := mail.ReadMessage(file)
		require.NoError(t, err)
		require.NoError(t, file.Close())
		require.Equal(t, `"Ines Roth" <ines@harbour.example>`, letter.Header.Get("To"))
	}
	own := s.cli("board", "said-and-did", "--account", "harbour")
	require.Contains(t, own, "(Ines Roth, Harbour; also 1 other,")
	require.NotContains(t, own, "Brook")
	require.Contains(t, s.cli("board", "said-and-did", "--solicitation", "packing"), "(Ines Roth, Harbour; also Brook,")

	var idea struct {
		Tellings []struct{ Contact string }
	}
	require.NoError(t, json.Unmarshal(s.get("/v1/"+one, http.StatusOK), &idea))
	for _, told := range idea.Tellings {
		require.Equal(t, "accounts/harbour/contacts/ines-roth", told.Contact, "only who was written to was told")
	}
}
