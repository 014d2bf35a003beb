package cases

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

func TestR15NoCaseIsAssignedToWhoHasNotAcknowledgedTheBaseline(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		id := f.opened(t, "c1")
		for _, check := range []bool{true, false} {
			_, err := f.Assign(ctx, as("anna"), id, "", "ben", check)
			wantReason(t, err, ReasonNotAcknowledged, "principals/ben has not acknowledged the baseline of schedule/versions/1")
		}
		_, err := f.Assign(ctx, as("anna"), id, "", "nobody", false)
		require.ErrorIs(t, err, resource.ErrNotFound)
		_, err = f.Assign(ctx, as("anna"), id, "", "machine", false)
		wantReason(t, err, ReasonNotStaff, "principals/machine")

		_, err = f.Acknowledge(ctx, as("robot"), false, 1)
		wantReason(t, err, ReasonNotStaff, "no person")
		_, err = f.Acknowledge(ctx, as("ben"), true, 2)
		require.ErrorIs(t, err, resource.ErrNotFound)
		a, err := f.Acknowledge(ctx, again("ben", "r1"), true, 1)
		require.NoError(t, err)
		require.Equal(t, "schedule/versions/1/acknowledgements/ben", AcknowledgementName(a.ID))
		f.clock.set(friday.Add(time.Minute))
		twice, err := f.Acknowledge(ctx, as("ben"), true, 1)
		require.NoError(t, err)
		require.Equal(t, a, twice)
		_, err = f.Assign(ctx, as("anna"), id, "", "ben", true)
		require.NoError(t, err)
		c, err := f.Assign(ctx, as("anna"), id, "", "ben", false)
		require.NoError(t, err)
		require.Equal(t, "ben", c.State.Assignee)

		// A version with the same commitments is the same baseline; one with others is not.
		f.published.publish(t, strings.Replace(promise, "ten years", "eleven years", 1), friday.Add(time.Hour))
		f.published.publish(t, strings.Replace(promise, "within: 4h", "within: 3h", 1), friday.Add(2*time.Hour))
		f.clock.set(friday.Add(time.Hour))
		_, err = f.Open(ctx, as("anna"), "acme", "c2", Opening{Issue: "late-delivery", Channel: "phone", Assignee: "ben"}, false)
		require.NoError(t, err)
		f.clock.set(friday.Add(2 * time.Hour))
		_, err = f.Open(ctx, as("anna"), "acme", "c3", Opening{Issue: "late-delivery", Channel: "phone", Assignee: "ben"}, false)
		wantReason(t, err, ReasonNotAcknowledged, "schedule/versions/3")
		c, err = f.Get(ctx, id)
		require.NoError(t, err)
		require.Equal(t, "ben", c.State.Assignee, "open assignments stay")
		c, err = f.Assign(ctx, as("anna"), id, c.Etag(), "", false)
		require.NoError(t, err)
		require.Empty(t, c.State.Assignee)

		list, err := f.Acknowledgements(ctx, 2, false, 2, nil)
		require.NoError(t, err)
		require.Equal(t, 1, list.Baseline)
		require.Equal(t, 2, list.Missing)
		require.Equal(t, "anna", list.Items[0].ID)
		require.True(t, list.Items[0].At.IsZero())
		require.False(t, list.Items[1].At.IsZero())
		list, err = f.Acknowledgements(ctx, 2, false, 2, list.Next)
		require.NoError(t, err)
		require.Len(t, list.Items, 1)
		require.Nil(t, list.Next)
		list, err = f.Acknowledgements(ctx, 1, true, 5, nil)
		require.NoError(t, err)
		require.Len(t, list.Items, 2)
	})
}

func TestR25LikeCasesPointToARemedyAndDepartingNeedsAReason(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		resolve := func(id, remedy, reason string) error {
			f.clock.set(f.Now().Add(time.Minute))
			c, err := f.Resolve(ctx, as("anna"), id, "", Resolution{Remedy: Remedy{ID: remedy, DepartureReason: reason}, Attestations: kept}, false)
			if err == nil {
				require.Equal(t, remedy, c.State.Remedy.ID)
			}
			return err
		}
		first, second, third := f.opened(t, "c1"), f.opened(t, "c2"), f.opened(t, "c3")
		require.NoError(t, resolve(first, "refund", ""))
		err := resolve(second, "voucher", "")
		wantReason(t, err, ReasonDeparture, "points to remedies/refund, by the precedent, and is to get remedies/voucher")
		wantReason(t, resolve(second, "", ""), ReasonDeparture, "no remedy")
		require.NoError(t, resolve(second, "voucher", "The refund could not be paid out."))
		c, err := f.Get(ctx, second)
		require.NoError(t, err)
		require.Equal(t, &Remedy{ID: "voucher", Pointed: "refund", Basis: FromPrecedent, DepartureReason: "The refund could not be paid out."}, c.State.Remedy)

		// Of equally many, the latest counts; a reopened case is no precedent.
		found, err := f.FindPrecedents(ctx, late.Issue, late.Facts, third)
		require.NoError(t, err)
		require.Equal(t, "voucher", found.Pointed)
		require.Equal(t, 2, found.Count)
		require.Equal(t, second, found.Latest[0].ID)
		_, err = f.Reopen(ctx, as("anna"), second, "", "Again.")
		require.NoError(t, err)
		found, err = f.FindPrecedents(ctx, late.Issue, late.Facts, third)
		require.NoError(t, err)
		require.Equal(t, "refund", found.Pointed)

		// Other facts are another matter.
		found, err = f.FindPrecedents(ctx, late.Issue, map[string]string{"days-late": "4"}, "")
		require.NoError(t, err)
		require.Empty(t, found.Basis)
		require.Zero(t, found.Count)
		_, err = f.FindPrecedents(ctx, "Late!", map[string]string{"vip": "yes"}, "")
		require.ErrorContains(t, err, "issue")

		f.catalogue.set("repair")
		found, err = f.FindPrecedents(ctx, late.Issue, late.Facts, third)
		require.NoError(t, err)
		require.Equal(t, FromCatalogue, found.Basis)
		wantReason(t, resolve(third, "refund", ""), ReasonDeparture, "by the catalogue")
		require.NoError(t, resolve(third, "repair", "not needed"))
		c, err = f.Get(ctx, third)
		require.NoError(t, err)
		require.Empty(t, c.State.Remedy.DepartureReason)
	})
}

func TestR13AttestationsAreAskedForAtTheEnd(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	id := f.opened(t, "c1")
	for _, tc := range []struct {
		given        []Attestation
		reason, text string
	}{
		{nil, ReasonAttestation, "courtesy, fairness"},
		{kept[:1], ReasonAttestation, "want fairness attested"},
		{append(kept[:2:2], Attestation{What: "speed", Kept: true}), fault.ReasonInvalidArgument, `"speed" is asked for by no commitment`},
		{append(kept[:2:2], kept[0]), fault.ReasonInvalidArgument, "attested before"},
		{[]Attestation{kept[0], {What: "fairness"}}, fault.ReasonInvalidArgument, "say why"},
	} {
		_, err := f.Resolve(t.Context(), as("anna"), id, "", Resolution{Attestations: tc.given}, true)
		wantReason(t, err, tc.reason, tc.text)
	}
	honest := []Attestation{kept[1], {What: "courtesy", Note: "We shouted."}}
	honest[0].What = "fairness"
	_, err := f.Resolve(t.Context(), as("anna"), id, "", Resolution{Attestations: honest}, true)
	require.NoError(t, err)
	c, err := f.Get(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, Open, c.State.State, "it was only checked")
}

func TestWhatIsWrongWithACaseIsNamed(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	for _, tc := range []struct {
		o    Opening
		want string
	}{
		{Opening{Issue: "Late delivery", Channel: "email"}, "case.issue"},
		{Opening{Issue: "late", Channel: ""}, "case.channel"},
		{Opening{Issue: "late", Channel: "email", Subject: strings.Repeat("x", 201)}, "case.subject"},
		{Opening{Issue: "late", Channel: "email", Facts: map[string]string{"customer-tier": "gold"}}, "no account carries a level"},
		{Opening{Issue: "late", Channel: "email", Facts: map[string]string{"followers": "9000"}}, "no remedy may depend on it"},
		{Opening{Issue: "late", Channel: "email", Facts: map[string]string{"spend-band": "high"}}, "no remedy may depend on it"},
		{Opening{Issue: "late", Channel: "email", Facts: map[string]string{"annual-revenue": "900"}}, "no remedy may depend on it"},
		{Opening{Issue: "late", Channel: "email", Facts: map[string]string{"followers-count": "900"}}, "no remedy may depend on it"},
		{Opening{Issue: "late", Channel: "email", Facts: map[string]string{"tenure": "900"}}, "no remedy may depend on it"},
		{Opening{Issue: "late", Channel: "email", Facts: map[string]string{"customer-type": "gold"}}, "no remedy may depend on it"},
		{Opening{Issue: "late", Channel: "email", Facts: map[string]string{"bundle": "x"}}, "no remedy may depend on it"},
		{Opening{Issue: "late", Channel: "email", Facts: map[string]string{"damaged": ""}}, "case.facts.damaged"},
	} {
		_, err := f.Open(ctx, as("anna"), "acme", "", tc.o, false)
		wantReason(t, err, fault.ReasonInvalidArgument, tc.want)
	}
	_, err := f.Open(ctx, as("anna"), "none", "", late, false)
	require.ErrorIs(t, err, resource.ErrNotFound)
	_, err = f.Open(ctx, as("anna"), "acme", "No id", late, false)
	wantReason(t, err, fault.ReasonInvalidArgument, "case_id")
	c, err := f.Open(ctx, as("anna"), "acme", "", late, true)
	require.NoError(t, err)
	_, err = f.Get(ctx, c.ID)
	require.ErrorIs(t, err, resource.ErrNotFound, "it was only checked")
}

func TestARetryOpensAndActsOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		c, err := f.Open(ctx, again("anna", "r1"), "acme", "", late, false)
		require.NoError(t, err)
		f.clock.set(friday.Add(time.Minute))
		twice, err := f.Open(ctx, again("anna", "r1"), "acme", "", late, false)
		require.NoError(t, err)
		require.Equal(t, c, twice)
		_, err = f.SetEscalationPath(ctx, as("root").Call, "", Path{Accountable: "ben", Within: time.Hour})
		require.NoError(t, err)
		for range 2 {
			_, err = f.Escalate(ctx, again("anna", "r2"), c.ID, c.Etag(), "Nobody answers.")
			require.NoError(t, err)
		}
		for range 2 {
			_, err = f.Resolve(ctx, again("anna", "r3"), c.ID, "", Resolution{Attestations: kept, Remedy: Remedy{ID: "refund"}}, false)
			require.NoError(t, err)
		}
		_, err = f.Reply(ctx, as("anna"), c.ID, c.Etag(), "")
		require.ErrorIs(t, err, resource.ErrStale)
		require.Equal(t, []string{"case.opened", "case.escalated", "case.resolved"}, f.events(t, c.Aggregate))
	})
}

func TestWhatAResolvedCaseRefuses(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	id := f.opened(t, "c1")
	_, err := f.RecordSurvey(ctx, as("anna"), id, "", Survey{Score: 5})
	wantReason(t, err, ReasonCaseState, "only while it is resolved")
	_, err = f.Reopen(ctx, as("anna"), id, "", "why")
	wantReason(t, err, ReasonCaseState, "only while it is resolved")
	value := int64(2500)
	_, err = f.Resolve(ctx, as("anna"), id, "", Resolution{Remedy: Remedy{ID: "refund", Value: &value, Currency: "EUR"}, Attestations: kept}, false)
	wantReason(t, err, fault.ReasonInvalidArgument, "values of remedies are in USD")
	_, err = f.Resolve(ctx, as("anna"), id, "", Resolution{Remedy: Remedy{ID: "voucher", Value: &value, Currency: "USD"}, Attestations: kept}, false)
	require.NoError(t, err)
	word := "lost"
	for what, act := range map[string]func() error{
		"change": func() error { _, err := f.Update(ctx, as("anna"), id, "", Patch{Issue: &word}); return err },
		"assign": func() error { _, err := f.Assign(ctx, as("anna"), id, "", "", false); return err },
		"reply":  func() error { _, err := f.Reply(ctx, as("anna"), id, "", ""); return err },
		"wait":   func() error { _, err := f.Wait(ctx, as("anna"), id, "", ""); return err },
		"answer": func() error { _, err := f.Answered(ctx, as("anna"), id, "", ""); return err },
		"resolve": func() error {
			_, err := f.Resolve(ctx, as("anna"), id, "", Resolution{Attestations: kept, Remedy: Remedy{ID: "refund"}}, false)
			return err
		},
	} {
		t.Run(what, func(t *testing.T) { wantReason(t, act(), ReasonCaseState, "is resolved, and") })
	}
	_, err = f.RecordSurvey(ctx, as("anna"), id, "", Survey{Score: 6})
	wantReason(t, err, fault.ReasonInvalidArgument, "1 to 5")
	_, err = f.RecordSurvey(ctx, as("anna"), id, "", Survey{Score: 5, Comment: "Fine."})
	require.NoError(t, err)
	_, err = f.RecordSurvey(ctx, as("anna"), id, "", Survey{Score: 1})
	wantReason(t, err, ReasonCaseState, "it is recorded once")
}

func TestChangingACaseKeepsItsHistory(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	id := f.opened(t, "c1")
	issue, facts := "lost-parcel", map[string]string{"insured": "yes"}
	c, err := f.Update(ctx, as("ben"), id, "", Patch{Issue: &issue, Facts: &facts})
	require.NoError(t, err)
	require.Equal(t, "lost-parcel", c.State.Issue)
	require.Equal(t, "Where is it?", c.State.Subject)
	require.Len(t, c.State.History, 2)
	require.Equal(t, "principals/ben", c.State.History[1].By.Principal)
	for range maxHistory {
		c, err = f.Reply(ctx, as("ben"), id, "", "")
		require.NoError(t, err)
	}
	require.Len(t, c.State.History, maxHistory)
	require.Equal(t, 2, c.State.Forgotten)
}

func TestListsOfCases(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for i, account := range []string{"acme", "other", "acme", "acme"} {
			f.clock.set(friday.Add(time.Duration(i) * time.Minute))
			o := late
			if i == 3 {
				o.Issue, o.Channel = "invoice", "phone"
			}
			_, err := f.Open(ctx, as("anna"), account, fmt.Sprintf("c%d", i), o, false)
			require.NoError(t, err)
		}
		_, err := f.Acknowledge(ctx, as("ben"), true, 1)
		require.NoError(t, err)
		_, err = f.Assign(ctx, as("anna"), "acme/cases/c2", "", "ben", false)
		require.NoError(t, err)
		_, err = f.Resolve(ctx, as("anna"), "acme/cases/c0", "", Resolution{Attestations: kept}, false)
		require.NoError(t, err)
		f.clock.set(local("2026-03-09 13:01"))
		breached := func(c resource.Stored[Case]) bool { return c.State.Breached(f.Now()) }
		for _, tc := range []struct {
			name string
			q    Query
			want string
		}{
			{"all", Query{}, "acme/c0 other/c1 acme/c2 acme/c3"},
			{"latest first", Query{Descending: true}, "acme/c3 acme/c2 other/c1 acme/c0"},
			{"of an account", Query{Account: "acme"}, "acme/c0 acme/c2 acme/c3"},
			{"open", Query{State: Open}, "other/c1 acme/c2 acme/c3"},
			{"resolved", Query{State: Resolved}, "acme/c0"},
			{"issue", Query{Issue: "invoice"}, "acme/c3"},
			{"channel", Query{Account: "acme", Keep: func(c resource.Stored[Case]) bool { return c.State.Channel == "email" }}, "acme/c0 acme/c2"},
			{"assignee", Query{Assignee: "ben"}, "acme/c2"},
			{"opened within", Query{OpenedFrom: friday.Add(time.Minute), OpenedTo: friday.Add(3 * time.Minute)}, "other/c1 acme/c2"},
			{"by due time", Query{ByDue: true}, "other/c1 acme/c2 acme/c3"},
			{"due before", Query{ByDue: true, DueTo: local("2026-03-09 13:02")}, "other/c1"},
			{"due from", Query{ByDue: true, DueFrom: local("2026-03-09 13:02")}, "acme/c2 acme/c3"},
			{"due within, by opening", Query{DueFrom: local("2026-03-09 13:01"), DueTo: local("2026-03-09 13:02")}, "other/c1"},
			{"breached", Query{Keep: breached}, ""},
		} {
			t.Run(tc.name, func(t *testing.T) {
				for _, size := range []int{1, 2, 50} {
					q, got := tc.q, []string{}
					for q.Size = size; ; {
						page, err := f.List(ctx, q)
						require.NoError(t, err)
						for _, c := range page.Items {
							got = append(got, strings.Replace(c.ID, "/cases", "", 1))
						}
						if q.After = page.Next; q.After == nil {
							break
						}
					}
					require.Equal(t, tc.want, strings.Join(got, " "))
				}
			})
		}
		f.clock.set(local("2026-03-09 13:01").Add(time.Second))
		page, err := f.List(ctx, Query{Keep: breached, Size: 10})
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		_, err = f.List(ctx, Query{Account: "none", Size: 10})
		require.ErrorIs(t, err, resource.ErrNotFound)
	})
}

// Whoever acts on one case at the same time: each act is made once, in an order.
func TestActsAtTheSameTimeAreAllKept(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	id := f.opened(t, "c1")
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_, err := f.Reply(t.Context(), as("anna"), id, "", "")
			assert.NoError(t, err)
		})
	}
	all.Wait()
	c, err := f.Get(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, c.State.History, 21)
}

// Whatever is asked for, and however long the pages are: each case that is wanted is listed
// once, in order, whichever index finds it.
func TestPagesOfManyCases(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		all := make([]resource.Stored[Case], 61)
		for i := range all {
			f.clock.set(friday.Add(time.Duration(i/3) * time.Minute)) // three at a time
			o := late
			o.Issue = []string{"late-delivery", "invoice"}[i%2]
			c, err := f.Open(ctx, as("anna"), []string{"acme", "other"}[i%5%2], fmt.Sprintf("c%02d", i), o, false)
			require.NoError(t, err)
			if i%4 == 0 {
				c, err = f.Resolve(ctx, as("anna"), c.ID, "", Resolution{Attestations: kept}, false)
				require.NoError(t, err)
			}
			all[i] = c
		}
		f.clock.set(local("2026-03-09 13:10"))
		inOrder := slices.SortedFunc(slices.Values(all), func(a, b resource.Stored[Case]) int {
			return cmp.Or(a.State.Opened.Compare(b.State.Opened), cmp.Compare(a.ID, b.ID))
		})
		at := func(minutes int) time.Time { return friday.Add(time.Duration(minutes) * time.Minute) }
		breached := func(c resource.Stored[Case]) bool { return c.State.Breached(f.Now()) }
		type wanted func(c *Case) bool
		from := func(minutes int) wanted { return func(c *Case) bool { return !c.Opened.Before(at(minutes)) } }
		before := func(minutes int) wanted { return func(c *Case) bool { return c.Opened.Before(at(minutes)) } }
		for name, list := range map[string]struct {
			Query
			wanted []wanted // all of them
		}{
			"from":  {Query{OpenedFrom: at(7)}, []wanted{from(7)}},
			"to":    {Query{OpenedTo: at(7)}, []wanted{before(7)}},
			"empty": {Query{OpenedFrom: at(7), OpenedTo: at(7)}, []wanted{func(*Case) bool { return false }}},
			"of an account": {Query{Account: "other", OpenedFrom: at(3), OpenedTo: at(17)},
				[]wanted{from(3), before(17), func(c *Case) bool { return c.Account == "other" }}},
			"in a state": {Query{State: Open, OpenedFrom: at(3), OpenedTo: at(17)},
				[]wanted{from(3), before(17), func(c *Case) bool { return c.Resolved.IsZero() }}},
			"resolved": {Query{State: Resolved, OpenedTo: at(9), Descending: true},
				[]wanted{before(9), func(c *Case) bool { return !c.Resolved.IsZero() }}},
			"of an issue": {Query{Issue: "invoice", OpenedFrom: at(5), Descending: true},
				[]wanted{from(5), func(c *Case) bool { return c.Issue == "invoice" }}},
			"breached": {Query{Keep: breached, OpenedFrom: at(2)},
				[]wanted{from(2), func(c *Case) bool { return c.Resolved.IsZero() && c.Due.Before(f.Now()) }}},
			"due": {Query{ByDue: true, DueFrom: local("2026-03-09 13:03"), DueTo: local("2026-03-09 13:12")},
				[]wanted{func(c *Case) bool { return "2026-03-09 13:03" <= shown(c.Due) && shown(c.Due) < "2026-03-09 13:12" }}},
			"due, opened late": {Query{ByDue: true, OpenedFrom: at(8), Descending: true},
				[]wanted{from(8), func(c *Case) bool { return c.Resolved.IsZero() }}},
		} {
			q := list.Query
			var want []string
			for _, c := range inOrder {
				if !slices.ContainsFunc(list.wanted, func(is wanted) bool { return !is(&c.State) }) {
					want = append(want, c.ID)
				}
			}
			require.Equal(t, name == "empty", len(want) == 0, name)
			if q.Descending {
				slices.Reverse(want)
			}
			for _, size := range []int{1, 7, 100} {
				var got []string
				for q.Size, q.After = size, nil; ; {
					page, err := f.List(ctx, q)
					require.NoError(t, err)
					for _, c := range page.Items {
						got = append(got, c.ID)
					}
					if q.After = page.Next; q.After == nil {
						break
					}
				}
				require.Equal(t, want, got, "%s by %d", name, size)
			}
		}
	})
}
