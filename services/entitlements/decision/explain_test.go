package decision

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

func TestR34ExplainCitesThePromiseAndTheFigures(t *testing.T) {
	partner := schedule.Rule{ID: "partner-500", When: spend(schedule.Trailing12Months, 50000), Lasts: years(1)}
	whileTrue := schedule.Rule{ID: "partner-500", When: spend(schedule.Trailing12Months, 50000)}
	group := spend(schedule.CalendarYear, 100000000)
	group.Scope = schedule.GroupScope
	loyal := schedule.Rule{ID: "loyal", When: schedule.Condition{Any: []schedule.Condition{
		{All: []schedule.Condition{tenure(36), spend(schedule.SinceJoining, 200000)}}, group,
	}}}
	for _, c := range []struct {
		name string
		rule schedule.Rule
		a    Account
		at   string
		want string
	}{
		{"held", whileTrue, customer(t, Bucket{day("1997-03-10"), 51240}), "1997-06-30",
			`Entitled by rule partner-500 of version 1: "Who spends enough gets a gift." Spend in the trailing 12 months is $512.40 of the $500.00 needed, and this holds through 9 March 1998.`},
		{"held for its term", partner, customer(t, Bucket{day("1997-03-10"), 51240}), "1998-06-30",
			`Entitled by rule partner-500 of version 1: "Who spends enough gets a gift." Earned on 9 March 1998, when spend in the trailing 12 months was $512.40 of the $500.00 needed, and this holds through 8 March 1999.`},
		{"held after a small refund", partner, customer(t, Bucket{day("1997-03-10"), 51240}, Bucket{day("1998-05-01"), -1240}), "1998-06-30",
			`Entitled by rule partner-500 of version 1: "Who spends enough gets a gift." Earned on 9 March 1998, when spend in the trailing 12 months was $500.00 of the $500.00 needed, and this holds through 8 March 1999.`},
		{"held for good", loyal, customer(t, Bucket{day("1994-01-31"), 123456789}), "1998-06-30",
			`Entitled by rule loyal of version 1: "Who spends enough gets a gift." Tenure is 53 months of the 36 needed and spend since joining is $1,234,567.89 of the $2,000.00 needed.`},
		{"not yet", partner, customer(t, Bucket{day("1997-07-01"), 28760}), "1998-06-15",
			`Not yet entitled by rule partner-500 of version 1: "Who spends enough gets a gift." It takes $212.40 more by 30 June 1998 (spend in the trailing 12 months is $287.60 of $500.00).`},
		{"nothing spent", partner, customer(t), "1998-06-15",
			`Not yet entitled by rule partner-500 of version 1: "Who spends enough gets a gift." It takes $500.00 more (spend in the trailing 12 months is $0.00 of $500.00).`},
		{"two ways", loyal, customer(t, Bucket{day("1997-01-31"), 100}), "1998-06-15",
			`Not yet entitled by rule loyal of version 1: "Who spends enough gets a gift." It takes $1,000,000.00 more (spend of the whole group in the calendar year is $0.00 of $1,000,000.00). There is 1 other way.`},
		{"two requirements", schedule.Rule{ID: "r", When: loyal.When.Any[0]}, customer(t, Bucket{day("1997-01-31"), 100}), "1998-06-15",
			`Not yet entitled by rule r of version 1: "Who spends enough gets a gift." It takes 36 months as a customer, complete on 31 January 2000, and $1,999.00 more (spend since joining is $1.00 of $2,000.00).`},
		{"tenure before joining", schedule.Rule{ID: "r", When: tenure(1)}, customer(t), "1998-06-15",
			`Not yet entitled by rule r of version 1: "Who spends enough gets a gift." It takes 1 month as a customer, counted from joining.`},
		{"prospect", partner, Account{Joined: civil.Never, ActiveFrom: civil.Never, ClosedOn: civil.Never, Prospect: true}, "1998-06-15",
			`Not entitled: the account is a prospect, and benefits begin when it becomes active.`},
		{"not active yet", partner, Account{Joined: civil.Never, ActiveFrom: day("1998-07-01"), ClosedOn: civil.Never}, "1998-06-15",
			`Not entitled: the account is active from 1 July 1998.`},
		{"closed", partner, Account{Joined: civil.Never, ActiveFrom: 0, ClosedOn: day("1998-06-15")}, "1998-06-15",
			`Not entitled: the account was closed on 15 June 1998.`},
		{"closed, and never known to have joined", partner, Account{Joined: civil.Never, ActiveFrom: civil.Never, ClosedOn: day("1998-06-15")}, "1998-06-15",
			`Not entitled: the account was closed on 15 June 1998.`},
		{"before it was closed, and not known to have joined", partner, Account{Joined: civil.Never, ActiveFrom: civil.Never, ClosedOn: day("1998-06-15")}, "1998-06-14",
			`Not entitled: the account has neither a joined date nor a revenue entry, and benefits begin with either.`},
		{"active, and not known to have joined", partner, Account{Joined: civil.Never, ActiveFrom: civil.Never, ClosedOn: civil.Never}, "1998-06-15",
			`Not entitled: the account has neither a joined date nor a revenue entry, and benefits begin with either.`},
	} {
		got, err := explain(simple(t, c.rule), c.a, civil.UTC.End(day(c.at)), "gift")
		require.NoError(t, err)
		require.Equal(t, c.want, got, c.name)
	}
}

// explain decides, and says why.
func explain(b *Book, a Account, at time.Time, benefitID string) (string, error) {
	d, err := b.Timeline(a).At(at, benefitID)
	if err != nil {
		return "", err
	}
	reason, _, err := b.Explain(a, at, benefitID, d)
	return reason, err
}

func TestExplainWithoutARule(t *testing.T) {
	z := zone("America/New_York")
	change := time.Date(1997, 9, 1, 18, 0, 0, 0, time.UTC)
	dropped := promise()
	dropped.Benefits[0].ID = "card"
	b := compile(t, Company{Zone: z},
		Version{Number: 1, Schedule: promise(schedule.Rule{ID: "r", When: spend(schedule.CalendarYear, 500)}), From: z.Start(day("1990-01-01"))},
		Version{Number: 2, Schedule: dropped, From: change})
	a := customer(t, Bucket{day("1997-03-10"), 500})
	got, err := explain(b, a, change.Add(-time.Hour), "gift")
	require.NoError(t, err)
	require.Equal(t, `Entitled by rule r of version 1: "Who spends enough gets a gift." Spend in the calendar year is $5.00 of the $5.00 needed, and this holds until 1 September 1997, 14:00:00 EDT.`, got)
	got, err = explain(b, a, change, "gift")
	require.NoError(t, err)
	require.Equal(t, "Not entitled: version 2 of the schedule, in force at that time, does not have the benefit gift.", got)
	got, err = explain(b, a, change, "card")
	require.NoError(t, err)
	require.Equal(t, "Not entitled: no rule of version 2 of the schedule, in force at that time, grants card.", got)
	_, err = explain(b, a, change, "cards")
	require.ErrorIs(t, err, ErrUnknownBenefit)
	_, err = b.Distance(a, z.Start(day("1980-01-01")), "card")
	require.ErrorIs(t, err, ErrNoSchedule)
}

func TestDistanceNamesTheNearestFirst(t *testing.T) {
	b := simple(t,
		schedule.Rule{ID: "far", When: spend(schedule.Trailing12Months, 900)},
		schedule.Rule{ID: "near", When: spend(schedule.CalendarYear, 600)},
		schedule.Rule{ID: "both", When: schedule.Condition{All: []schedule.Condition{spend(schedule.CalendarYear, 501), tenure(24)}}},
		schedule.Rule{ID: "twice", When: schedule.Condition{Any: []schedule.Condition{
			spend(schedule.SinceJoining, 700),
			{All: []schedule.Condition{spend(schedule.SinceJoining, 700), tenure(24)}}, // includes the first: no way of its own
			{All: []schedule.Condition{spend(schedule.SinceJoining, 800), spend(schedule.SinceJoining, 850)}},
		}}})
	ways, err := b.Distance(customer(t, Bucket{day("1997-03-10"), 500}), civil.UTC.Start(day("1997-06-01")), "gift")
	require.NoError(t, err)
	var got []string
	for _, w := range ways {
		line := w.Rule.ID
		for _, r := range w.Requires {
			line += "; " + b.Phrase(r)
		}
		got = append(got, line)
	}
	require.Equal(t, []string{
		"near; $1.00 more by 31 December 1997 (spend in the calendar year is $5.00 of $6.00)",
		"twice; $2.00 more (spend since joining is $5.00 of $7.00)",
		"far; $4.00 more by 9 March 1998 (spend in the trailing 12 months is $5.00 of $9.00)",
		"both; $0.01 more by 31 December 1997 (spend in the calendar year is $5.00 of $5.01); 24 months as a customer, complete on 10 March 1999",
	}, got)
}
