package decision

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

func in(programme string) schedule.Condition {
	return schedule.Condition{Subject: schedule.Programme, Measure: programme, AtLeast: 1}
}

func place(programme, from, to string) Enrolment {
	e := Enrolment{Programme: programme, From: day(from), To: civil.Never}
	if to != "" {
		e.To = day(to)
	}
	return e
}

// enrolled is a customer with places in programmes.
func enrolled(t testing.TB, places ...Enrolment) Account {
	a := customer(t, Bucket{day("1997-03-10"), 500})
	a.Enrolments = places
	return a
}

func TestR29APlaceInAProgrammeCounts(t *testing.T) {
	for _, c := range []struct {
		name string
		rule schedule.Rule
		a    Account
		want []string
	}{
		{"without a place", schedule.Rule{When: in("beta")}, enrolled(t), nil},
		{"in another programme", schedule.Rule{When: in("beta")}, enrolled(t, place("gamma", "1998-01-01", "")), nil},
		{"with one", schedule.Rule{When: in("beta")}, enrolled(t, place("beta", "1998-01-01", "")), []string{"1998-01-01 to "}},
		{"until it is given up", schedule.Rule{When: in("beta")}, enrolled(t, place("beta", "1998-01-01", "1998-06-02")), []string{"1998-01-01 to 1998-06-01"}},
		{"given up on the day it was got", schedule.Rule{When: in("beta")}, enrolled(t, place("beta", "1998-01-01", "1998-01-02")), []string{"1998-01-01 to 1998-01-01"}},
		{"what was earned is kept for its term", schedule.Rule{When: in("beta"), Lasts: years(1)},
			enrolled(t, place("beta", "1998-01-01", "1998-06-02")), []string{"1998-01-01 to 1999-05-31"}},
		{"twice", schedule.Rule{When: in("beta")},
			enrolled(t, place("beta", "1999-01-01", ""), place("beta", "1998-01-01", "1998-06-02")), []string{"1998-01-01 to 1998-06-01", "1999-01-01 to "}},
		{"with spend", schedule.Rule{When: schedule.Condition{All: []schedule.Condition{in("beta"), spend(schedule.Trailing12Months, 500)}}},
			enrolled(t, place("beta", "1998-01-01", "")), []string{"1998-01-01 to 1998-03-09"}},
		{"in either of two", schedule.Rule{When: schedule.Condition{Any: []schedule.Condition{in("beta"), in("gamma")}}},
			enrolled(t, place("beta", "1998-01-01", "1998-03-01"), place("gamma", "1998-03-01", "1998-04-01")), []string{"1998-01-01 to 1998-03-31"}},
	} {
		c.rule.ID = "betas"
		require.Equal(t, c.want, days(t, simple(t, c.rule), c.a), c.name)
	}
}

func TestR34PlacesInWords(t *testing.T) {
	rule := schedule.Rule{ID: "betas", When: schedule.Condition{All: []schedule.Condition{in("beta"), in("gamma")}}}
	for _, c := range []struct {
		a    Account
		want string
	}{
		{enrolled(t), `Not yet entitled by rule betas of version 1: "Who spends enough gets a gift." It takes a place in the programme beta, and a place in the programme gamma.`},
		{enrolled(t, place("beta", "1998-01-01", "")),
			`Not yet entitled by rule betas of version 1: "Who spends enough gets a gift." It takes a place in the programme gamma.`},
		{enrolled(t, place("beta", "1998-01-01", ""), place("gamma", "1997-06-01", "1997-09-01"), place("gamma", "1997-09-01", "1999-01-01")),
			`Entitled by rule betas of version 1: "Who spends enough gets a gift." ` +
				`Enrolment in the programme beta is from 1 January 1998 and enrolment in the programme gamma is from 1 June 1997, and this holds through 31 December 1998.`},
	} {
		got, err := explain(simple(t, rule), c.a, civil.UTC.End(day("1998-02-01")), "gift")
		require.NoError(t, err)
		require.Equal(t, c.want, got)
	}
}

// Places are limited: what a customer can do by itself comes first.
func TestWaysThatTakeAPlaceComeLast(t *testing.T) {
	b := simple(t,
		schedule.Rule{ID: "beta", When: in("beta")},
		schedule.Rule{ID: "two", When: schedule.Condition{Any: []schedule.Condition{in("gamma"), {All: []schedule.Condition{in("gamma"), in("beta")}}}}},
		schedule.Rule{ID: "spend", When: spend(schedule.CalendarYear, 100_000)})
	ways, err := b.Distance(enrolled(t), civil.UTC.Start(day("1997-06-01")), "gift")
	require.NoError(t, err)
	var got []string
	for _, w := range ways {
		require.Len(t, w.Requires, 1)
		got = append(got, w.Rule.ID)
	}
	require.Equal(t, []string{"spend", "beta", "two"}, got)
}
