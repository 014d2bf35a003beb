package test

import (
	"encoding/json"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The rotations of boardRules, by their days, are on the second Tuesday of March; the
// first is next year's, so that it is to come on whatever day the tests run.
var (
	firstYear      = time.Now().UTC().Year() + 1
	firstRotation  = secondTuesday(firstYear)
	secondRotation = secondTuesday(firstYear + 1)
)

func secondTuesday(year int) string {
	day := time.Date(year, time.March, 8, 0, 0, 0, 0, time.UTC)
	for day.Weekday() != time.Tuesday {
		day = day.AddDate(0, 0, 1)
	}
	return day.Format(time.DateOnly)
}

// commit commits the draw of the first rotation to a public round, the value of which is
// known some seconds from then, and returns its arguments. Where the commitment comes too
// late for the round, on a busy machine, the next one names a round that is further away.
func (s *server) commit() (shown string, args []string) {
	s.t.Helper()
	ahead := 4 * time.Second
	s.await("the commitment", func() bool {
		ahead *= 2
		known := time.Now().Add(ahead).UTC().Format(time.RFC3339)
		args = []string{"board", "rotations", "commit", "advisory", firstRotation,
			"--round-source", "drand quicknet", "--round-number", "4712345", "--round-time", known}
		got := s.try(args...)
		if got.code != 0 {
			require.Contains(s.t, got.stderr, "name a round that is still to come", "nothing else is in the way")
		}
		shown = got.stdout
		return got.code == 0
	})
	return shown, args
}

// drawn draws as soon as the round's value is known, and not before.
func (s *server) drawn() string {
	s.t.Helper()
	var got result
	s.await("the round", func() bool {
		got = s.try("board", "rotations", "draw", "advisory", firstRotation, "--round-value", "0f3a9c")
		if got.code != 0 {
			require.Contains(s.t, got.stderr, "is known from", "nothing else is in the way")
		}
		return got.code == 0
	})
	return got.stdout
}

// readyBoard makes a board of three seats with a charter, twelve candidates who consented,
// and its rotations laid out.
func readyBoard(t *testing.T, s *server) {
	t.Helper()
	s.cli("board", "create", "--id", "advisory", "--display-name", "Advisory", "--time-zone", "Europe/Paris")
	s.cli("attributes", "declare", "sector", "--display-name", "Sector")
	var file strings.Builder
	file.WriteString("account,person,mail\n")
	for n := range 12 {
		sector := []string{"Energy", "Health", "Retail"}[n%3]
		s.cli("accounts", "create", "--id", fmt.Sprintf("shop-%d", n), "--display-name", fmt.Sprintf("Customer %d", n), "--attribute", "sector="+sector)
		fmt.Fprintf(&file, "shop-%d,Person %d,p%d@customer.example\n", n, n, n)
	}
	volunteers := write(t, t.TempDir(), "volunteers.csv", file.String())
	s.await("the candidates", func() bool { // once the board service has heard of the accounts
		return s.try("board", "candidates", "import", "advisory", volunteers, "--column", "contact-name=person", "--column", "contact-email=mail").code == 0
	})
	s.cli("board", "charter", "publish", "advisory", write(t, t.TempDir(), "charter.yaml", boardRules), "--reason", "The first",
		"--effective", fmt.Sprintf("%d-01-01", firstYear))
	s.cli("board", "rotations", "lay-out", "advisory", "--until", fmt.Sprintf("%d-12-31", firstYear+3))
}

// A rotation from its pool to its members: the draw is replayed from the public record
// without the server, whoever declines is followed by an alternate, and nobody is invited
// twice.
func TestR38ARotationFromItsPoolToItsMembers(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, storeArgs []string) {
		s := serve(t, storeArgs...)
		readyBoard(t, s)
		step := func(step string, more ...string) string {
			return s.cli(append([]string{"board", "rotations", step, "advisory", firstRotation}, more...)...)
		}
		require.Equal(t, "open", value(t, step("open"), "State"))
		require.Contains(t, step("preview"), "accounts/shop-0")
		require.Equal(t, "12 candidates, 0 left out", value(t, step("freeze"), "Pool"))
		committed, round := s.commit()
		require.Equal(t, "committed", value(t, committed, "State"))
		second := s.try(round...)
		require.Equal(t, 1, second.code)
		require.Contains(t, second.stderr, "is committed")

		drawn := s.drawn()
		again := s.try("board", "rotations", "draw", "advisory", firstRotation, "--round-value", "ffffff")
		require.Equal(t, 1, again.code, "there is no second seed")
		record := write(t, t.TempDir(), "record.json", step("record"))
		verified := s.run("", "panel", "verify", record, "--hash", value(t, committed, "Record"))
		require.Zero(t, verified.code, verified.stderr)
		require.Equal(t, value(t, drawn, "Seed"), value(t, verified.stdout, "Seed"))
		require.Contains(t, value(t, drawn, "Seed from"), "round 4712345 of drand quicknet (known from 20")
		for _, shown := range []string{step("get"), verified.stdout} {
			require.Equal(t, "4712345 of drand quicknet", value(t, shown, "Round"))
			require.Equal(t, "0f3a9c", value(t, shown, "Round value"))
			require.Equal(t, "compare this value with what drand quicknet published for that round", value(t, shown, "To check"))
		}
		text, err := os.ReadFile(record)
		require.NoError(t, err)
		require.NotContains(t, string(text), "shop", "accounts are pseudonyms")
		text[len(text)/2] ^= 1
		require.NoError(t, os.WriteFile(record, text, 0o600))
		require.Equal(t, 1, s.run("", "panel", "verify", record).code)

		invited := accountsIn(step("invite"), "drawn: sent")
		require.Len(t, invited, 3)
		step("answer", invited[0], "decline", "--note", "No time.")
		alternates := accountsIn(step("get"), "alternate: sent")
		require.Len(t, alternates, 1)
		for _, account := range append(invited[1:], alternates[0]) {
			step("answer", account, "accept")
		}
		require.Equal(t, "0", value(t, step("close"), "Vacant seats"))
		terms := s.cli("board", "terms", "list", "advisory", "-o", "csv")
		require.Equal(t, 4, strings.Count(terms, "\n"), terms)
		require.NotContains(t, terms, "accounts/"+invited[0]+",")
		s.cli("board", "rotations", "skip", "advisory", secondRotation, "--reason", "The fair.")
		require.Contains(t, s.cli("board", "terms", "list", "advisory"), "The fair.")
		s.awaitLetters("invitation", 4)
		s.requireTold(s.awaitLetters("pool-notice", 12)[0], write(t, t.TempDir(), "record.json", step("record")))

		var rotation map[string]any
		require.NoError(t, json.Unmarshal(s.get("/v1/boards/advisory/rotations/"+firstRotation, http.StatusOK), &rotation))
		require.Equal(t, "STATE_CLOSED", rotation["state"])
		require.Contains(t, string(s.get(
			fmt.Sprintf("/v1/boards/advisory/calendarEvents?fromTime=%[1]d-03-01T00:00:00Z&toTime=%[1]d-04-01T00:00:00Z", firstYear), http.StatusOK)), firstRotation)
	})
}

var invitation = regexp.MustCompile(`\(accounts/([a-z0-9-]+)\), ([a-z]+: [a-z]+)`)

// accountsIn are the accounts whose invitation stands so.
func accountsIn(shown, state string) []string {
	var ids []string
	for _, found := range invitation.FindAllStringSubmatch(shown, -1) {
		if found[2] == state {
			ids = append(ids, found[1])
		}
	}
	return ids
}

// Two secretaries act on one state of a rotation: one wins, the other is told to read it
// again.
func TestTwoSecretariesAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t)
	readyBoard(t, s)
	etag := value(t, s.cli("board", "rotations", "get", "advisory", firstRotation), "Etag")
	results := make(chan result, 2)
	for range 2 {
		go func() {
			results <- s.run("", "board", "rotations", "open", "advisory", firstRotation, "--etag", etag, "--server", s.grpc, "--data-dir", s.data)
		}()
	}
	first, second := <-results, <-results
	if first.code != 0 {
		first, second = second, first
	}
	require.Zero(t, first.code, first.stderr)
	require.Equal(t, 1, second.code)
	require.Contains(t, second.stderr, "was changed since it was read")
}

// The process dies between the steps of a rotation: it is where it was, with the same
// record, and the draw is not made with another seed.
func TestKilledBetweenTheStepsOfARotation(t *testing.T) {
	t.Parallel()
	s := serve(t)
	readyBoard(t, s)
	hash, seed := "", ""
	step := func(step string, more ...string) func() string {
		return func() string {
			return s.cli(append([]string{"board", "rotations", step, "advisory", firstRotation}, more...)...)
		}
	}
	committed := func() string {
		shown, _ := s.commit()
		return shown
	}
	for _, take := range []func() string{step("open"), step("freeze"), committed, s.drawn, step("invite")} {
		shown := take()
		s.kill()
		s.restart()
		now := s.cli("board", "rotations", "get", "advisory", firstRotation)
		require.Equal(t, value(t, shown, "State"), value(t, now, "State"))
		if strings.Contains(now, "Record ") {
			if hash == "" {
				hash = value(t, now, "Record")
			}
			require.Equal(t, hash, value(t, now, "Record"))
		}
		if strings.Contains(now, "Seed  ") {
			if seed == "" {
				seed = value(t, now, "Seed")
			}
			require.Equal(t, seed, value(t, now, "Seed"))
		}
	}
	s.awaitLetters("invitation", 3)
	s.awaitLetters("pool-notice", 12)
}

// awaitLetters waits until so many letters of a kind were handed over, and no more, and
// returns their files.
func (s *server) awaitLetters(kind string, count int) (letters []string) {
	s.t.Helper()
	s.await(kind, func() bool {
		var err error
		letters, err = filepath.Glob(filepath.Join(s.data, "outbox", kind+"-*.eml"))
		require.NoError(s.t, err)
		require.LessOrEqual(s.t, len(letters), count)
		return len(letters) == count
	})
	return letters
}

var verifying = regexp.MustCompile(`panel verify record.json (--hash [0-9a-f]+ --id ([a-z0-9-]+) --salt ([0-9a-f]+))`)

// requireTold wants a letter to tell an account how it finds itself in the record.
func (s *server) requireTold(letter, record string) {
	s.t.Helper()
	file, err := os.Open(letter)
	require.NoError(s.t, err)
	defer file.Close()
	message, err := mail.ReadMessage(file)
	require.NoError(s.t, err)
	body, err := io.ReadAll(quotedprintable.NewReader(message.Body))
	require.NoError(s.t, err)
	told := verifying.FindStringSubmatch(string(body))
	require.NotNil(s.t, told, string(body))
	got := s.run("", append([]string{"panel", "verify", record}, strings.Fields(told[1])...)...)
	require.Zero(s.t, got.code, got.stderr)
	require.Contains(s.t, got.stdout, told[2]+" is ")
	require.Contains(s.t, got.stdout, ": in the pool, on ")
	listed := s.cli("board", "rotations", "pseudonyms", "advisory", firstRotation, "--account", told[2], "-o", "csv")
	require.Equal(s.t, 2, strings.Count(listed, "\n"), listed)
	require.Contains(s.t, listed, "accounts/"+told[2]+",")
	require.Contains(s.t, listed, ","+told[3])
}
