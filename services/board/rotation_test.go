package board

import (
	"context"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
	"github.com/evenhand/evenhand/services/board/outbox"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// six is a charter of six seats, two of which change each year, with quotas by sector.
func six() charter.Charter {
	return charter.Charter{
		Seats: 6, TermMonths: 36, GraceDays: 10, MaxTerms: 2, CoolingOffMonths: 12,
		Rotation: calendar.Recurrence{Rule: "FREQ=YEARLY;BYMONTH=3;BYDAY=2TU", Start: "2026-03-01T10:00"},
		Categories: []charter.Category{{Name: "sector", Source: charter.Attribute, Key: "sector", Quotas: []charter.Quota{
			{Value: "energy", Min: 2, Max: 4}, {Value: "retail", Min: 2, Max: 4}}}},
		Conflicts: charter.Conflicts{SameAttributes: []string{"industry"}},
		Quorum:    charter.Quorum{Percent: 50}, Alternates: charter.Alternates{Count: 6, AnswerDays: 14},
	}
}

// pool makes n candidates who have consented, called c01, c02, …: the odd ones in energy.
func (f *fixture) pool(t testing.TB, board string, n int) {
	t.Helper()
	for i := 1; i <= n; i++ {
		id := fmt.Sprintf("c%02d", i)
		f.keep(t, map[string]Account{id: customer(map[string]string{"sector": []string{"retail", "energy"}[i%2], "industry": fmt.Sprint(i)})})
		_, err := f.Candidates.Nominate(t.Context(), someone, board, id, "sam", &NewConsent{Contact: "ann", Until: 1 << 30})
		require.NoError(t, err)
	}
}

// ready makes a board of six with twenty candidates, whose rotations are laid out.
func (f *fixture) ready(t testing.TB) string {
	t.Helper()
	_, err := f.Boards.Create(t.Context(), someone, "a", advisory)
	require.NoError(t, err)
	f.pool(t, "a", 20)
	_, err = f.Charters.Publish(t.Context(), someone, "a", NewCharter{Rules: six(), Reason: "First", Publisher: "ines"}, false)
	require.NoError(t, err)
	_, err = f.Rotations.LayOut(t.Context(), someone, "a", day(t, "2036-01-01"), false)
	require.NoError(t, err)
	return "a"
}

// byRound is a commitment to a round that is known from then on.
func byRound(known time.Time) Commitment {
	return Commitment{Plan: record.SeedPlan{Round: record.Round{Source: "drand", Number: "4711", Known: known}}, Panels: 100}
}

// byRound is a commitment to a round that is known a minute from now.
func (f *fixture) byRound() Commitment { return byRound(f.clock.now().Add(time.Minute)) }

// draw takes a rotation from scheduled to drawn.
func (f *fixture) draw(t testing.TB, board, rotation, round string) Rotation {
	t.Helper()
	ctx := t.Context()
	_, err := f.Rotations.Open(ctx, someone, board, rotation, "")
	require.NoError(t, err)
	_, err = f.Rotations.Freeze(ctx, someone, board, rotation, "", nil)
	require.NoError(t, err)
	_, err = f.Rotations.Commit(ctx, someone, board, rotation, "", f.byRound())
	require.NoError(t, err)
	f.clock.pass(time.Minute)
	s, err := f.Rotations.DrawPanel(ctx, someone, board, rotation, "", round)
	require.NoError(t, err)
	require.Equal(t, Drawn, s.State.State)
	return s.State
}

// acceptAll has everybody accept who is invited.
func (f *fixture) acceptAll(ctx context.Context, t testing.TB, board, rotation string) {
	t.Helper()
	s, err := f.Rotations.Get(ctx, board, rotation)
	require.NoError(t, err)
	for _, in := range s.State.Invitations {
		if in.State == Invited {
			_, err := f.Rotations.Answer(ctx, someone, board, rotation, in.Account, true, "", "")
			require.NoError(t, err)
		}
	}
}

// rotate takes a rotation from scheduled to closed; all who are drawn accept.
func (f *fixture) rotate(t testing.TB, board, rotation, round string) Rotation {
	t.Helper()
	f.draw(t, board, rotation, round)
	_, err := f.Rotations.Invite(t.Context(), someone, board, rotation, "")
	require.NoError(t, err)
	f.acceptAll(t.Context(), t, board, rotation)
	s, err := f.Rotations.Close(t.Context(), someone, board, rotation, "")
	require.NoError(t, err)
	return s.State
}

func TestR12ARotationFromItsScheduleToItsTerms(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		board := f.ready(t)
		list, err := f.Rotations.List(t.Context(), board)
		require.NoError(t, err)
		require.Equal(t, day(t, "2026-03-10"), list[0].State.Day)
		require.Equal(t, time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC), list[0].State.Start, "10:00 in New York, in summer time")
		require.Len(t, list, 10)

		drawn := f.draw(t, board, "2026-03-10", "abc")
		require.Len(t, drawn.Seats, 6)
		var ends []string
		for _, open := range drawn.Seats {
			require.NotEmpty(t, open.Account)
			ends = append(ends, open.End.String())
		}
		require.Equal(t, []string{"2029-03-13", "2029-03-13", "2028-03-14", "2028-03-14", "2027-03-09", "2027-03-09"}, ends, "staggered from a fresh start")

		s, text, err := f.Rotations.Record(t.Context(), board, "2026-03-10")
		require.NoError(t, err)
		verified, report := record.Verify(text)
		require.True(t, report.OK(), "%v", report.Err())
		require.Equal(t, s.State.Draw.Hash, verified.Hash)
		entries, err := f.Rotations.Pseudonyms(t.Context(), board, "2026-03-10")
		require.NoError(t, err)
		pseudonyms, err := record.PseudonymsOf(entries)
		require.NoError(t, err)
		var replayed, seated []string
		for _, pseudonym := range verified.Outcome.Members {
			replayed = append(replayed, pseudonyms.Accounts()[pseudonym])
		}
		for _, open := range drawn.Seats {
			seated = append(seated, open.Account)
		}
		require.ElementsMatch(t, replayed, seated, "whoever has the record finds the same members")

		_, err = f.Rotations.Invite(t.Context(), someone, board, "2026-03-10", "")
		require.NoError(t, err)
		_, err = f.Rotations.Close(t.Context(), someone, board, "2026-03-10", "")
		require.ErrorIs(t, err, ErrRotationState, "invitations are open")
		letters := f.letters(t, board, "2026-03-10", "invitation")
		require.Len(t, letters, 6)
		require.True(t, slices.IsSortedFunc(letters, func(a, b outbox.Letter) int { return strings.Compare(a.Account, b.Account) }))

		first := drawn.Seats[0].Account
		s, err = f.Rotations.Answer(t.Context(), someone, board, "2026-03-10", first, false, "", "No time.")
		require.NoError(t, err)
		require.Len(t, s.State.Invitations, 7)
		alternate := s.State.Invitations[6]
		require.Equal(t, charter.Alternate, alternate.Kind)
		require.Equal(t, drawn.Seats[0].Number, alternate.Seat)
		_, err = f.Rotations.Answer(t.Context(), someone, board, "2026-03-10", first, true, "", "")
		require.ErrorIs(t, err, ErrInvitationState)
		f.acceptAll(t.Context(), t, board, "2026-03-10")
		closed, err := f.Rotations.Close(t.Context(), someone, board, "2026-03-10", "")
		require.NoError(t, err)
		require.Zero(t, closed.State.Shortfall)

		members, err := f.Terms.Members(t.Context(), board, day(t, "2026-03-10"))
		require.NoError(t, err)
		require.Len(t, members, 6)
		require.False(t, slices.ContainsFunc(members, func(m Term) bool { return m.Account == first }))
		sectors := map[string]int{}
		for _, m := range members {
			a, err := f.Accounts.Get(t.Context(), m.Account)
			require.NoError(t, err)
			sectors[a.Attributes["sector"]]++
		}
		require.GreaterOrEqual(t, sectors["energy"], 2)
		require.GreaterOrEqual(t, sectors["retail"], 2)

		next := f.rotate(t, board, "2027-03-09", "def")
		require.Len(t, next.Seats, 2, "a third rotates")
		for _, open := range next.Seats {
			require.Equal(t, day(t, "2030-03-12"), open.End)
			require.False(t, slices.ContainsFunc(members, func(m Term) bool { return m.Account == open.Account }))
		}
	})
}

func TestTheStateDecidesWhatCanBeDone(t *testing.T) {
	f := onSQLite(t)
	board := f.ready(t)
	ctx, r := t.Context(), f.Rotations
	const id = "2026-03-10"
	steps := map[string]func() error{
		"open":   func() error { _, err := r.Open(ctx, someone, board, id, ""); return err },
		"freeze": func() error { _, err := r.Freeze(ctx, someone, board, id, "", nil); return err },
		"commit": func() error { _, err := r.Commit(ctx, someone, board, id, "", f.byRound()); return err },
		"draw":   func() error { _, err := r.DrawPanel(ctx, someone, board, id, "", "abc"); return err },
		"invite": func() error { _, err := r.Invite(ctx, someone, board, id, ""); return err },
		"close":  func() error { _, err := r.Close(ctx, someone, board, id, ""); return err },
		"cancel": func() error { _, err := r.Cancel(ctx, someone, board, id, "", "No more."); return err },
		"move": func() error {
			_, _, err := r.Move(ctx, someone, board, id, "", day(t, "2026-03-11"), "Busy.", true)
			return err
		},
	}
	allowed := map[string][]string{ // before each step
		"open": {"open", "cancel", "move"}, "freeze": {"freeze", "cancel", "move"}, "commit": {"open", "commit", "cancel"},
		"draw": {"draw"}, "invite": {"invite"}, "close": {},
	}
	for _, step := range []string{"open", "freeze", "commit", "draw", "invite", "close"} {
		for other, try := range steps {
			if !slices.Contains(allowed[step], other) && other != step {
				require.ErrorIs(t, try(), ErrRotationState, "%s before %s", other, step)
			}
		}
		if step == "close" {
			f.acceptAll(ctx, t, board, id)
		}
		require.NoError(t, steps[step](), step)
		f.clock.pass(time.Minute)
	}
	require.ErrorIs(t, steps["close"](), ErrRotationState)
}

func TestTwoSecretariesAtOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		board := f.ready(t)
		_, err := f.Rotations.Open(t.Context(), someone, board, "2026-03-10", "")
		require.NoError(t, err)
		_, err = f.Rotations.Freeze(t.Context(), someone, board, "2026-03-10", "", nil)
		require.NoError(t, err)
		race := func(step func(i int) error) {
			t.Helper()
			results := make(chan error, 4)
			for i := range cap(results) {
				go func() { results <- step(i) }()
			}
			won := 0
			for range cap(results) {
				err := <-results
				if err == nil {
					won++
					continue
				}
				if !isStale(err) {
					require.ErrorIs(t, err, ErrRotationState)
				}
			}
			require.Equal(t, 1, won, "one wins, the others are told")
		}
		race(func(i int) error {
			plan := f.byRound()
			plan.Plan.Round.Number = fmt.Sprint(i)
			_, err := f.Rotations.Commit(t.Context(), someone, board, "2026-03-10", "", plan)
			return err
		})
		f.clock.pass(time.Minute)
		committed, before, err := f.Rotations.Record(t.Context(), board, "2026-03-10")
		require.NoError(t, err)
		race(func(i int) error {
			_, err := f.Rotations.DrawPanel(t.Context(), someone, board, "2026-03-10", "", fmt.Sprint(i))
			return err
		})
		drawn, text, err := f.Rotations.Record(t.Context(), board, "2026-03-10")
		require.NoError(t, err)
		require.Equal(t, committed.State.Draw.Hash, drawn.State.Draw.Hash, "another seed, not another record")
		require.NotEqual(t, before, text)
		_, report := record.Verify(text)
		require.True(t, report.OK(), "%v", report.Err())
		race(func(int) error {
			_, err := f.Rotations.Invite(t.Context(), someone, board, "2026-03-10", "")
			return err
		})
		s, err := f.Rotations.Get(t.Context(), board, "2026-03-10")
		require.NoError(t, err)
		require.Len(t, s.State.Invitations, 6)
	})
}

func TestUnansweredInvitationsLapse(t *testing.T) {
	// With other salts another panel is drawn, after which the alternates may not do.
	f := startWith(t, teststore.SQLite(t), mathrand.NewChaCha8([32]byte{1}))
	board := f.ready(t)
	drawn := f.draw(t, board, "2026-03-10", "abc")
	_, err := f.Rotations.Invite(t.Context(), someone, board, "2026-03-10", "")
	require.NoError(t, err)
	require.NoError(t, f.Due(t.Context()))
	s, err := f.Rotations.Get(t.Context(), board, "2026-03-10")
	require.NoError(t, err)
	require.Len(t, s.State.Invitations, 6, "nothing is due")
	_, err = f.Rotations.Answer(t.Context(), someone, board, "2026-03-10", drawn.Seats[0].Account, true, "", "")
	require.NoError(t, err)

	f.clock.set("2026-03-21T04:00:00Z") // the 20th has ended in New York
	require.NoError(t, f.Due(t.Context()))
	s, err = f.Rotations.Get(t.Context(), board, "2026-03-10")
	require.NoError(t, err)
	require.Len(t, s.State.Invitations, 11)
	states := map[InvitationState]int{}
	for _, in := range s.State.Invitations {
		states[in.State]++
	}
	require.Equal(t, map[InvitationState]int{Accepted: 1, Lapsed: 5, Invited: 5}, states)
	_, err = f.Rotations.Answer(t.Context(), someone, board, "2026-03-10", drawn.Seats[1].Account, true, "", "")
	require.ErrorIs(t, err, ErrInvitationState)

	f.clock.set("2026-05-01T00:00:00Z")
	require.NoError(t, f.Due(t.Context()))
	s, err = f.Rotations.Get(t.Context(), board, "2026-03-10")
	require.NoError(t, err)
	require.Len(t, s.State.Invitations, 12, "the last of six alternates is asked, though five seats are free")
	require.Equal(t, Invited, s.State.Invitations[11].State)
	f.clock.set("2026-06-01T00:00:00Z")
	require.NoError(t, f.Due(t.Context()))
	closed, err := f.Rotations.Close(t.Context(), someone, board, "2026-03-10", "")
	require.NoError(t, err)
	require.Equal(t, 5, closed.State.Shortfall, "nobody is left to be asked")
}

func TestVacanciesAreFilledForTheRestOfTheTerm(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		board := f.ready(t)
		ctx := t.Context()
		_, err := f.Rotations.PlanVacancy(ctx, someone, board, day(t, "2026-07-01"), "Somebody left.")
		require.ErrorIs(t, err, ErrTermState, "no seat is vacant")
		f.rotate(t, board, "2026-03-10", "abc")
		members, err := f.Terms.Members(ctx, board, day(t, "2026-06-01"))
		require.NoError(t, err)
		left := members[0]
		ended, err := f.Terms.End(ctx, someone, board, left.ID, left.Etag(), Resigned, day(t, "2026-06-01"), "Moved away.")
		require.NoError(t, err)
		require.Equal(t, Resigned, ended.How)
		_, err = f.Terms.End(ctx, someone, board, left.ID, "", Resigned, day(t, "2026-06-02"), "Again.")
		require.ErrorIs(t, err, ErrTermState)

		f.clock.set("2026-06-15T12:00:00Z")
		planned, err := f.Rotations.PlanVacancy(ctx, someone, board, day(t, "2026-07-01"), "Somebody left.")
		require.NoError(t, err)
		require.Equal(t, Vacancy, planned.State.Kind)
		closed := f.rotate(t, board, "vacancy-2026-07-01", "def")
		require.Len(t, closed.Seats, 1)
		require.Equal(t, left.End, closed.Seats[0].End, "for what is left")
		require.Equal(t, left.Seat, closed.Seats[0].Number)
		members, err = f.Terms.Members(ctx, board, day(t, "2026-07-01"))
		require.NoError(t, err)
		require.Len(t, members, 6)
		standing, err := f.Findings.Standing(ctx, board)
		require.NoError(t, err)
		require.True(t, slices.ContainsFunc(standing, func(s resource.Stored[Finding]) bool { return s.State.Kind == FoundVacancy }), "%v", standing)
		f.clock.set("2026-07-01T12:00:00Z")
		require.NoError(t, f.Due(ctx))
		standing, err = f.Findings.Standing(ctx, board)
		require.NoError(t, err)
		require.Empty(t, standing, "the vacancy is gone")
	})
}

func isStale(err error) bool {
	for _, stale := range []error{resource.ErrStale, resource.ErrConflict} {
		if errors.Is(err, stale) {
			return true
		}
	}
	return false
}

func TestStandingSaysWhyACandidateCouldNotBeDrawn(t *testing.T) {
	f := onSQLite(t)
	board := f.ready(t)
	_, err := f.Candidates.Withdraw(t.Context(), someone, board, "c03", "", "No time.")
	require.NoError(t, err)
	standing, err := f.Rotations.Standing(t.Context(), board)
	require.NoError(t, err)
	require.Empty(t, standing.Reasons("c01"))
	require.Equal(t, []string{"c03 was not nominated."}, standing.Reasons("c03"))
	drawn := f.rotate(t, board, "2026-03-10", "abc")
	standing, err = f.Rotations.Standing(t.Context(), board)
	require.NoError(t, err)
	require.Contains(t, standing.Reasons(drawn.Seats[0].Account)[0], "holds seat")
}
