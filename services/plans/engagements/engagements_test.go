package engagements

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

func TestR6AnEngagementIsPlannedAndClosedWithoutAnyRevenue(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		d := recruiting
		d.Contact, d.PlannedMinutes = "accounts/acme/contacts/jane", 600
		d.PlannedStart, d.PlannedEnd = day(t, "2026-11-23"), day(t, "2026-12-31")
		f.expert(t, "ben", Expert{HoursAMonth: 10})
		made, err := f.Request(ctx, request("a"), "", "acme", d, false)
		require.NoError(t, err)
		require.Equal(t, Requested, made.State.State)
		require.Equal(t, AskedFor, made.State.Origin)
		again, err := f.Request(ctx, request("a"), "", "acme", d, false)
		require.NoError(t, err)
		require.Equal(t, made.ID, again.ID)

		matched, err := f.Assign(ctx, request("b"), made.ID, made.Etag(), []string{"ben"})
		require.NoError(t, err)
		require.Equal(t, Matched, matched.State.State)
		_, err = f.Assign(ctx, someone, made.ID, made.Etag(), []string{"ben"})
		require.ErrorIs(t, err, resource.ErrStale)
		_, err = f.Start(ctx, someone, made.ID, "", day(t, "2026-11-20"))
		require.NoError(t, err)
		_, number, err := f.Record(ctx, request("h"), made.ID, Entry{Person: "ben", Minutes: 90, Note: "Read the adverts."}, false)
		require.NoError(t, err)
		require.Equal(t, 1, number)
		done, err := f.Complete(ctx, someone, made.ID, "", "They hired one of three whom we proposed.")
		require.NoError(t, err)
		require.Equal(t, Completed, done.State.State)
		require.Equal(t, day(t, "2026-11-22"), done.State.Ended)
		require.Equal(t, 90, done.State.Worked)
		require.Empty(t, f.benefits.uses, "it names no benefit")

		heard, err := f.Hear(ctx, request("f"), made.ID, Feedback{Text: "At last!", Rating: 5, Contact: "accounts/acme/contacts/jane", Solved: true})
		require.NoError(t, err)
		require.True(t, heard.State.Confirmed())
		again, err = f.Hear(ctx, request("f"), made.ID, Feedback{Text: "At last!", Rating: 5, Contact: "accounts/acme/contacts/jane", Solved: true})
		require.NoError(t, err)
		require.Len(t, again.State.Feedback, 1)
		heard, err = f.Hear(ctx, someone, made.ID, Feedback{Text: "She left.", Rating: 2, Contact: "accounts/acme/contacts/jane"})
		require.NoError(t, err)
		require.False(t, heard.State.Confirmed(), "they have said otherwise since")

		list, err := f.Completed(ctx, "acme", day(t, "2026-11-22"), day(t, "2026-11-23"))
		require.NoError(t, err)
		require.Len(t, list, 1)
		list, err = f.Completed(ctx, "acme", day(t, "2026-11-23"), day(t, "2026-11-24"))
		require.NoError(t, err)
		require.Empty(t, list)
	})
}

func TestR6NoFieldOfAnEngagementIsAboutRevenue(t *testing.T) {
	var walk func(reflect.Type)
	walk = func(of reflect.Type) {
		for i := range of.NumField() {
			field := of.Field(i)
			for _, word := range []string{"revenue", "amount", "price", "value", "spend"} {
				require.NotContains(t, strings.ToLower(field.Name), word)
			}
			inner := field.Type
			for inner.Kind() == reflect.Slice {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct && strings.HasSuffix(inner.PkgPath(), "engagements") {
				walk(inner)
			}
		}
	}
	walk(reflect.TypeFor[Engagement]())
}

func TestAnEngagementEndsOnceAndWithAReason(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, err := f.Request(ctx, someone, "declined", "acme", recruiting, false)
		require.NoError(t, err)
		_, err = f.Decline(ctx, someone, "declined", "", "")
		require.ErrorContains(t, err, "reason")
		got, err := f.Decline(ctx, someone, "declined", "", "Nobody of us knows this trade.")
		require.NoError(t, err)
		require.Equal(t, Declined, got.State.State)
		require.Equal(t, "Nobody of us knows this trade.", got.State.Reason)
		_, err = f.Cancel(ctx, someone, "declined", "", "Twice.")
		requireReason(t, err, reasonState)
		_, err = f.Assign(ctx, someone, "declined", "", []string{"ben"})
		requireReason(t, err, reasonExpert)

		f.underWay(t, "cancelled", recruiting)
		_, err = f.Decline(ctx, someone, "cancelled", "", "Too late for that.")
		requireReason(t, err, reasonState)
		_, err = f.Cancel(ctx, someone, "cancelled", "", "They found somebody.")
		require.NoError(t, err)
		_, err = f.Complete(ctx, someone, "cancelled", "", "Done.")
		told := requireReason(t, err, reasonState)
		require.Contains(t, told.Message, "engagements/cancelled is cancelled, and this can be done only to one that is under way.")
		_, _, err = f.Record(ctx, someone, "cancelled", Entry{Person: "ben", Minutes: 30}, false)
		require.NoError(t, err, "what was worked before is written down late")
		_, err = f.Update(ctx, someone, "cancelled", "", Patch{Title: new(string)})
		requireReason(t, err, reasonState)
	})
}

func TestWhatIsNoEngagementIsRefused(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	for text, change := range map[string]func(*Definition){
		"engagement.title":                             func(d *Definition) { d.Title = "" },
		"engagement.problem":                           func(d *Definition) { d.Problem = "" },
		"engagement.area":                              func(d *Definition) { d.Area = "Our systems" },
		"engagement.languages":                         func(d *Definition) { d.Languages = []string{"german!"} },
		"engagement.origin":                            func(d *Definition) { d.Origin = "forced" },
		"engagement.planned_end_date":                  func(d *Definition) { d.PlannedStart, d.PlannedEnd = 20_000, 19_999 },
		"is no contact of accounts/acme":               func(d *Definition) { d.Contact = "accounts/other/contacts/jane" },
		"accounts/acme/contacts/nobody does not exist": func(d *Definition) { d.Contact = "accounts/acme/contacts/nobody" },
	} {
		d := recruiting
		change(&d)
		_, err := f.Request(ctx, someone, "", "acme", d, false)
		require.ErrorContains(t, err, text)
	}
	_, err := f.Request(ctx, someone, "", "nobody", recruiting, false)
	require.ErrorContains(t, err, "accounts/nobody does not exist")
	checked, err := f.Request(ctx, someone, "checked", "acme", recruiting, true)
	require.NoError(t, err)
	require.Equal(t, Requested, checked.State.State)
	_, err = f.Get(ctx, "checked")
	require.ErrorIs(t, err, resource.ErrNotFound)

	f.opts.Benefits = nil
	_, err = f.Request(ctx, someone, "", "acme", metered(), false)
	require.ErrorContains(t, err, "no entitlements service is there")

	f.underWay(t, "e", recruiting)
	for text, h := range map[string]Entry{
		"hours.minutes":   {Person: "ben", Minutes: 24*60 + 1},
		"hours.work_date": {Person: "ben", Minutes: 1, Day: day(t, "2026-11-23")},
		"hours.person":    {Person: "zoe", Minutes: 1},
	} {
		_, _, err := f.Record(ctx, someone, "e", h, false)
		require.ErrorContains(t, err, text)
	}
	for text, said := range map[string]Feedback{
		"feedback.rating":        {Rating: 6, Contact: "accounts/acme/contacts/jane"},
		"feedback.contact":       {Rating: 5},
		"feedback.feedback_date": {Rating: 5, Contact: "accounts/acme/contacts/jane", Day: day(t, "2026-11-23")},
	} {
		_, err := f.Hear(ctx, someone, "e", said)
		require.ErrorContains(t, err, text)
	}
	_, err = f.Hear(ctx, someone, "none", Feedback{Rating: 5, Contact: "accounts/acme/contacts/jane"})
	require.ErrorIs(t, err, resource.ErrNotFound)
}

func TestEventsDoNotTellWhatCustomersSaid(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	f.underWay(t, "e", recruiting)
	_, _, err := f.Record(ctx, someone, "e", Entry{Person: "ben", Minutes: 60, Note: "secret note"}, false)
	require.NoError(t, err)
	e, err := f.Hear(ctx, someone, "e", Feedback{Text: "secret word", Rating: 4, Contact: "accounts/acme/contacts/jane"})
	require.NoError(t, err)
	told, err := json.Marshal(Kind.Tell(e.State))
	require.NoError(t, err)
	require.Contains(t, string(told), `"Rating":4`)
	require.Contains(t, string(told), `"Minutes":60`)
	require.NotContains(t, string(told), "secret")
	require.NotContains(t, string(told), recruiting.Problem)
	require.Equal(t, "secret word", e.State.Feedback[0].Text, "it is kept where it can be erased")
	require.Equal(t, "secret note", e.State.Hours[0].Note)
}

// Those are credited who did the work, and who serve the account share in it: not who was on
// the engagement once and did nothing.
func TestR10AnEngagementIsTheWorkOfThoseWhoDidIt(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for _, id := range []string{"ida", "kim", "leo", "sam"} {
			f.expert(t, id, Expert{HoursAMonth: 10})
		}
		f.underWay(t, "e", recruiting)
		_, err := f.Assign(ctx, someone, "e", "", []string{"ida", "kim", "leo"})
		require.NoError(t, err)
		_, _, err = f.Record(ctx, someone, "e", Entry{Person: "kim", Minutes: 60, Note: "secret"}, false)
		require.NoError(t, err)
		_, n, err := f.Record(ctx, someone, "e", Entry{Person: "leo", Minutes: 60}, false)
		require.NoError(t, err)
		_, _, err = f.Reverse(ctx, someone, "e", n, "It was kim.")
		require.NoError(t, err)
		_, err = f.Assign(ctx, someone, "e", "", []string{"sam"})
		require.NoError(t, err)
		require.Nil(t, f.told(t, "e"), "it is not completed")
		_, err = f.Complete(ctx, someone, "e", "", "They hired one.")
		require.NoError(t, err)
		w := f.told(t, "e")
		require.Equal(t, []string{"kim", "sam"}, w.Persons)
		require.Equal(t, []string{"olga of acme", "zoe"}, w.Team)
		require.Equal(t, int64(60), w.Minutes)
		_, _, err = f.Record(ctx, someone, "e", Entry{Person: "ida", Minutes: 30}, false)
		require.NoError(t, err)
		require.Equal(t, []string{"ida", "kim", "sam"}, f.told(t, "e").Persons, "she wrote it down late")
	})
}

// Hours are told when they are recorded and when they are taken back, each on its day of
// work, also of an engagement that is cancelled; and no other event tells them again.
func TestR31HoursAreToldAsTheyAreRecorded(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.underWay(t, "e", recruiting)
		worked := day(t, "2026-09-30")
		_, n, err := f.Record(ctx, someone, "e", Entry{Person: "ben", Day: worked, Minutes: 600, Note: "secret"}, false)
		require.NoError(t, err)
		_, _, err = f.Reverse(ctx, someone, "e", n, "It was another.")
		require.NoError(t, err)
		_, _, err = f.Record(ctx, someone, "e", Entry{Person: "ben", Minutes: 30}, false)
		require.NoError(t, err)
		_, err = f.Cancel(ctx, someone, "e", "", "They sold the shop.")
		require.NoError(t, err)
		relaying, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- f.store.RunRelay(relaying) }()
		defer func() {
			stop()
			require.ErrorIs(t, <-ended, context.Canceled)
		}()
		var told []feeds.Work
		enough := errors.New("enough")
		err = f.store.Feed().Follow(ctx, 0, func(events []docstore.FeedEvent) error {
			for _, e := range events {
				works, err := Work(e)
				if err != nil {
					return err
				}
				told = append(told, works...)
				if e.Type == "engagement.cancelled" {
					return enough
				}
			}
			return nil
		})
		require.ErrorIs(t, err, enough)
		want := func(number int, on civil.Day, minutes int64) feeds.Work {
			return feeds.Work{Name: HoursName("e", number), About: Name("e"), Kind: "hours", Account: "acme", Title: recruiting.Title, Persons: []string{"ben"},
				Recorder: someone.Principal, Minutes: minutes, Day: on}
		}
		require.Len(t, told, 3)
		require.Equal(t, []feeds.Work{want(1, worked, 600), want(2, worked, -600), want(3, told[2].Day, 30)}, told)
	})
}

func TestWhatTheCustomerSaidLastCountsWheneverItIsRecorded(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.underWay(t, "e", recruiting)
		ben := resource.Call{Principal: "principals/ben", Method: "test"}
		hear := func(by resource.Call, on string, rating int, solved bool) bool {
			e, err := f.Hear(ctx, by, "e", Feedback{Day: day(t, on), Rating: rating, Contact: fmt.Sprintf("accounts/acme/contacts/c%d", rating), Solved: solved})
			require.NoError(t, err)
			return e.State.Confirmed()
		}
		_, err := f.Complete(ctx, ben, "e", "", "They hired one.")
		require.NoError(t, err)
		require.Equal(t, []string{"principals/ben", ""}, []string{f.told(t, "e").Recorder, f.told(t, "e").HeardBy})
		require.True(t, hear(someone, "2026-11-20", 5, true))
		require.True(t, hear(ben, "2026-11-18", 1, false), "what was said before is written down late")
		w := f.told(t, "e")
		require.Equal(t, []any{true, 5, "principals/ben", "principals/anna", []string{"c5"}}, []any{w.Confirmed, w.Rating, w.Recorder, w.HeardBy, w.Contacts})
		require.False(t, hear(ben, "2026-11-20", 2, false), "of one day the last record counts")
		w = f.told(t, "e")
		require.Equal(t, []any{false, 2, "principals/ben", "principals/ben"}, []any{w.Confirmed, w.Rating, w.Recorder, w.HeardBy})
	})
}

func TestEngagementsAreListedLatestFirst(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for _, id := range []string{"b", "a", "c"} {
			_, err := f.Request(ctx, someone, id, "acme", recruiting, false)
			require.NoError(t, err)
		}
		_, err := f.Request(ctx, resource.Call{Principal: "principals/zoe"}, "z", "other", recruiting, false)
		require.NoError(t, err)
		ids := func(q Query) (list []string) {
			for {
				page, err := f.List(ctx, q)
				require.NoError(t, err)
				for _, e := range page.Items {
					list = append(list, e.ID)
				}
				if page.Next == nil {
					return list
				}
				q.After = page.Next
			}
		}
		require.Equal(t, []string{"z", "c", "a", "b"}, ids(Query{Size: 2}))
		require.Equal(t, []string{"c", "a", "b"}, ids(Query{Size: 1, Account: "acme"}))
		require.Equal(t, []string{"z"}, ids(Query{Size: 2, Requester: "principals/zoe"}))
		require.Equal(t, []string{"a"}, ids(Query{Size: 2, Keep: func(e resource.Stored[Engagement]) bool { return e.ID == "a" }}))
	})
}
