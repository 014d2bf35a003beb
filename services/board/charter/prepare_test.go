package charter

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/board/panel"
)

// sectors is a board of four with quotas on sector: at most two of oil, at least one of
// bank.
func sectors() Charter {
	c := twelve()
	c.Seats = 4
	c.Categories = []Category{{Name: "sector", Source: Attribute, Key: "sector", Quotas: []Quota{{"oil", 0, 2}, {"bank", 1, 4}}}}
	return c
}

func inSector(sector string, all ...Account) []Account {
	for i := range all {
		all[i].Attributes = map[string]string{"sector": sector}
	}
	return all
}

func reasonsOf(p *Preparation, id string) (causes []Cause) {
	for _, r := range p.candidate(id).Reasons {
		causes = append(causes, r.Cause)
	}
	return causes
}

func TestR30EveryReasonNotToBeInThePool(t *testing.T) {
	c := sectors()
	c.Conflicts.SameGroup = true
	all := inSector("bank", willing(20)...)
	for id, spoil := range map[int]func(*Account){
		0:  func(a *Account) { a.Active = false },
		1:  func(a *Account) { a.Nominated = false },
		2:  func(a *Account) { a.Consent = nil },
		3:  func(a *Account) { a.Consent.From = day("2027-03-02") },
		4:  func(a *Account) { a.Consent.Until = day("2027-03-01") },
		5:  func(a *Account) { a.Consent.Until = day("2030-02-28") },
		6:  func(a *Account) { a.Consent.Until = day("2030-03-01") },
		7:  func(a *Account) { d := day("2027-03-02"); a.Joined = &d },
		8:  func(a *Account) { a.Attributes = map[string]string{"sector": "shoes"} },
		9:  func(a *Account) { a.Competitors = []string{"a19"} },
		10: func(a *Account) { a.Parent = "a18" },
		11: func(a *Account) { a.Attributes = map[string]string{"sector": "oil"} },
		12: func(a *Account) { a.Active, a.Nominated = false, false },
		18: func(a *Account) { a.Attributes = map[string]string{"sector": "oil"} },
		19: func(a *Account) { a.Attributes = map[string]string{"sector": "oil"} },
	} {
		spoil(&all[id])
	}
	p, err := c.Prepare(Rotation{Day: day("2027-03-01"), Rotations: yearly(3, 1, 2027, 2040), Accounts: all, Terms: []Term{
		term("a17", 3, "2024-03-01", "2027-03-01"), // leaves today
		term("a16", 3, "2022-03-01", "2025-03-01"), // has cooled off today
		term("a18", 1, "2026-03-01", "2028-03-01"), term("a19", 2, "2026-03-01", "2029-03-01"),
	}})
	require.NoError(t, err)
	for id, want := range map[string][]Cause{
		"a00": {NoCustomer}, "a01": {NotNominated}, "a02": {NoConsent}, "a03": {NoConsent}, "a04": {NoConsent}, "a05": {NoConsent}, "a06": nil,
		"a07": {NoCustomer}, "a08": {NoQuota}, "a09": {InConflict}, "a10": {InConflict}, "a11": {QuotaFull}, "a12": {NoCustomer, NotNominated},
		"a13": nil, "a16": nil, "a17": {TermLimit}, "a18": {Serving}, "a19": {Serving},
	} {
		require.Equal(t, want, reasonsOf(p, id), "%s: %+v", id, p.candidate(id).Reasons)
	}
	require.Equal(t, Reason{InConflict, "is in conflict with a19, which stays a member: they are declared competitors", "a19", day("2029-03-01")},
		p.candidate("a09").Reasons[0])
	require.Equal(t, Reason{QuotaFull, `would exceed the quota of sector "oil": 2 seats, and 2 members with it stay`, "", day("2028-03-01")},
		p.candidate("a11").Reasons[0])
	require.Equal(t, "agreed until 2030-02-28 only, and the term would end on 2030-03-01", p.candidate("a05").Reasons[0].Text)
	require.Nil(t, p.candidate("a12").WaitingSince)
	require.Equal(t, day("2027-03-01"), *p.candidate("a09").WaitingSince, "those in conflict keep their place in the line")

	require.Equal(t, 2, p.Problem.Seats)
	require.Equal(t, []panel.Category{{Name: "sector", Values: []panel.Quota{{Value: "oil"}, {Value: "bank", Min: 1, Max: 4}}}}, p.Problem.Categories)
	require.Equal(t, []OpenSeat{{3, day("2030-03-01"), false}, {4, day("2030-03-01"), false}}, p.Open)
	require.Empty(t, p.Shortfalls)
	require.NoError(t, p.Problem.Check())
	for _, m := range p.Problem.Pool {
		require.Empty(t, reasonsOf(p, m.ID))
	}
}

func TestConflictsWithinThePoolAreLeftForTheDraw(t *testing.T) {
	c := twelve()
	all := willing(4)
	all[0].Competitors = []string{"a02", "a03"}
	all[2].Competitors = []string{"a00"}
	p, err := c.Prepare(Rotation{Day: day("2027-03-01"), Rotations: yearly(3, 1, 2027, 2040), Accounts: all})
	require.NoError(t, err)
	require.ElementsMatch(t, [][2]int{{0, 2}, {0, 3}}, p.Problem.Conflicts)
	require.Equal(t, []Shortfall{{Missing: 8, Text: "12 seats to be drawn from a pool of 4"}}, p.Shortfalls)
}

func TestContinuingMembersBeyondAChangedCharterStayAndAreReported(t *testing.T) {
	c := sectors()
	c.Seats = 3
	c.Categories[0].Quotas = []Quota{{"oil", 0, 1}, {"bank", 2, 3}}
	all := inSector("oil", willing(6)...)
	terms := []Term{term("a00", 1, "2026-03-01", "2029-03-01"), term("a01", 2, "2026-03-01", "2029-03-01")}
	p, err := c.Prepare(Rotation{Day: day("2027-03-01"), Rotations: yearly(3, 1, 2027, 2040), Accounts: all, Terms: terms})
	require.NoError(t, err)
	require.Equal(t, terms, p.Continuing)
	require.Equal(t, 1, p.Problem.Seats)
	require.Equal(t, []string{
		"1 seat to be drawn from a pool of 0",
		`sector "oil" has 1 seat, and 2 members stay`,
		`the quotas of sector still need 2 members (2 for "bank"), and 1 seat to be drawn`,
	}, texts(p.Shortfalls))

	c.Seats = 1
	c.Categories = nil
	p, err = c.Prepare(Rotation{Day: day("2027-03-01"), Rotations: yearly(3, 1, 2027, 2040), Accounts: all, Terms: terms})
	require.NoError(t, err)
	require.Empty(t, p.Open)
	require.Equal(t, []Shortfall{{Over: 1, Text: "2 continuing members hold seats of a board that has 1"}}, p.Shortfalls)
}

func texts(all []Shortfall) (texts []string) {
	for _, s := range all {
		texts = append(texts, s.Text)
	}
	return texts
}

func TestR30NominatedSeatsAreApart(t *testing.T) {
	c := sectors()
	c.Nominated = 2
	all := append(inSector("bank", willing(8)...), inSector("oil", Account{ID: "z", Active: true, Consent: &Consent{Until: civil.Never}})...)
	r := Rotation{Day: day("2027-03-01"), Rotations: yearly(3, 1, 2027, 2040), Accounts: all}
	p, err := c.Prepare(r)
	require.NoError(t, err)
	require.Equal(t, []int{4, 2, 2}, []int{len(p.Open), p.Unnamed, p.Problem.Seats})

	r.Nominees = []string{"z"} // by being named it is nominated
	p, err = c.Prepare(r)
	require.NoError(t, err)
	require.Equal(t, []int{4, 1, 2}, []int{len(p.Open), p.Unnamed, p.Problem.Seats})
	require.Equal(t, panel.Quota{Value: "oil", Max: 1}, p.Problem.Categories[0].Values[0])
	seated, err := p.Seat([]string{"a03", "z", "a01"})
	require.NoError(t, err)
	require.Equal(t, []Kind{Drawn, Nominated, Drawn}, []Kind{seated[0].Kind, seated[1].Kind, seated[2].Kind})
	require.Equal(t, p.Open[1].Number, seated[1].Seat)

	for name, refused := range map[string]struct {
		nominees []string
		text     string
	}{
		"too many":    {[]string{"z", "a01", "a02"}, "3 accounts named for 2 seats"},
		"unknown":     {[]string{"nobody"}, "unknown"},
		"twice":       {[]string{"z", "z"}, "named twice"},
		"no consent":  {[]string{"a07"}, "a07 cannot be nominated: it has no contact who agreed"},
		"in conflict": {[]string{"z", "a06"}, "a06 cannot be nominated: it is in conflict with z, which is nominated"},
	} {
		r.Accounts[7].Consent = nil
		r.Accounts[6].Competitors = []string{"z"}
		r.Nominees = refused.nominees
		_, err := c.Prepare(r)
		var told *fault.Error
		require.ErrorAs(t, err, &told, name)
		require.Equal(t, ReasonNotEligible, told.Reason)
		require.Contains(t, told.Message, refused.text, name)
		require.NotEmpty(t, told.Conditions, name)
	}
}

func TestAVacancyIsFilledForTheUnexpiredTermOnly(t *testing.T) {
	c := twelve()
	c.Seats = 6
	terms := []Term{
		term("a00", 1, "2026-03-01", "2028-03-01"), term("a01", 2, "2026-03-01", "2028-03-01"),
		left(term("a02", 3, "2026-03-01", "2029-03-01"), "2027-09-15"), term("a03", 4, "2026-03-01", "2029-03-01"),
		term("a04", 5, "2027-03-01", "2030-03-01"), left(term("a05", 6, "2024-03-01", "2027-03-01"), "2026-12-01"),
	}
	r := Rotation{Day: day("2027-10-01"), VacanciesOnly: true, Rotations: yearly(3, 1, 2027, 2040), Accounts: willing(12), Terms: terms}
	p, err := c.Prepare(r)
	require.NoError(t, err)
	require.Equal(t, []OpenSeat{{3, day("2029-03-01"), true}}, p.Open, "not the seat whose term is over anyway")
	require.Equal(t, 1, p.Problem.Seats)
	seated, err := p.Seat([]string{"a07"})
	require.NoError(t, err)
	require.True(t, seated[0].Vacancy)

	filled := r
	filled.Day, filled.Terms = day("2027-11-01"), slices.Concat(terms, seated)
	p, err = c.Prepare(filled)
	require.NoError(t, err)
	require.Empty(t, p.Open, "it was filled")

	r.Day, r.VacanciesOnly = day("2028-03-01"), false
	p, err = c.Prepare(r)
	require.NoError(t, err)
	require.Equal(t, []OpenSeat{{1, day("2031-03-01"), false}, {2, day("2031-03-01"), false}, {6, day("2030-03-01"), false}, {3, day("2029-03-01"), true}}, p.Open,
		"an old vacancy too, and the rest is spread evenly")
}

func TestSeatsThatNobodyAcceptedAreDrawnAgainForTheSameTerms(t *testing.T) {
	c := twelve()
	r := Rotation{Day: day("2027-03-01"), Rotations: yearly(3, 1, 2027, 2040), Accounts: willing(20)}
	p, err := c.Prepare(r)
	require.NoError(t, err)
	order := Shuffle([]byte("seed"), []string{"a00", "a01", "a02", "a03", "a04", "a05", "a06", "a07", "a08", "a09", "a10", "a11"})
	seated, err := p.Seat(order)
	require.NoError(t, err)
	first := map[civil.Day]int{}
	for _, s := range seated {
		first[s.End]++
	}
	require.Equal(t, map[civil.Day]int{day("2028-03-01"): 4, day("2029-03-01"): 4, day("2030-03-01"): 4}, first)
	r.Terms = slices.Concat(seated[:5], seated[8:]) // three did not accept
	again, err := c.Prepare(r)
	require.NoError(t, err)
	var open []civil.Day
	for _, o := range again.Open {
		open = append(open, o.End)
	}
	require.Equal(t, []civil.Day{seated[5].End, seated[6].End, seated[7].End}, open)
}

func TestSeatRefusesWhoWasNeitherDrawnNorNominated(t *testing.T) {
	c := twelve()
	c.Seats = 2
	all := willing(4)
	all[3].Active = false
	p, err := c.Prepare(Rotation{Day: day("2027-03-01"), Rotations: yearly(3, 1, 2027, 2040), Accounts: all})
	require.NoError(t, err)
	for _, order := range [][]string{{"a03"}, {"nobody"}, {"a01", "a01"}, {"a00", "a01", "a02"}} {
		_, err := p.Seat(order)
		require.ErrorContains(t, err, ReasonNotEligible, order)
	}
}

func TestShuffleDependsOnSeedAndKeysOnly(t *testing.T) {
	keys := []string{"a", "b", "c", "d", "e"}
	reversed := []string{"e", "d", "c", "b", "a"}
	require.Equal(t, Shuffle([]byte("x"), keys), Shuffle([]byte("x"), reversed))
	require.Equal(t, []string{"a", "b", "c", "d", "e"}, keys)
	counts := map[string]int{}
	for i := range 1000 {
		counts[Shuffle([]byte{byte(i), byte(i >> 8)}, keys)[0]]++
	}
	for _, key := range keys {
		require.InDelta(t, 200, counts[key], 70, "five standard deviations of 1000 draws of one in five, and a little")
	}
}

// A nominee counts for a quota as a nominee, and not as one of the members that stay.
func TestReasonsTellNomineesFromMembers(t *testing.T) {
	c := twelve()
	c.Seats, c.Nominated = 6, 2
	c.Categories = []Category{{Name: "sector", Source: Attribute, Key: "sector", Quotas: []Quota{{"oil", 0, 2}, {"shoes", 0, 6}}}}
	all := willing(12)
	for i := range all {
		all[i].Attributes = map[string]string{"sector": "shoes"}
	}
	for _, i := range []int{0, 1, 2} {
		all[i].Attributes = map[string]string{"sector": "oil"}
	}
	p, err := c.Prepare(Rotation{Day: day("2027-03-01"), Rotations: yearly(3, 1, 2027, 2040), Accounts: all, Nominees: []string{"a01"},
		Terms: []Term{term("a00", 1, "2026-03-01", "2028-03-01")}})
	require.NoError(t, err)
	require.Equal(t, `would exceed the quota of sector "oil": 2 seats, and 1 member with it stays and 1 with it is nominated`,
		p.candidate("a02").Reasons[0].Text)
}
