package charter

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// planned is a board of six in its steady state on 1 June 2027: two seats end with each
// rotation.
func planned() *Plan {
	c := twelve()
	c.Seats, c.NoticeDays = 6, 60
	terms := []Term{
		term("a00", 1, "2025-03-01", "2028-03-01"), term("a01", 2, "2025-03-01", "2028-03-01"),
		term("a02", 3, "2026-03-01", "2029-03-01"), term("a03", 4, "2026-03-01", "2029-03-01"),
		term("a04", 5, "2027-03-01", "2030-03-01"), term("a05", 6, "2027-03-01", "2030-03-01"),
	}
	return &Plan{Charter: &c, Today: day("2027-06-01"), Rotations: yearly(3, 1, 2024, 2036), Accounts: willing(20), Terms: terms}
}

func rules(breaks []Breach) (rules []Rule) {
	for _, b := range breaks {
		rules = append(rules, b.Rule)
	}
	return rules
}

func find(t require.TestingT, breaks []Breach, rule Rule, account string) Breach {
	for _, b := range breaks {
		if b.Rule == rule && b.Account == account {
			return b
		}
	}
	require.Failf(t, "not found", "%s %s among %+v", rule, account, breaks)
	return Breach{}
}

func TestAPlanInOrderBreaksNothing(t *testing.T) {
	require.Empty(t, planned().Breaches())
}

func TestR12SkippingARotationNamesWhatItBreaks(t *testing.T) {
	p := planned()
	p.Accounts[1].Consent.Until = day("2028-06-01")
	e, err := p.Skip(day("2028-03-01"))
	require.NoError(t, err)
	require.Equal(t, []NewEnd{{"a00", 1, day("2028-03-01"), day("2029-03-01")}, {"a01", 2, day("2028-03-01"), day("2029-03-01")}}, e.Ends)
	limit := find(t, e.Breaks, RuleTermLimit, "a00")
	require.Equal(t, 358, limit.Size)
	require.Equal(t, "a00 would stay until 2029-03-01, 358 days longer than 1 term of 36 months from 2025-03-01 allow", limit.Text)
	require.Equal(t, "a01 agreed until 2028-06-01, and would stay until 2029-03-01", find(t, e.Breaks, RuleConsent, "a01").Text)
	require.Equal(t, "terms would not end evenly: 4 on 2029-03-01, 2 on 2030-03-01, 0 on 2031-03-01", find(t, e.Tolerated, RuleStagger, "").Text)
	require.Equal(t, []Rule{RuleTermLimit, RuleTermLimit, RuleConsent}, rules(e.Breaks))
	require.Equal(t, day("2028-03-01"), p.Terms[0].End, "nothing was changed")

	p.Charter.MaxTerms = 2
	e, err = p.Skip(day("2028-03-01"))
	require.NoError(t, err)
	require.Equal(t, "a00 would serve one term from 2025-03-01 until 2029-03-01, 358 days longer than its 36 months allow",
		find(t, e.Breaks, RuleTermLimit, "a00").Text)
}

func TestMovingARotationNamesWhatItBreaks(t *testing.T) {
	p := planned()
	e, err := p.Move(day("2028-03-01"), day("2028-03-06"))
	require.NoError(t, err)
	require.Len(t, e.Ends, 2)
	require.Empty(t, e.Breaks, "five days are within the grace")

	e, err = p.Move(day("2028-03-01"), day("2028-04-01"))
	require.NoError(t, err)
	require.Equal(t, 24, find(t, e.Breaks, RuleTermLimit, "a01").Size)
	require.Equal(t, []Rule{RuleTermLimit, RuleTermLimit}, rules(e.Breaks), "a term from April ends with a rotation a month short, which is no break")

	p.Terms = append(p.Terms, term("a10", 7, "2023-02-20", "2026-02-20")) // cools off until 2028-02-20
	e, err = p.Move(day("2028-03-01"), day("2028-02-15"))
	require.NoError(t, err)
	require.Equal(t, "a00 would leave on 2028-02-15, 15 days before the end of the running term", find(t, e.Breaks, RuleRunningTerm, "a00").Text)
	require.Equal(t, "a10 cools off until 2028-02-20 and could not be drawn on 2028-02-15", find(t, e.Breaks, RuleCoolingOff, "a10").Text)
	length := find(t, e.Breaks, RuleTermLength, "")
	require.Equal(t, "a term that starts on 2028-02-15 would end on 2030-03-01, 351 days before its 36 months are over", length.Text)
	require.Equal(t, day("2028-02-15"), *length.Rotation)

	e, err = p.Move(day("2028-03-01"), day("2027-07-01"))
	require.NoError(t, err)
	require.Equal(t, "changing the rotation of 2028-03-01 would be announced 30 days ahead, and the charter has 60", find(t, e.Breaks, RuleNotice, "").Text)

	e, err = p.Move(day("2028-03-01"), day("2029-04-01"))
	require.NoError(t, err)
	require.Equal(t, "the rotation of 2028-03-01 would pass that of 2029-03-01", find(t, e.Breaks, RuleOrder, "").Text)
	e, err = p.Move(day("2029-03-01"), day("2028-02-01"))
	require.NoError(t, err)
	require.Equal(t, "the rotation of 2029-03-01 would pass that of 2028-03-01", find(t, e.Breaks, RuleOrder, "").Text)
}

// Terms of a rotation that was held ahead of its day are judged as they are: nobody begins a
// full term there any more.
func TestARotationHeldAheadOfItsDayIsNotPlayedAgain(t *testing.T) {
	p := planned()
	move := func() []Breach {
		e, err := p.Move(day("2031-03-01"), day("2031-06-15"))
		require.NoError(t, err)
		return e.Breaks
	}
	require.Contains(t, rules(move()), RuleTermLength, "terms from 2028 on would be too short")
	p.Terms = append(p.Terms, term("a06", 1, "2028-03-01", "2031-03-01"), term("a07", 2, "2028-03-01", "2031-03-01"))
	breaks := move()
	require.NotContains(t, rules(breaks), RuleTermLength)
	require.Equal(t, "a06 would stay until 2031-06-15, 99 days longer than 1 term of 36 months from 2028-03-01 allow", find(t, breaks, RuleTermLimit, "a06").Text)
}

func TestR12TermsToComeFollowTheirRotation(t *testing.T) {
	// The rotation of 2028 is closed ahead of its day: two terms begin with it, one of
	// them for two years only.
	p := planned()
	p.Charter.GraceDays, p.Charter.MaxTerms, p.Charter.CoolingOffMonths = 400, 2, 24
	p.Terms = append(p.Terms, term("a06", 1, "2028-03-01", "2031-03-01"), term("a00", 2, "2028-03-01", "2030-03-01"))
	e, err := p.Skip(day("2030-03-01"))
	require.NoError(t, err)
	to := day("2031-03-01")
	require.Equal(t, []NewEnd{{"a00", 2, day("2030-03-01"), to}, {"a04", 5, day("2030-03-01"), to}, {"a05", 6, day("2030-03-01"), to}}, e.Ends)
	require.NotEmpty(t, e.Tolerated)

	p = planned()
	p.Terms = append(p.Terms, term("a06", 1, "2028-03-01", "2031-03-01"), term("a07", 2, "2028-03-01", "2031-03-01"))
	require.Empty(t, p.Breaches(), "who is to come counts in the place of who leaves")
	e, err = p.Move(day("2031-03-01"), day("2031-04-01"))
	require.NoError(t, err)
	require.Len(t, e.Ends, 2)
	require.Equal(t, 24, find(t, e.Breaks, RuleTermLimit, "a06").Size)
	p.Accounts[7].Consent.Until = day("2031-03-03")
	e, err = p.Move(day("2031-03-01"), day("2031-03-05"))
	require.NoError(t, err)
	require.Equal(t, []Rule{RuleConsent}, rules(e.Breaks))
}

func TestTermsThatEndOtherwiseThanPlannedDoNotMove(t *testing.T) {
	p := planned()
	ended := day("2028-03-01")
	p.Terms[2].Ended = &ended // who resigns for the day of the rotation
	p.Terms[0].Ended = &ended
	e, err := p.Move(day("2028-03-01"), day("2028-03-06"))
	require.NoError(t, err)
	require.Equal(t, []NewEnd{{"a01", 2, day("2028-03-01"), day("2028-03-06")}}, e.Ends)
	require.Equal(t, &ended, p.Terms[2].Ended)
}

func TestR12SeatsLeftEmptyComeFreeWithTheirRotation(t *testing.T) {
	p := planned()
	for i := 4; i < 6; i++ { // two were left empty when they began, and of one somebody will leave
		p.Terms[i].Ended = &p.Terms[i].Start
	}
	resigned := day("2027-09-01")
	p.Terms[3].Ended = &resigned
	require.Empty(t, p.Breaches(), "two seats come free at each rotation")
	e, err := p.Move(day("2030-03-01"), day("2030-03-06"))
	require.NoError(t, err)
	require.Empty(t, e.Ends, "nobody's term")
	require.Empty(t, e.Breaks)
	e, err = p.Skip(day("2029-03-01"))
	require.NoError(t, err)
	require.Equal(t, []NewEnd{{"a02", 3, day("2029-03-01"), day("2030-03-01")}}, e.Ends)
	require.Equal(t, "terms would not end evenly: 2 on 2028-03-01, 4 on 2030-03-01", find(t, e.Tolerated, RuleStagger, "").Text)
	require.Equal(t, day("2029-03-01"), p.Terms[3].End, "nothing was changed")
}

func TestSwappingTwoEndsNamesWhatItBreaks(t *testing.T) {
	p := planned()
	e, err := p.Swap("a02", "a01")
	require.NoError(t, err)
	require.Equal(t, []NewEnd{{"a01", 2, day("2028-03-01"), day("2029-03-01")}, {"a02", 3, day("2029-03-01"), day("2028-03-01")}}, e.Ends)
	require.Equal(t, []Rule{RuleTermLimit}, rules(e.Breaks), "as many end at each rotation as before")
	require.Equal(t, []Rule{RuleRunningTerm}, rules(e.Tolerated), "it is what they exchange")
	require.Equal(t, "a02", find(t, e.Tolerated, RuleRunningTerm, "a02").Account)

	e, err = p.Swap("a00", "a01")
	require.NoError(t, err)
	require.Equal(t, &Effect{}, e, "they end on the same day")

	// With a02, the only bank that would stay, the next rotation could not meet its quota.
	p.Charter.Categories = []Category{{Name: "sector", Source: Attribute, Key: "sector", Quotas: []Quota{{"bank", 2, 6}, {"oil", 0, 4}}}}
	inSector("oil", p.Accounts...)
	inSector("bank", p.Accounts[1], p.Accounts[2])
	for i := range p.Accounts {
		sector := "oil"
		if i == 2 || i == 4 || i == 19 {
			sector = "bank"
		}
		p.Accounts[i].Attributes = map[string]string{"sector": sector}
	}
	p.Accounts[19].Nominated = false
	e, err = p.Swap("a02", "a01")
	require.NoError(t, err)
	quota := find(t, e.Breaks, RuleQuota, "")
	require.Equal(t, `on 2028-03-01, sector "bank" still needs 1 member, and the pool has 0`, quota.Text)
}

func TestChangesOfWhatIsNotPlannedAreRefused(t *testing.T) {
	p := planned()
	_, err := p.Skip(day("2036-03-01"))
	require.NoError(t, err, "nobody stays until the last one that is laid out")
	p.Terms = append(p.Terms, term("a08", 1, "2033-03-01", "2036-03-01"))
	for name, change := range map[string]func() (*Effect, error){
		"no rotation":        func() (*Effect, error) { return p.Move(day("2028-03-02"), day("2028-03-05")) },
		"held already":       func() (*Effect, error) { return p.Skip(day("2027-03-01")) },
		"into the past":      func() (*Effect, error) { return p.Move(day("2028-03-01"), day("2027-06-01")) },
		"onto another":       func() (*Effect, error) { return p.Move(day("2028-03-01"), day("2029-03-01")) },
		"the last laid out":  func() (*Effect, error) { return p.Skip(day("2036-03-01")) },
		"who is not seated":  func() (*Effect, error) { return p.Swap("a00", "a19") },
		"who is not either":  func() (*Effect, error) { return p.Swap("a19", "a00") },
		"nobody of the name": func() (*Effect, error) { return p.Swap("nobody", "a00") },
	} {
		_, err := change()
		require.Error(t, err, name)
	}
}

// TestMoveReportsTheTermLimitToTheDay moves a rotation about and compares with what the
// days alone imply.
func TestMoveReportsTheTermLimitToTheDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := planned()
		by := rapid.IntRange(-200, 300).Filter(func(n int) bool { return n != 0 }).Draw(t, "days")
		e, err := p.Move(day("2028-03-01"), day("2028-03-01")+civil.Day(by))
		require.NoError(t, err)
		over, early := 0, 0
		for _, b := range e.Breaks {
			switch b.Rule {
			case RuleTermLimit:
				over = b.Size
			case RuleRunningTerm:
				early = b.Size
			}
		}
		require.Equal(t, max(0, by-p.Charter.GraceDays), over)
		require.Equal(t, max(0, -by), early)
	})
}

func TestMeetingsPerYear(t *testing.T) {
	c := twelve()
	c.Meetings = Meetings{PerYear: 4, NoticeDays: 14}
	days := []civil.Day{day("2027-01-15"), day("2027-04-15"), day("2027-07-15"), day("2027-10-15"), day("2028-01-15"), day("2028-04-15"), day("2028-07-15"), day("2028-10-15")}
	until := day("2029-01-01")
	require.Empty(t, c.Meeting(day("2027-02-01"), days, days, until))
	skipped := append(append([]civil.Day{}, days[:2]...), days[3:]...)
	found := c.Meeting(day("2027-02-01"), days, skipped, until)
	require.Equal(t, []string{
		"the board would meet 3 times in the twelve months from 2027-01-15, and the charter has at least 4 meetings a year",
		"the board would meet 3 times in the twelve months from 2027-04-15, and the charter has at least 4 meetings a year",
	}, []string{found[0].Text, found[1].Text})
	require.Len(t, found, 2)
	moved := append([]civil.Day{}, days...)
	moved[2] = day("2027-07-20")
	require.Empty(t, c.Meeting(day("2027-02-01"), days, moved, until))
	require.Equal(t, []Rule{RuleNotice}, rules(c.Meeting(day("2027-07-10"), days, moved, until)))
	require.Empty(t, c.Meeting(day("2027-08-01"), days, moved, until), "what is over cannot be announced")
	moved[2] = day("2027-06-20")
	found = c.Meeting(day("2027-06-10"), days, moved, until)
	require.Len(t, found, 1)
	require.Equal(t, "a meeting on 2027-06-20 would be announced 10 days ahead, and the charter has 14 days", found[0].Text)
	moved[2] = day("2027-06-24")
	require.Empty(t, c.Meeting(day("2027-06-10"), days, moved, until), "two weeks ahead")
	require.Equal(t, day("2027-06-24"), c.EarliestCall(day("2027-06-10")))

	thin := days[:3:3] // and one in the next year, so that each of these has too few already
	thin = append(thin, day("2028-12-15"))
	first := append([]civil.Day{day("2027-01-20")}, thin[1:]...)
	require.Empty(t, c.Meeting(day("2026-12-01"), thin, first, until), "a year that was too thin is not made thinner")
	middle := []civil.Day{thin[0], thin[2], day("2027-08-15"), thin[3]}
	require.Empty(t, c.Meeting(day("2026-12-01"), thin, middle, until))
	found = c.Meeting(day("2026-12-01"), thin, []civil.Day{thin[0], thin[1], thin[3]}, until)
	require.Len(t, found, 2, "one skipped makes it thinner")
	require.Contains(t, found[0].Text, "2 times in the twelve months from 2027-01-15")
}
