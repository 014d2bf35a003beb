package touchpoints

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// work is what the feed tells of work, by the touchpoint's name: the last of each.
func (f *fixture) work(t testing.TB) map[string]feeds.Work {
	t.Helper()
	require.NoError(t, f.store.Flush(t.Context()))
	events, err := f.store.Feed().Read(t.Context(), 0, 1000)
	require.NoError(t, err)
	told := map[string]feeds.Work{}
	for _, e := range events {
		w, err := Work(e)
		require.NoError(t, err)
		if w != nil {
			told[w.Name] = *w
		}
	}
	return told
}

// R10: points are for who held the contact, whoever was to, and those who look after the
// account besides have the team's share.
func TestR10WhoHeldTheContactDidTheWork(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.opts.Team = func(_ context.Context, account string) ([]string, error) {
			return map[string][]string{"acme": {"olga", "anna"}}[account], nil
		}
		f.weekly(t, "acme")
		f.change(t, "acme", func(p *plans.Plan) { p.Team = []string{"cleo", "bob", "cleo"} })
		f.noon("2027-03-24")
		f.settled(t)
		bob := resource.Call{Principal: "principals/bob", Method: "test"}
		for id, c := range map[string]struct {
			call   resource.Call
			holder string
			want   string
			team   []string
		}{
			"weekly-2027-03-02": {anna, "", "anna", []string{"bob", "cleo", "olga"}},
			"weekly-2027-03-09": {bob, "", "bob", []string{"anna", "cleo", "olga"}},
			"weekly-2027-03-16": {bob, "anna", "anna", []string{"bob", "cleo", "olga"}},
			"weekly-2027-03-23": {anna, "stranger", "stranger", []string{"anna", "bob", "cleo", "olga"}},
		} {
			done, err := f.Complete(ctx, c.call, "acme/"+id, "", Outcome{Text: "Well.", Holder: c.holder})
			require.NoError(t, err)
			require.Equal(t, "anna", done.State.Owner, "it was anna's to do")
			require.Equal(t, c.want, done.State.Outcome.Holder)
			w := f.work(t)["plans/acme/touchpoints/"+id]
			require.Equal(t, []string{c.want}, w.Persons)
			require.Equal(t, c.team, w.Team)
			require.Equal(t, c.call.Principal, w.Recorder)
		}
		f.opts.Team = func(context.Context, string) ([]string, error) { return nil, errTest }
		_, err := f.Complete(ctx, anna, "acme/weekly-2027-03-30", "", Outcome{Text: "Well."})
		require.ErrorIs(t, err, errTest, "nobody's share is left out silently")

		record := Record{Plan: "acme", Purpose: "They rang", Channel: plans.Call, Outcome: Outcome{Initiator: Customer, Text: "A question."}}
		for holder, who := range map[string]struct{ owner, holder string }{"anna": {"", ""}, "bob": {"bob", ""}, "cleo": {"", "cleo"}, "dora": {"dora", "dora"}} {
			record.Owner, record.Outcome.Holder = who.owner, who.holder
			made, err := f.RecordContact(ctx, anna, record, false)
			require.NoError(t, err)
			require.Equal(t, []string{holder, holder}, []string{made.State.Owner, made.State.Outcome.Holder})
		}
		for field, who := range map[string]struct{ owner, holder string }{"owner": {"nobody", ""}, "outcome.holder": {"bob", "cleo"}} {
			record.Owner, record.Outcome.Holder = who.owner, who.holder
			_, err := f.RecordContact(ctx, anna, record, false)
			require.Equal(t, field, requireReason(t, err, "INVALID_ARGUMENT").Fields[0].Path)
		}
	})
}

// What was recorded before it was known who held a contact is its owner's, as it was.
func TestR10WorkThatSaysNotWhoHeldItIsTheOwners(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	_, err := f.touches.Create(t.Context(), anna, "acme/old", Touchpoint{Plan: "acme", Owner: "bob", State: Done,
		Outcome: &Outcome{Initiator: Company, By: "principals/anna"}}, completed)
	require.NoError(t, err)
	require.Equal(t, []string{"bob"}, f.work(t)["plans/acme/touchpoints/old"].Persons)
}

// R31: what was planned and did not take place is told as missed, on the day on which it was
// due; what was still to come when its plan was closed is not.
func TestR31WhatWasPlannedAndDidNotTakePlaceWasMissed(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.weekly(t, "acme")
		f.noon("2027-03-10")
		f.settled(t)
		invitation, err := f.Plan(ctx, anna, New{Plan: "acme", Origin: OfSession, Purpose: "Invite them", Channel: plans.Email, Due: day("2027-03-12")}, false)
		require.NoError(t, err)
		_, err = f.Skip(ctx, anna, invitation.ID, "", "The session was called off.")
		require.NoError(t, err)
		skip, err := f.Skip(ctx, anna, "acme/weekly-2027-03-16", "", "They are at a fair.")
		require.NoError(t, err)
		late := f.all(t, "acme")["weekly-2027-03-09"].State
		_, err = f.Complete(ctx, anna, "acme/weekly-2027-03-02", "", Outcome{Text: "Late, and done."})
		require.NoError(t, err)
		f.change(t, "acme", func(p *plans.Plan) { p.State = plans.Closed })
		f.settled(t)

		missed := map[string]feeds.Work{}
		for name, w := range f.work(t) {
			if w.Missed {
				require.True(t, w.Withdrawn, "it counts for nobody's points")
				missed[name] = w
			}
		}
		require.Len(t, missed, 2)
		require.True(t, skip.State.Due.Equal(missed["plans/acme/touchpoints/weekly-2027-03-16"].Completed))
		require.True(t, late.Due.Equal(missed["plans/acme/touchpoints/weekly-2027-03-09"].Completed), "it was late when the plan was closed")

		_, err = Work(docstore.FeedEvent{Source: Collection + "/acme/x", Event: docstore.Event{Type: skipped, Data: []byte("no document")}})
		require.Error(t, err)
	})
}

func TestR31WhatIsPlannedComesNext(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.weekly(t, "acme")
		f.noon("2027-03-03")
		f.settled(t)
		_, err := f.Skip(t.Context(), anna, "acme/weekly-2027-03-09", "", "They are at a fair.")
		require.NoError(t, err)
		next := func() (ids []string) {
			list, err := f.Next(t.Context(), "acme")
			require.NoError(t, err)
			for _, s := range list {
				ids = append(ids, s.ID)
			}
			return ids
		}
		require.Equal(t, []string{"acme/weekly-2027-03-02", "acme/weekly-2027-03-16", "acme/weekly-2027-03-23", "acme/weekly-2027-03-30", "acme/weekly-2027-04-06"}, next())
		f.noon("2027-07-20") // nothing was laid out meanwhile
		require.Empty(t, next(), "nobody waits for what was due more than a hundred days ago")
	})
}
