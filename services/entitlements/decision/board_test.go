package decision

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

func board(terms int64) schedule.Condition {
	return schedule.Condition{Subject: schedule.Board, Measure: schedule.TermsServed, AtLeast: terms}
}

func term(starts, ends string) Term { return Term{Starts: day(starts), Ends: day(ends)} }

// member is a customer with terms on boards.
func member(t testing.TB, terms ...Term) Account {
	a := customer(t, Bucket{day("1997-03-10"), 500})
	a.Terms = terms
	return a
}

func TestR17TermsCountFromTheDayTheyEnd(t *testing.T) {
	first, second := term("1998-01-01", "2001-01-01"), term("2001-01-01", "2004-01-01")
	beside := term("1999-07-01", "2002-07-01")
	for _, c := range []struct {
		name string
		rule schedule.Rule
		a    Account
		want []string
	}{
		{"without a term", schedule.Rule{When: board(1)}, member(t), nil},
		{"completed, and for good", schedule.Rule{When: board(1)}, member(t, first), []string{"2001-01-01 to "}},
		{"for good with a term of the rule too", schedule.Rule{When: board(1), Lasts: years(1)}, member(t, first), []string{"2001-01-01 to "}},
		{"one of two", schedule.Rule{When: board(2)}, member(t, first), nil},
		{"two of two", schedule.Rule{When: board(2)}, member(t, second, first), []string{"2004-01-01 to "}},
		{"on two boards at once", schedule.Rule{When: board(2)}, member(t, first, beside), []string{"2002-07-01 to "}},
		{"two that end on one day", schedule.Rule{When: board(2)}, member(t, first, term("2000-10-01", "2001-01-01")), []string{"2001-01-01 to "}},
		{"with spend", schedule.Rule{When: schedule.Condition{All: []schedule.Condition{board(1), spend(schedule.Trailing12Months, 500)}}},
			member(t, term("1997-01-01", "1997-12-01")), []string{"1997-12-01 to 1998-03-09"}},
	} {
		c.rule.ID = "advice"
		require.Equal(t, c.want, days(t, simple(t, c.rule), c.a), c.name)
	}
}

func TestR34TermsInWords(t *testing.T) {
	rule := schedule.Rule{ID: "advice", When: board(2)}
	notYet := `Not yet entitled by rule advice of version 1: "Who spends enough gets a gift." It takes `
	served, now := term("1998-01-01", "2001-01-01"), term("2001-01-01", "2004-01-01")
	for _, c := range []struct {
		name string
		a    Account
		at   string
		want string
	}{
		{"never a member", member(t), "2001-06-30",
			notYet + "2 more completed terms on an advisory board (0 of 2 completed)."},
		{"before the first term", member(t, served, now), "1997-06-30",
			notYet + "2 more completed terms on an advisory board (0 of 2 completed)."},
		{"in the first", member(t, served, now), "1999-06-30",
			notYet + "2 more completed terms on an advisory board (0 of 2 completed; the current term ends on 1 January 2001)."},
		{"in the second", member(t, served, now), "2003-12-31",
			notYet + "1 more completed term on an advisory board (1 of 2 completed; the current term ends on 1 January 2004)."},
		{"between two", member(t, served, term("2002-01-01", "2005-01-01")), "2001-06-30",
			notYet + "1 more completed term on an advisory board (1 of 2 completed)."},
		{"on two boards: the first to end", member(t, term("2001-01-01", "2004-01-01"), term("2000-07-01", "2003-07-01")), "2002-06-30",
			notYet + "2 more completed terms on an advisory board (0 of 2 completed; the current term ends on 1 July 2003)."},
		{"completed", member(t, served, now), "2004-01-01",
			`Entitled by rule advice of version 1: "Who spends enough gets a gift." Service on advisory boards is 2 completed terms of the 2 needed.`},
	} {
		got, err := explain(simple(t, rule), c.a, civil.UTC.End(day(c.at)), "gift")
		require.NoError(t, err)
		require.Equal(t, c.want, got, c.name)
	}
}

// A seat is drawn: what a customer can do by itself comes first.
func TestWaysThatTakeATermComeLast(t *testing.T) {
	b := simple(t,
		schedule.Rule{ID: "two", When: board(2)},
		schedule.Rule{ID: "one", When: schedule.Condition{Any: []schedule.Condition{
			board(1), {All: []schedule.Condition{board(1), board(2)}}, // includes the first: no way of its own
		}}},
		schedule.Rule{ID: "spend", When: spend(schedule.CalendarYear, 100_000)},
		schedule.Rule{ID: "tenure", When: tenure(240)})
	ways, err := b.Distance(member(t), civil.UTC.Start(day("1997-06-01")), "gift")
	require.NoError(t, err)
	var got []string
	for _, w := range ways {
		require.Len(t, w.Requires, 1)
		got = append(got, w.Rule.ID)
	}
	require.Equal(t, []string{"tenure", "spend", "one", "two"}, got)
}
