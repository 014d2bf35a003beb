package engagements

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource"
)

func TestExpertsAreProposedByWhatSpeaksForThem(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.expert(t, "ben", Expert{HoursAMonth: 10, Languages: []string{"de-AT", "en"}})
		f.expert(t, "zoe", Expert{HoursAMonth: 10, Languages: []string{"de"}})
		f.expert(t, "sam", Expert{HoursAMonth: 100, Languages: []string{"en"}})
		f.expert(t, "kim", Expert{HoursAMonth: 2, Languages: []string{"de"}})
		f.expert(t, "ida", Expert{HoursAMonth: 50, Languages: []string{"de"}, Inactive: true})
		f.expert(t, "leo", Expert{HoursAMonth: 50, Languages: []string{"de"}, Areas: []string{"systems"}})
		f.expert(t, "max", Expert{HoursAMonth: 50, Languages: []string{"de"}})
		f.gone["max"] = true
		f.underWay(t, "earlier", recruiting)
		for _, on := range []string{"2026-11-01", "2026-10-31"} { // the second is not of this month
			_, _, err := f.Record(ctx, someone, "earlier", Entry{Person: "ben", Minutes: 90, Day: day(t, on)}, false)
			require.NoError(t, err)
		}
		_, err := f.Complete(ctx, someone, "earlier", "", "Done.")
		require.NoError(t, err)
		d := recruiting
		d.Languages, d.PlannedMinutes = []string{"de"}, 180
		_, err = f.Request(ctx, someone, "new", "acme", d, false)
		require.NoError(t, err)

		both := recruiting
		both.Area = "systems"
		for _, id := range []string{"other", "gone"} {
			f.underWay(t, id, both)
			_, err = f.Assign(ctx, someone, id, "", []string{"zoe", "kim"})
			require.NoError(t, err)
			_, _, err = f.Record(ctx, someone, id, Entry{Person: "ben", Minutes: 60, Day: day(t, "2026-11-20")}, false)
			require.NoError(t, err)
		}
		_, n, err := f.Record(ctx, someone, "gone", Entry{Person: "zoe", Minutes: 60}, false)
		require.NoError(t, err)
		_, _, err = f.Reverse(ctx, someone, "gone", n, "It was kim.")
		require.NoError(t, err)
		_, err = f.Cancel(ctx, someone, "gone", "", "They found somebody.")
		require.NoError(t, err)

		list, err := f.Match(ctx, "new")
		require.NoError(t, err)
		var ids []string
		for _, c := range list {
			ids = append(ids, c.Expert.ID)
		}
		require.Equal(t, []string{"ben", "zoe", "kim", "sam"}, ids)
		require.Equal(t, []string{"Knows recruiting.", "Speaks de, which was asked for.",
			"Has 6 hours and 30 minutes of 10 hours free in November 2026.", "Has completed 1 engagement of accounts/acme."}, list[0].Why)
		require.Equal(t, []string{"Has 10 hours of 10 hours free in November 2026.", "Is on 1 engagement under way."}, list[1].Why[2:])
		require.Equal(t, "Has 2 hours of 2 hours free in November 2026. 3 hours are planned.", list[2].Why[2])
		require.Equal(t, []string{"de"}, list[3].Missing)
		for _, id := range ids {
			_, err = f.Assign(ctx, someone, "new", "", []string{id})
			require.NoError(t, err, "who is proposed can be assigned")
		}
		_, err = f.Match(ctx, "none")
		require.ErrorIs(t, err, resource.ErrNotFound)
	})
}

func TestExpertsAreWrittenDownAndChanged(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		made, err := f.CreateExpert(ctx, request("a"), "ben", Expert{Areas: []string{"systems", "recruiting", "systems"}, HoursAMonth: 8})
		require.NoError(t, err)
		require.Equal(t, []string{"recruiting", "systems"}, made.State.Areas)
		_, err = f.CreateExpert(ctx, someone, "ben", Expert{Areas: []string{"systems"}})
		require.ErrorIs(t, err, resource.ErrExists)
		_, err = f.CreateExpert(ctx, someone, "nobody", Expert{Areas: []string{"systems"}})
		require.ErrorContains(t, err, "principals/nobody does not exist")
		_, err = f.CreateExpert(ctx, someone, "robot", Expert{Areas: []string{"systems"}})
		require.ErrorContains(t, err, "expert_id: principals/robot is a machine or disabled")
		for text, e := range map[string]Expert{
			"expert.areas":         {},
			"is no id":             {Areas: []string{"Our systems"}},
			"expert.hours_a_month": {Areas: []string{"systems"}, HoursAMonth: 301},
			"expert.languages":     {Areas: []string{"systems"}, Languages: []string{"German"}},
		} {
			_, err := f.CreateExpert(ctx, someone, "zoe", e)
			require.ErrorContains(t, err, text)
		}
		f.gone["ben"] = true
		_, err = f.Request(ctx, someone, "e", "acme", recruiting, false)
		require.NoError(t, err)
		_, err = f.Assign(ctx, someone, "e", "", []string{"ben"})
		require.ErrorContains(t, requireReason(t, err, reasonExpert), "experts/ben is disabled")
		delete(f.gone, "ben")
		gone := true
		changed, err := f.UpdateExpert(ctx, someone, "ben", made.Etag(), ExpertPatch{Inactive: &gone})
		require.NoError(t, err)
		require.True(t, changed.State.Inactive)
		_, err = f.UpdateExpert(ctx, someone, "ben", made.Etag(), ExpertPatch{Inactive: &gone})
		require.ErrorIs(t, err, resource.ErrStale)
		_, err = f.Assign(ctx, someone, "e", "", []string{"ben"})
		requireReason(t, err, reasonExpert)
		page, err := f.ListExperts(ctx, 5, nil, nil)
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
	})
}
