package advice

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource"
)

func adopt(t testing.TB, due string) Disposition {
	return Disposition{Outcome: Adopt, Reason: "It pays.", Owner: "ben", Due: date(t, due)}
}

func TestR40EveryAnswerHasAReasonAndAHistory(t *testing.T) {
	f := onSQLite(t)
	id := f.idea(t, "Cheaper freight", "acme", "")
	decide := func(d Disposition) error {
		_, err := f.Ideas.Decide(t.Context(), someone, id, "", d)
		return err
	}
	for text, d := range map[string]Disposition{
		"whoever gave the idea is told why": {Outcome: Decline},
		"say who sees to what is promised":  {Outcome: Adopt, Reason: "Yes.", Due: date(t, "2026-06-01")},
		"say by when":                       {Outcome: Trial, Reason: "Yes.", Owner: "ben"},
		"only what is adopted or tried":     {Outcome: AlreadyThere, Reason: "It is.", Owner: "ben"},
		"2026-03-05 is past":                {Outcome: Adopt, Reason: "Yes.", Owner: "ben", Due: date(t, "2026-03-05")},
		"is not given":                      {Reason: "Hm."},
		"principals/nobody does not exist":  {Outcome: Adopt, Reason: "Yes.", Owner: "nobody", Due: date(t, "2026-06-01")},
	} {
		wantFault(t, decide(d), "INVALID_ARGUMENT", text)
	}
	_, err := f.Ideas.Revise(t.Context(), someone, id, "", declined)
	wantFault(t, err, "IDEA_STATE", "is undecided")
	_, err = f.Ideas.Follow(t.Context(), someone, id, "", Step{Note: "Asked around."})
	wantFault(t, err, "IDEA_STATE", "is undecided")

	require.NoError(t, decide(adopt(t, "2026-06-01")))
	wantFault(t, decide(declined), "IDEA_STATE", "was decided (adopt)")
	_, err = f.Ideas.Revise(t.Context(), someone, id, "", declined)
	wantFault(t, err, "INVALID_ARGUMENT", "revision_reason")
	_, err = f.Ideas.Follow(t.Context(), someone, id, "", Step{Note: "Done.", Completes: true})
	wantFault(t, err, "INVALID_ARGUMENT", "evidence")
	_, err = f.Ideas.Follow(t.Context(), someone, id, "", Step{Note: "Contract signed."})
	require.NoError(t, err)

	f.clock.day(t, "2026-06-02")
	overdue := f.get(t, id)
	require.True(t, overdue.Disposition().Overdue(date(t, "2026-06-02")))
	require.False(t, overdue.Disposition().Overdue(date(t, "2026-06-01")))
	list, err := f.Ideas.List(t.Context(), IdeaQuery{DueBefore: date(t, "2026-06-02"), Size: 10})
	require.NoError(t, err)
	require.Len(t, list.Items, 1)

	done, err := f.Ideas.Follow(t.Context(), someone, id, "", Step{Note: "In force.", Evidence: "https://example.com/rates", Completes: true})
	require.NoError(t, err)
	require.Equal(t, f.clock.now(), done.State.Disposition().Done)
	list, err = f.Ideas.List(t.Context(), IdeaQuery{DueBefore: date(t, "2027-06-02"), Size: 10})
	require.NoError(t, err)
	require.Empty(t, list.Items)
	_, err = f.Ideas.Follow(t.Context(), someone, id, "", Step{Note: "Again."})
	wantFault(t, err, "IDEA_STATE", "is done since 2026-06-02")

	revised := declined
	revised.Revises = "The carrier went out of business."
	_, err = f.Ideas.Revise(t.Context(), someone, id, "", revised)
	require.NoError(t, err)
	i := f.get(t, id)
	require.Len(t, i.Answers, 2)
	require.Equal(t, Adopt, i.Answers[0].Outcome)
	require.Len(t, i.Answers[0].Steps, 2, "with all that was done")
	require.Equal(t, Decline, i.Disposition().Outcome)
}

// What is promised by today or later can be; once its day is past, the answer can be put
// in other words with the day it has, and not with another that is past.
func TestR40NothingIsPromisedForADayThatIsPast(t *testing.T) {
	f := onSQLite(t)
	id := f.idea(t, "Cheaper freight", "acme", "")
	_, err := f.Ideas.Decide(t.Context(), someone, id, "", adopt(t, "2026-03-06"))
	require.NoError(t, err)
	f.clock.day(t, "2026-03-10")
	revise := func(due string) error {
		d := adopt(t, due)
		d.Revises, d.Owner = "Somebody else sees to it.", "cleo"
		_, err := f.Ideas.Revise(t.Context(), someone, id, "", d)
		return err
	}
	wantFault(t, revise("2026-03-09"), "INVALID_ARGUMENT", "2026-03-09 is past")
	require.NoError(t, revise("2026-03-06"))
	require.NoError(t, revise("2026-03-10"))
}

func TestR40MergedIdeasGetTheAnswerAndWhoeverGaveThemIsTold(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		a, b, c := f.idea(t, "A", "acme", ""), f.idea(t, "B", "brook", ""), f.idea(t, "C", "cole", "")
		f.merge(t, a, b)
		f.merge(t, b, c)
		_, err := f.Ideas.Decide(t.Context(), request("d"), c, "", adopt(t, "2026-06-01"))
		require.NoError(t, err)
		_, err = f.Ideas.Decide(t.Context(), request("d"), c, "", adopt(t, "2026-06-01"))
		require.NoError(t, err)
		for _, id := range []string{a, b, c} {
			i := f.get(t, id)
			require.Equal(t, Adopt, i.Disposition().Outcome)
			require.False(t, i.Undecided)
		}
		require.Nil(t, f.get(t, a).Due, "what was promised is followed up in one place")
		require.Equal(t, []string{"ideas/" + c + "/1", "ideas/" + b + "/1", "ideas/" + a + "/1"}, f.outbox.order)
		require.Contains(t, f.outbox.sent["ideas/"+a+"/1"].Text, "This was merged into “B”.")
		require.Len(t, f.get(t, c).Tellings, 3)

		_, err = f.Ideas.Follow(t.Context(), someone, c, "", Step{Note: "Contract signed."})
		require.NoError(t, err)
		require.Len(t, ptr(f.get(t, a)).Disposition().Steps, 1)
		require.Len(t, f.outbox.order, 6)

		// One that joins later gets the answer there is; one that leaves keeps it.
		d := f.idea(t, "D", "acme", "")
		f.merge(t, d, c)
		require.Equal(t, Adopt, ptr(f.get(t, d)).Disposition().Outcome)
		require.Len(t, f.outbox.order, 7)
		f.unmerge(t, a)
		left := f.get(t, a)
		require.Equal(t, Decided, left.State())
		require.Equal(t, date(t, "2026-06-01"), *left.Due, "and its promise is its own to keep")
		revised := declined
		revised.Revises = "It is not the same after all."
		_, err = f.Ideas.Revise(t.Context(), someone, a, "", revised)
		require.NoError(t, err)
		require.Equal(t, Adopt, ptr(f.get(t, c)).Disposition().Outcome)
		require.Zero(t, f.outbox.repeat)
	})
}

// The process dies at each write of a decision over a group: what is left is finished by
// another, and everybody is told once.
func TestR40DecisionsSurviveACrashAtEveryWrite(t *testing.T) {
	for _, after := range []bool{false, true} {
		for at := range 4 {
			t.Run(fmt.Sprint(at, " ", after), func(t *testing.T) {
				f := onSQLite(t)
				a, b, c := f.idea(t, "A", "acme", ""), f.idea(t, "B", "brook", ""), f.idea(t, "C", "cole", "")
				f.merge(t, a, c)
				f.merge(t, b, c)
				die := &dying{Backend: f.backend, at: at, after: after}
				_, _ = f.open(t, die).Ideas.Decide(t.Context(), request("d"), c, "", declined)
				require.True(t, die.dead, "there are not that many writes")
				f.clock.day(t, "2026-03-07")
				if !f.get(t, c).Undecided {
					require.NoError(t, f.Ideas.settleAll(t.Context(), patience))
				} else {
					require.Empty(t, f.outbox.order)
				}
				_, err := f.Ideas.Decide(t.Context(), request("d"), c, "", declined)
				require.NoError(t, err)
				require.Len(t, f.outbox.order, 3)
				for _, id := range []string{a, b, c} {
					i := f.get(t, id)
					require.Equal(t, Decline, i.Disposition().Outcome)
					require.Len(t, i.Answers, 1)
					require.False(t, i.Pending)
				}
			})
		}
	}
}

func TestR40ADecisionStandsWhileNobodyCanBeTold(t *testing.T) {
	f := onSQLite(t)
	id := f.idea(t, "A", "acme", "")
	f.outbox.fail(errors.New("the outbox is full"))
	f.decline(t, id)
	require.True(t, f.get(t, id).Pending)
	require.Error(t, f.Ideas.settleAll(t.Context(), 0))
	f.outbox.fail(nil)
	require.NoError(t, f.Ideas.settleAll(t.Context(), 0))
	require.Len(t, f.outbox.order, 1)
	require.False(t, f.get(t, id).Pending)
}

func TestVotesCanBeTakenBackUntilTheIdeaIsDecided(t *testing.T) {
	f := onSQLite(t)
	id := f.idea(t, "A", "acme", "")
	f.vote(t, id, "acme", "acme", "brook")
	require.EqualValues(t, 2, f.get(t, id).Count)
	_, err := f.Ideas.TakeBack(t.Context(), someone, id, "brook")
	require.NoError(t, err)
	_, err = f.Ideas.TakeBack(t.Context(), someone, id, "brook")
	require.NoError(t, err, "there is none, as was wanted")
	_, err = f.Ideas.Vote(t.Context(), someone, id, Giver{Account: "nobody"})
	wantFault(t, err, "INVALID_ARGUMENT", "accounts/nobody does not exist")
	_, err = f.Ideas.Vote(t.Context(), someone, id, Giver{"acme", "nobody"})
	wantFault(t, err, "INVALID_ARGUMENT", "accounts/acme/contacts/nobody does not exist")
	f.decline(t, id)
	_, err = f.Ideas.TakeBack(t.Context(), someone, id, "acme")
	wantFault(t, err, "IDEA_STATE", "was decided")
	require.EqualValues(t, 1, f.get(t, id).Count)
}

func TestAStaleEtagChangesNothing(t *testing.T) {
	f := onSQLite(t)
	id := f.idea(t, "A", "acme", "")
	before, err := f.Ideas.Get(t.Context(), id)
	require.NoError(t, err)
	f.vote(t, id, "acme")
	_, err = f.Ideas.Decide(t.Context(), someone, id, before.Etag(), declined)
	require.ErrorIs(t, err, resource.ErrStale)
	_, err = f.Ideas.Update(t.Context(), someone, id, before.Etag(), IdeaPatch{Title: ptr("B")})
	require.ErrorIs(t, err, resource.ErrStale)
}

// What a process left half done is finished by whoever runs the service.
func TestRunFinishesWhatWasLeft(t *testing.T) {
	f := onSQLite(t)
	id := f.idea(t, "A", "acme", "")
	f.outbox.fail(errors.New("the outbox is full"))
	f.decline(t, id)
	require.True(t, f.get(t, id).Pending)
	f.outbox.fail(nil)
	f.clock.day(t, "2026-03-07")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	require.Eventually(t, func() bool { return !f.get(t, id).Pending }, deadline, pause)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.Len(t, f.outbox.order, 1)
}

// Where nobody could be written to, nothing says that somebody was told.
func TestOnlyThoseWhoWereWrittenToWereTold(t *testing.T) {
	f := onSQLite(t)
	one := f.idea(t, "One", "acme", "")
	passedOn := f.idea(t, "Passed on", "unwritten", "")
	f.merge(t, passedOn, one)
	f.decline(t, one)
	i := f.get(t, one)
	require.False(t, i.Pending)
	require.Len(t, i.Tellings, 1)
	require.Equal(t, one, i.Tellings[0].Idea)
	require.Equal(t, "1 of the 2 who gave it were told: no contact gave the rest", i.Last)

	alone := f.idea(t, "Alone", "unwritten", "")
	f.decline(t, alone)
	i = f.get(t, alone)
	require.False(t, i.Pending)
	require.Empty(t, i.Tellings)
	require.Equal(t, "nobody was written to: no contact gave it", i.Last)
	require.Len(t, f.outbox.order, 1)
}
