package statements

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/plans/feeds"
)

func TestR31AStatementSaysWhatWasPaidAndReceived(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.filled(t)
		got, err := f.Get(ctx, "acme", q3, Default, time.Time{})
		require.NoError(t, err)
		require.Equal(t, map[string]string{
			"paid": "3, 13000", "benefits": "8, 40007", "rules-waived": "1, 0", "hours-given": "1, 0", "cases-solved": "1, 0", "commitments-kept": "1, 0", "commitments-missed": "1, 0",
			"engagements": "1, 0", "projects-confirmed": "1, 0", "goals-reached": "1, 0", "sessions": "1, 0", "touchpoints-done": "1, 0", "touchpoints-missed": "1, 0",
			"ideas-given": "2, 0", "ideas-adopted": "1, 0", "ideas-declined": "1, 0",
		}, figures(&got.Statement))
		require.Equal(t, Header{Account: "acme", DisplayName: "The acme", Quarter: q3, Company: "Larkspur & Co", Currency: "USD", Zone: "America/New_York", Known: f.world.now}, got.Header)
		benefits := got.Figure("benefits")
		require.EqualValues(t, 4, benefits.Unknown)
		require.EqualValues(t, 1, benefits.Returned)
		require.Equal(t, map[string]int64{"offered": 9}, benefits.Origins)
		require.Equal(t, []Figure{
			{ID: "hours", Label: "Hours with our experts, edition 2.", Count: 4, Minor: 2*100_01 + 3*100_02 - 100_01, Origins: map[string]int64{"offered": 5}, Returned: 1, Entries: 3},
			{ID: "thanks", Label: "A word of thanks.", Count: 4, Unknown: 4, Origins: map[string]int64{"offered": 4}, Entries: 1},
		}, benefits.Parts)
		require.Equal(t, []string{"Of 4 units that were used the schedule states no cost: they are counted, and worth nothing in the amount."}, got.Notes)
		require.EqualValues(t, 90, got.Figure("engagements").Minutes)
		require.Equal(t, "first-reply", got.Figure("commitments-kept").Parts[0].ID)
		require.Equal(t, "fixed", got.Figure("commitments-missed").Parts[0].ID)
		require.Equal(t, map[string]int{"1": 1, "2": 1}, f.world.editions, "a version is read once")

		brook, err := f.Get(ctx, "brook", q3, Default, time.Time{})
		require.NoError(t, err)
		require.Equal(t, map[string]string{"projects-confirmed": "1, 0", "ideas-adopted": "1, 0"}, figures(&brook.Statement), "two ideas in one answer count once")
	})
}

// A project is cited by its own name, under which it is found. What an earlier release told by
// another is as it was in what was issued, to the digest, and is no difference.
func TestR35AProjectIsCitedByItsName(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	at := time.Date(2026, time.August, 1, 12, 0, 0, 0, time.UTC)
	confirmed := func(about string) feeds.Change {
		return feeds.Change{Service: feeds.Own, Work: &feeds.Work{Name: "innovationProjects/p1/accounts/acme", About: about, Kind: "project", Account: "acme", Completed: at, Confirmed: true, Title: "Caps"}}
	}
	f.take(t, settled("USD", "UTC"), customer("acme", day("2020-01-01")))
	f.take(t, confirmed(""))
	_, err := f.Issue(ctx, anna, Wanted{Quarter: q3}, quietly)
	require.NoError(t, err)
	f.take(t, confirmed("innovationProjects/p1"))
	issued, err := f.Get(ctx, "acme", q3, Issued, time.Time{})
	require.NoError(t, err)
	require.False(t, issued.Differs)
	current, err := f.Get(ctx, "acme", q3, Current, time.Time{})
	require.NoError(t, err)
	require.Empty(t, current.Since)
	for _, a := range []Answer{issued, current} {
		require.EqualValues(t, 1, a.Figure("projects-confirmed").Count)
		require.Equal(t, "innovationProjects/p1", a.Figure("projects-confirmed").Sources[0].Cited())
		text, err := a.Markdown()
		require.NoError(t, err)
		require.NotContains(t, text, "p1/accounts")
	}
	require.Equal(t, "innovationProjects/p1", current.Figure("projects-confirmed").Sources[0].Name)
}

// The digest is of what a statement says, not of its words: a later release may choose others.
func TestR35TheDigestIsNotOfWords(t *testing.T) {
	f := onSQLite(t)
	f.filled(t)
	f.take(t, feeds.Change{Service: feeds.Accounts, Revenue: &feeds.Revenue{Chunk: "revenue/c0", Accounts: []string{"acme"}, Index: []uint32{0, 0},
		Days: []int32{int32(july - 1), int32(july)}, Minor: []int64{1_00, 2_00}}})
	got, err := f.Get(t.Context(), "acme", q3, Default, time.Time{})
	require.NoError(t, err)
	require.Equal(t, "2026-07-09 to 2026-07-10", got.Figures[0].Sources[0].Words())
	digest := func() string {
		d, err := got.Statement.Digest(digestVersion)
		require.NoError(t, err)
		return d
	}
	before := digest()
	got.Figures[0].Label, got.Notes = "Received from you", nil
	got.Figures = append(got.Figures, Figure{ID: "letters", Label: "Letters written"})
	require.Equal(t, before, digest())
	sealed, err := json.Marshal(got.seal())
	require.NoError(t, err)
	require.NotContains(t, string(sealed), " to ", "the days of a chunk are days, and not words")
	got.Figures[0].Sources[0].Last++
	require.NotEqual(t, before, digest())
	got.Figures[0].Sources[0].Last--
	require.Equal(t, before, digest())
	_, err = got.Statement.Digest(digestVersion + 1)
	require.ErrorContains(t, err, "does not know")
	got.Figures[0].Sources[0].Minor++
	require.NotEqual(t, before, digest())
}
