package remedies

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// put writes a remedy of late deliveries into the catalogue.
func (f *fixture) put(t testing.TB, id string, priority int, facts map[string]string) resource.Stored[Remedy] {
	t.Helper()
	r, err := f.Create(t.Context(), someone, id, Remedy{Title: id, Action: "Do " + id + ".", Issue: "late-delivery", Facts: facts, Priority: priority}, false)
	require.NoError(t, err)
	return r
}

func (f *fixture) match(t testing.TB, issue string, facts map[string]string, on civil.Day) (ids []string) {
	t.Helper()
	list, err := f.Match(t.Context(), issue, facts, on)
	require.NoError(t, err)
	for _, r := range list {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestR25SameIssueSameFactsSameRemedy(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.put(t, "apology", 0, nil)
		f.put(t, "new-parcel", 0, map[string]string{"lost": "yes"})
		f.put(t, "refund", 1, map[string]string{"perishable": "yes"})
		f.put(t, "both", 0, map[string]string{"perishable": "yes", "lost": "yes"})
		_, err := f.Create(t.Context(), someone, "other", Remedy{Title: "x", Action: "y", Issue: "billing-error"}, false)
		require.NoError(t, err)

		require.Equal(t, []string{"apology"}, f.match(t, "late-delivery", nil, 0))
		require.Equal(t, []string{"new-parcel", "apology"}, f.match(t, "late-delivery", map[string]string{"lost": "yes", "weight": "2"}, 0))
		require.Equal(t, []string{"apology"}, f.match(t, "late-delivery", map[string]string{"lost": "no"}, 0))
		require.Equal(t, []string{"both", "refund", "new-parcel", "apology"},
			f.match(t, "late-delivery", map[string]string{"lost": "yes", "perishable": "yes"}, 0), "most facts, then priority")
		require.Equal(t, []string{"other"}, f.match(t, "billing-error", nil, 0))
		require.Empty(t, f.match(t, "unheard-of", nil, 0))

		first, ok, err := f.Remedy(t.Context(), "late-delivery", map[string]string{"lost": "yes"})
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, "new-parcel", first.ID)
		_, ok, err = f.Remedy(t.Context(), "unheard-of", nil)
		require.NoError(t, err)
		require.False(t, ok)
	})
}

func TestR25NothingIsLeftToDecideBetweenTwoRemedies(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.put(t, "new-parcel", 0, map[string]string{"lost": "yes"})
		tie := Remedy{Title: "Tie", Action: "x", Issue: "late-delivery", Facts: map[string]string{"perishable": "yes"}}
		_, err := f.Create(t.Context(), someone, "tie", tie, true)
		told := requireReason(t, err, "REMEDY_TIE")
		require.Equal(t, "remedies/new-parcel", told.Conditions[0].Subject)
		require.Contains(t, told.Message, "another priority")

		apart := tie
		apart.Facts = map[string]string{"lost": "no"} // no case is both
		_, err = f.Create(t.Context(), someone, "apart", apart, false)
		require.NoError(t, err)
		later := tie
		later.Facts, later.From = map[string]string{"lost": "yes"}, day(t, "2027-01-01")
		_, err = f.Create(t.Context(), someone, "later", later, false)
		requireReason(t, err, "REMEDY_TIE")
		until := day(t, "2026-12-31")
		_, err = f.Update(t.Context(), someone, "new-parcel", "", Patch{Until: &until})
		require.NoError(t, err)
		_, err = f.Create(t.Context(), someone, "later", later, false)
		require.NoError(t, err)
		require.Equal(t, []string{"new-parcel"}, f.match(t, "late-delivery", map[string]string{"lost": "yes"}, day(t, "2026-12-31")))
		require.Equal(t, []string{"later"}, f.match(t, "late-delivery", map[string]string{"lost": "yes"}, day(t, "2027-01-01")))

		open := civil.Day(0)
		_, err = f.Update(t.Context(), someone, "new-parcel", "", Patch{Until: &open})
		requireReason(t, err, "REMEDY_TIE")
		_, err = f.Retire(t.Context(), someone, "later", "", "Not needed.")
		require.NoError(t, err)
		_, err = f.Update(t.Context(), someone, "new-parcel", "", Patch{Until: &open})
		require.NoError(t, err)
	})
}

func TestARetryOfACreationIsAnsweredAsTheFirstCall(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		parcel := Remedy{Title: "New parcel", Action: "Send it again.", Issue: "late-delivery"}
		first, err := f.Create(t.Context(), request("a"), "", parcel, false)
		require.NoError(t, err)
		higher := 1
		changed, err := f.Update(t.Context(), someone, first.ID, "", Patch{Priority: &higher})
		require.NoError(t, err)
		f.put(t, "apology", 0, nil) // what the first call wrote would tie with it now

		again, err := f.Create(t.Context(), request("a"), "", parcel, false)
		require.NoError(t, err)
		require.Equal(t, changed, again)
		other := request("a")
		other.Payload = []byte("y")
		_, err = f.Create(t.Context(), other, "", parcel, false)
		require.ErrorIs(t, err, resource.ErrRequestIDReused)
		_, err = f.Create(t.Context(), request("b"), "", Remedy{Title: "New parcel", Action: "x", Issue: "billing-error"}, false)
		require.ErrorIs(t, err, resource.ErrExists)
	})
}

// TestR25TheOrderOfRemediesIsTotal: whichever of the remedies that can be in the catalogue
// together are for a case, the first two differ in what decides.
func TestR25TheOrderOfRemediesIsTotal(t *testing.T) {
	facts := rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c"}), rapid.SampledFrom([]string{"x", "y"}), 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		var catalogue []resource.Stored[Remedy]
		for i := range rapid.IntRange(1, 12).Draw(t, "remedies") {
			r := Remedy{State: Active, Issue: "i", Facts: facts.Draw(t, "wants"), Priority: rapid.IntRange(0, 2).Draw(t, "priority"),
				From: civil.Day(rapid.IntRange(0, 3).Draw(t, "from")), Until: civil.Day(rapid.SampledFrom([]int{0, 3, 5}).Draw(t, "until"))}
			if !slices.ContainsFunc(catalogue, func(o resource.Stored[Remedy]) bool { return r.ties(&o.State) }) {
				catalogue = append(catalogue, resource.Stored[Remedy]{ID: string(rune('a' + i)), State: r})
			}
		}
		about, on := facts.Draw(t, "facts"), civil.Day(rapid.IntRange(1, 6).Draw(t, "on"))
		list := slices.DeleteFunc(catalogue, func(r resource.Stored[Remedy]) bool { return !r.State.inUse(on) || !r.State.fits(about) })
		slices.SortFunc(list, first)
		for i := 1; i < len(list); i++ {
			a, b := list[i-1].State, list[i].State
			require.True(t, len(a.Facts) > len(b.Facts) || len(a.Facts) == len(b.Facts) && a.Priority > b.Priority)
		}
	})
}

func TestR24ARemedyCannotDependOnWhoAsks(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	good := Remedy{Title: "x", Action: "y", Issue: "late-delivery"}
	for text, change := range map[string]func(*Remedy){
		"remedy.facts.channel: is about who":     func(r *Remedy) { r.Facts = map[string]string{"channel": "phone"} },
		"remedy.facts.spend-band: is about who":  func(r *Remedy) { r.Facts = map[string]string{"spend-band": "1"} },
		"remedy.facts.reach: is about who":       func(r *Remedy) { r.Facts = map[string]string{"reach": "5000"} },
		"remedy.facts.gold: is about who":        func(r *Remedy) { r.Facts = map[string]string{"gold": "yes"} },
		"remedy.facts.account: is about who":     func(r *Remedy) { r.Facts = map[string]string{"account": "acme"} },
		"remedy.facts: \"Lost!\" is no key":      func(r *Remedy) { r.Facts = map[string]string{"Lost!": "x"} },
		"remedy.facts.lost: is empty":            func(r *Remedy) { r.Facts = map[string]string{"lost": ""} },
		"remedy.title: is empty":                 func(r *Remedy) { r.Title = "" },
		"remedy.action: is empty":                func(r *Remedy) { r.Action = "" },
		"remedy.issue: \"Late!\" is no code":     func(r *Remedy) { r.Issue = "Late!" },
		"remedy.value: is not more than nothing": func(r *Remedy) { r.Value = &Value{0, "USD"} },
		"remedy.benefit: must not be given":      func(r *Remedy) { r.Value, r.Benefit = &Value{1, "USD"}, "hours" },
		"no version of the schedule has a":       func(r *Remedy) { r.Benefit = "nothing" },
		"remedy.until_date: 2026-01-01 is befor": func(r *Remedy) { r.From, r.Until = day(t, "2026-01-02"), day(t, "2026-01-01") },
	} {
		r := good
		change(&r)
		_, err := f.Create(t.Context(), someone, "x", r, false)
		require.ErrorContains(t, err, text)
	}
}

func TestRemediesAreChangedAndRetiredAndNeverLost(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		first, err := f.Create(t.Context(), request("a"), "", Remedy{Title: "New parcel", Action: "Send it again.", Issue: "late-delivery"}, false)
		require.NoError(t, err)
		require.Equal(t, "new-parcel", first.ID)
		again, err := f.Create(t.Context(), request("a"), "", Remedy{Title: "New parcel", Action: "Send it again.", Issue: "late-delivery"}, false)
		require.NoError(t, err)
		require.Equal(t, first.Etag(), again.Etag())

		worth, facts := &Value{500, "USD"}, map[string]string{"lost": "yes"}
		changed, err := f.Update(t.Context(), request("b"), first.ID, first.Etag(), Patch{Value: &worth, Facts: &facts})
		require.NoError(t, err)
		require.NotEqual(t, first.Etag(), changed.Etag(), "what a case cites is told from what it became")
		require.Equal(t, worth, changed.State.Value)
		require.Equal(t, facts, changed.State.Facts)
		retried, err := f.Update(t.Context(), request("b"), first.ID, first.Etag(), Patch{Value: &worth, Facts: &facts})
		require.NoError(t, err)
		require.Equal(t, changed.Etag(), retried.Etag())
		_, err = f.Update(t.Context(), someone, first.ID, first.Etag(), Patch{Value: &worth})
		require.ErrorIs(t, err, resource.ErrStale)

		_, err = f.Retire(t.Context(), someone, first.ID, "", "")
		require.ErrorContains(t, err, "reason: is empty")
		_, err = f.Retire(t.Context(), someone, first.ID, changed.Etag(), "Too dear.")
		require.NoError(t, err)
		require.Empty(t, f.match(t, "late-delivery", facts, 0))
		_, err = f.Retire(t.Context(), someone, first.ID, "", "Again.")
		requireReason(t, err, "REMEDY_STATE")
		_, err = f.Update(t.Context(), someone, first.ID, "", Patch{Value: &worth})
		requireReason(t, err, "REMEDY_STATE")

		f.put(t, "apology", 0, nil)
		issue := "late-delivery"
		page, err := f.List(t.Context(), Query{Issue: &issue, Size: 1})
		require.NoError(t, err)
		require.Equal(t, "apology", page.Items[0].ID)
		page, err = f.List(t.Context(), Query{Issue: &issue, Size: 1, After: page.Next})
		require.NoError(t, err)
		require.Equal(t, "new-parcel", page.Items[0].ID)
		require.True(t, maps.Equal(facts, page.Items[0].State.Facts))
	})
}
