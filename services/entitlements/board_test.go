package entitlements

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// fakeBoard is a board service in memory. A change with no id is of no term.
type fakeBoard struct {
	mu      sync.Mutex
	changes []TermChange
	grown   chan struct{}
	refused error // of WatchTerms, where it is not nil
}

func newFakeBoard() *fakeBoard { return &fakeBoard{grown: make(chan struct{})} }

func (f *fakeBoard) add(changes ...TermChange) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range changes {
		c.Position = int64(len(f.changes)) + 1
		f.changes = append(f.changes, c)
	}
	close(f.grown)
	f.grown = make(chan struct{})
}

// refuse makes WatchTerms fail from now on, or succeed again with nil.
func (f *fakeBoard) refuse(err error) {
	f.mu.Lock()
	f.refused = err
	f.mu.Unlock()
	f.add() // who waits looks again
}

// from returns what follows a resume token, at most n changes.
func (f *fakeBoard) from(resume string, n int) (b TermBatch, grown <-chan struct{}, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at, _ := strconv.Atoi(resume)
	end := min(at+n, len(f.changes))
	b = TermBatch{Resume: strconv.Itoa(end), CaughtUp: end == len(f.changes)}
	if at < end {
		b.Position = int64(end)
	}
	for _, c := range f.changes[at:end] {
		if c.ID != "" {
			b.Changes = append(b.Changes, c)
		}
	}
	return b, f.grown, f.refused
}

func (f *fakeBoard) WatchTerms(ctx context.Context, resume string, apply func(TermBatch) error) error {
	for {
		b, grown, err := f.from(resume, 3)
		if err == nil {
			err = apply(b)
		}
		if err != nil {
			return err
		}
		resume = b.Resume
		if !b.CaughtUp {
			continue
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// seat is a term of an account from 1 May 1995 up to a day, told when it began.
func seat(id, account string, ends civil.Day) TermChange {
	starts := civil.Date(1995, time.May, 1)
	return TermChange{ID: "boards/advisory/terms/" + id, Account: account, Starts: starts, Ends: ends, Told: civil.UTC.End(starts)}
}

// resigned is a term that the member left on the day before it was to end.
func resigned(c TermChange) TermChange {
	c.Ends--
	c.CutShort, c.Told = true, civil.UTC.Start(c.Ends)
	return c
}

var july = civil.Date(1998, time.July, 1)

// adviser is the promise with a rule about terms.
var adviser = strings.NewReplacer("rules:\n", `  - {id: dinner, promise: A dinner of thanks each year., kind: feature}
rules:
`, "notice:", `  - id: adviser
    promise: Who has served a term on an advisory board is thanked with a dinner.
    when: {board: terms-served, at_least: 1}
    grants: [dinner]
notice:`).Replace(promise)

func (f *fixture) publishAdviser(t testing.TB) {
	t.Helper()
	_, _, err := f.Publish(context.Background(), Publishing{File: fmt.Appendf(nil, adviser, "1997-01-01", "Advice"), Publisher: "principals/ann"})
	require.NoError(t, err)
}

// advised is a service that has followed accounts and a board for a while.
func advised(t testing.TB, store *docstore.Store) (*fixture, *fakeBoard, func()) {
	t.Helper()
	board := newFakeBoard()
	f := newFixtureOn(t, store, Options{Board: board, FlushInterval: time.Millisecond})
	stop := start(t, f.Service)
	f.publishAdviser(t)
	f.source.add(active("acme", ""), paid("acme", may-999, 100), active("beta", ""), paid("beta", may-999, 100))
	f.caughtUp(t)
	eventually(t, "ready", func() bool { return f.Ready() == nil && f.KnowsTerms() == nil })
	return f, board, stop
}

func (f *fixture) reason(t testing.TB, id string, at time.Time) string {
	t.Helper()
	d, err := f.AsOf(at)
	require.NoError(t, err)
	e, err := d.Explain(context.Background(), id, "dinner")
	require.NoError(t, err)
	return e.Reason
}

func TestACompletedTermCountsForGood(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(testing.TB) *docstore.Store) {
		f, board, stop := advised(t, open(t))
		require.False(t, f.entitled(t, "acme", "dinner"))
		require.Contains(t, f.reason(t, "acme", time.Time{}), "1 more completed term on an advisory board (0 of 1 completed)")

		board.add(seat("1", "acme", july), TermChange{}, seat("2", "beta", may))
		eventually(t, "a term runs", func() bool {
			return strings.Contains(f.reason(t, "acme", noon), "the current term ends on 1 July 1998")
		})
		now, err := f.AsOf(time.Time{})
		require.NoError(t, err)
		decided, err := now.Check(context.Background(), "acme", "dinner")
		require.NoError(t, err)
		require.False(t, decided.Entitled())
		require.True(t, decided.ValidUntil.Equal(f.book.Load().zone.Start(july)), "as planned")
		board.add(TermChange{}, resigned(seat("2", "beta", may)), seat("1", "acme", may))
		eventually(t, "the term was moved, and is completed", func() bool { return f.entitled(t, "acme", "dinner") })
		require.False(t, f.entitled(t, "beta", "dinner"), "it resigned")
		late := resigned(seat("1", "acme", may))
		late.Told = civil.UTC.End(may)
		board.add(late, seat("3", "beta", july))
		eventually(t, "it is told too late that it had resigned", func() bool {
			return strings.Contains(f.reason(t, "beta", noon), "the current term ends")
		})
		require.True(t, f.entitled(t, "acme", "dinner"), "what was completed is not lost")
		d, err := f.AsOf(noon)
		require.NoError(t, err)
		holders, _, err := d.Holders(context.Background(), "dinner", "", 10)
		require.NoError(t, err)
		require.Len(t, holders, 1)
		require.Equal(t, "acme", holders[0].Account)
		require.True(t, holders[0].ValidUntil.IsZero())
		dayBefore, err := f.AsOfDay(may - 1)
		require.NoError(t, err)
		decided, err = dayBefore.Check(context.Background(), "acme", "dinner")
		require.NoError(t, err)
		require.False(t, decided.Entitled(), "it had not ended")
		require.True(t, decided.ValidUntil.Equal(f.book.Load().zone.Start(may)))

		stop()
		for _, without := range []BoardSource{board, nil} {
			f.open(t, Options{Board: without})
			require.NoError(t, f.KnowsTerms())
			stop = start(t, f.Service)
			require.True(t, f.entitled(t, "acme", "dinner"), "after a restart, also where the board is not followed any more")
			stop()
		}
	})
}

func TestARulePublishedLaterCountsEarlierTerms(t *testing.T) {
	board := newFakeBoard()
	f := newFixture(t, Options{Board: board})
	board.add(seat("1", "acme", may))
	f.source.add(active("acme", ""), paid("acme", may, 100))
	start(t, f.Service)
	eventually(t, "the board is followed", func() bool { return f.terms.copy.Load().Whole })
	f.publishAdviser(t)
	f.caughtUp(t)
	require.True(t, f.entitled(t, "acme", "dinner"))
}

func TestWithoutABoardServiceRulesOnItAreNotPublished(t *testing.T) {
	f := newFixture(t, Options{})
	_, _, err := f.Publish(context.Background(), Publishing{File: fmt.Appendf(nil, adviser, "1997-01-01", "Advice")})
	var told *fault.Error
	require.True(t, errors.As(err, &told))
	require.ErrorIs(t, err, ErrScheduleInvalid)
	require.Regexp(t, `^\d+:\d+: rules\[2\]\.when\.board: a rule on board needs the board service.*--board-addr`, told.Fields[0].Description)
}

func TestReadinessWaitsForTermsOnceAndOnlyWhereRulesReadThem(t *testing.T) {
	board := newFakeBoard()
	away := errors.New("no route to the board service")
	board.refuse(away)
	f := newFixture(t, Options{Board: board})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "Nothing about boards")
	require.NoError(t, f.KnowsTerms())
	_, _, err := f.Publish(context.Background(), Publishing{File: []byte(strings.Replace(adviser, "notice: {effective: %s, reason: %s}", "", 1))})
	require.NoError(t, err)
	eventually(t, "it says why", func() bool { return errors.Is(f.KnowsTerms(), away) })
	require.ErrorContains(t, f.KnowsTerms(), "still being read")
	require.NoError(t, f.NeedsRebuild())

	board.refuse(nil)
	eventually(t, "ready", func() bool { return f.KnowsTerms() == nil })
	board.refuse(away)
	eventually(t, "it is away again", func() bool { return f.terms.trouble.Load() != nil })
	require.NoError(t, f.KnowsTerms(), "what it has told counts")

	board.refuse(fmt.Errorf("board: %w", ErrFeedTrimmed))
	eventually(t, "only a rebuild helps", func() bool { return errors.Is(f.NeedsRebuild(), ErrFeedTrimmed) })
	require.ErrorContains(t, f.NeedsRebuild(), "board: ")
}

func TestRebuildReadsTheTermsAgain(t *testing.T) {
	f, board, _ := advised(t, openStore(t, t.TempDir()))
	for n := range 8 {
		board.add(resigned(seat(strconv.Itoa(n), "beta", may)), seat(strconv.Itoa(10+n), "acme", may), TermChange{})
	}
	eventually(t, "all is told", func() bool { return len(f.terms.copy.Load().Known.Terms) == 8 })
	want := *f.terms.copy.Load()

	damaged := want
	damaged.Known.Terms = []rollTerm{{ID: "boards/advisory/terms/2", Account: "beta", Starts: 0, Ends: 1}}
	_, err := f.terms.replace(context.Background(), &damaged)
	require.NoError(t, err)
	require.NoError(t, f.terms.reload(context.Background()))
	require.True(t, f.entitled(t, "beta", "dinner"))
	require.False(t, f.entitled(t, "acme", "dinner"))

	refused := errors.New("not now")
	board.refuse(refused)
	tell := func(int64, int64) error { return nil }
	require.ErrorIs(t, f.Rebuild(context.Background(), tell), refused)
	require.True(t, f.entitled(t, "beta", "dinner"), "the old one answers")

	board.refuse(nil)
	require.NoError(t, f.Rebuild(context.Background(), tell))
	require.False(t, f.entitled(t, "beta", "dinner"))
	require.True(t, f.entitled(t, "acme", "dinner"))
	stored, err := f.terms.read(context.Background())
	require.NoError(t, err)
	require.Equal(t, want.Known.Terms, stored.Known.Terms)
}

// However the feed is cut, and whatever of it comes again or through another process, the
// roll is what it is when all of it comes once; and what was completed stays.
func TestTermsToldTwiceOrLateChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		board := newFakeBoard()
		told := int32(-2)
		for range rapid.IntRange(0, 20).Draw(t, "changes") {
			c := TermChange{}
			if id := rapid.IntRange(0, 4).Draw(t, "term"); id > 0 {
				c = seat(strconv.Itoa(id), "acct-"+strconv.Itoa(id%2), may+civil.Day(rapid.Int32Range(0, 5).Draw(t, "ends later")))
				if rapid.IntRange(0, 2).Draw(t, "resigned") == 0 {
					c = resigned(c)
				}
				told += rapid.Int32Range(0, 2).Draw(t, "days later")
				c.Told = civil.UTC.Start(may + civil.Day(told))
			}
			board.add(c)
		}
		once := &learnt[TermChange, roll, *roll]{}
		var completed []rollTerm
		var now time.Time
		for _, c := range board.changes {
			b := TermBatch{Position: c.Position, Resume: strconv.FormatInt(c.Position, 10)}
			if c.ID != "" {
				b.Changes, now = []TermChange{c}, c.Told
			}
			once.apply(b, civil.UTC)
			for _, was := range completed {
				require.Contains(t, once.Known.Terms, was)
			}
			completed = slices.DeleteFunc(slices.Clone(once.Known.Terms), func(t rollTerm) bool { return t.Ends > civil.UTC.DayOf(now) })
		}

		often := &learnt[TermChange, roll, *roll]{}
		read := [2]string{} // how far each of two processes has read
		for !often.Whole || often.Position < once.Position {
			reader := rapid.IntRange(0, 1).Draw(t, "process")
			from := read[reader]
			if rapid.IntRange(0, 5).Draw(t, "begins again") == 0 {
				from = often.Resume
			}
			b, _, _ := board.from(from, rapid.IntRange(1, 7).Draw(t, "at once"))
			read[reader] = b.Resume
			often.apply(b, civil.UTC)
		}
		once.Whole = true
		if len(board.changes) == 0 {
			once.Resume = "0"
		}
		require.Equal(t, once.Known.Terms, often.Known.Terms)
		require.Equal(t, once, often)
	})
}
