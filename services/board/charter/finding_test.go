package charter

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/names"
)

func TestR37ConflictsThatAriseLaterAreFindings(t *testing.T) {
	c := sectors()
	c.Conflicts.SameAttributes = []string{"industry"}
	all := inSector("bank", willing(4)...)
	terms := []Term{term("a00", 1, "2027-03-01", "2030-03-01"), term("a01", 2, "2027-03-01", "2030-03-01"),
		term("a02", 3, "2027-03-01", "2030-03-01"), left(term("a03", 4, "2027-03-01", "2030-03-01"), "2028-01-01")}
	at := day("2028-06-01")
	require.Empty(t, c.Findings(at, all, terms))

	all[0].Competitors, all[3].Competitors = []string{"a02"}, []string{"a00"}
	found := c.Findings(at, all, terms)
	require.Len(t, found, 1, "who has left is in no conflict")
	first := found[0]
	require.Equal(t, Finding{first.ID, FoundConflict, []string{"a00", "a02"}, "competitors", "a00 and a02 are in conflict: they are declared competitors"}, first)
	require.True(t, names.IsID(first.ID), first.ID)

	all[0].Attributes = map[string]string{"sector": "oil", "industry": "wells"}
	all[1].Attributes = map[string]string{"sector": "oil", "industry": "wells"}
	all[2].Attributes = map[string]string{"sector": "shoes"}
	all[1].Active, all[2].Consent = false, nil
	found = c.Findings(day("2030-03-09"), all, append(terms[:0:0], term("a00", 1, "2027-03-01", "2031-03-01"), term("a01", 2, "2028-03-01", "2031-03-01"),
		term("a02", 3, "2028-03-01", "2031-03-01")))
	var got []string
	ids := map[string]bool{}
	for _, f := range found {
		got = append(got, string(f.Kind)+": "+f.Text)
		ids[f.ID] = true
	}
	require.Equal(t, []string{
		`conflict: a00 and a01 are in conflict: both have industry "wells"`,
		`conflict: a00 and a02 are in conflict: they are declared competitors`,
		`quota: sector "bank" has 0 members, and the charter at least 1`,
		`term-limit: a00 has been a member since 2027-03-01 and should have left by 2030-03-08`,
		`no-customer: a01 is a member and not a customer any more`,
		`no-consent: a02 is a member, and no contact of it agrees any more`,
		`no-quota: a02 is a member, and the charter has no seats for what it is: the charter has no quota for its sector, "shoes"`,
	}, got)
	require.Len(t, ids, len(found), "each has an id of its own")
	require.True(t, ids[first.ID], "which stays the same")
	require.Len(t, Running(terms, at), 3, "nobody is removed")
}

func TestFindingsDoNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := sectors()
		c.Conflicts = Conflicts{SameAttributes: []string{"industry"}, SameGroup: true}
		all := willing(8)
		var terms []Term
		for i := range all {
			a := &all[i]
			a.Attributes["sector"] = rapid.SampledFrom([]string{"oil", "bank", "shoes"}).Draw(t, "sector")
			a.Attributes["industry"] = rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "industry")
			a.Parent = rapid.SampledFrom([]string{"", "g"}).Draw(t, "parent")
			a.Competitors = []string{all[rapid.IntRange(0, 7).Draw(t, "of")].ID}
			terms = append(terms, Term{Account: a.ID, Seat: i + 1, Start: day("2027-03-01"), End: civil.Never})
		}
		want := c.Findings(day("2027-03-01"), all, terms)
		for i, j := range rapid.Permutation([]int{0, 1, 2, 3, 4, 5, 6, 7}).Draw(t, "order") {
			all[i], all[j] = all[j], all[i]
		}
		terms[0], terms[7] = terms[7], terms[0]
		require.ElementsMatch(t, want, c.Findings(day("2027-03-01"), all, terms))
	})
}
