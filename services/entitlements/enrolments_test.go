package entitlements

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// fakeProgrammes are programmes in memory, of which beta is published.
type fakeProgrammes struct {
	places atomic.Pointer[decision.Enrolments]
}

func (*fakeProgrammes) Published(context.Context) ([]string, error) { return []string{"beta"}, nil }

func (f *fakeProgrammes) Enrolments() *decision.Enrolments { return f.places.Load() }

// enrol gives an account, and nobody else, a place from a day on.
func (f *fakeProgrammes) enrol(account string, from, to civil.Day) {
	places := decision.Enrolments{}
	places.Add(account, "beta", from, to)
	f.places.Store(&places)
}

// betas is the promise with a rule about a programme.
var betas = strings.NewReplacer("rules:\n", `  - {id: dinner, promise: A dinner of thanks each year., kind: feature}
rules:
`, "notice:", `  - id: tester
    promise: Who tries what comes next is thanked with a dinner.
    when: {programme: beta}
    grants: [dinner]
notice:`).Replace(promise)

func TestR29ARuleReadsPlacesInAProgramme(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(testing.TB) *docstore.Store) {
		f := newFixtureOn(t, open(t), Options{})
		programmes := &fakeProgrammes{}
		programmes.places.Store(&decision.Enrolments{})
		f.ReadProgrammes(programmes)
		start(t, f.Service)
		f.source.add(active("acme", ""), paid("acme", may-999, 100), active("beta", ""), paid("beta", may-999, 100))
		f.caughtUp(t)
		programmes.enrol("beta", may, civil.Never)
		_, _, err := f.Publish(context.Background(), Publishing{File: fmt.Appendf(nil, betas, "1997-01-01", "Beta"), Publisher: "principals/ann"})
		require.NoError(t, err)
		require.True(t, f.entitled(t, "beta", "dinner"), "a place that was given before counts")
		require.False(t, f.entitled(t, "acme", "dinner"))
		require.Contains(t, f.reason(t, "acme", time.Time{}), "It takes a place in the programme beta.")

		programmes.enrol("acme", may+1, may+3)
		require.False(t, f.entitled(t, "beta", "dinner"))
		for day, want := range map[civil.Day]bool{may: false, may + 1: true, may + 2: true, may + 3: false} {
			d, err := f.AsOfDay(day)
			require.NoError(t, err)
			decided, err := d.Check(context.Background(), "acme", "dinner")
			require.NoError(t, err)
			require.Equal(t, want, decided.Entitled(), day)
		}
		d, err := f.AsOfDay(may + 2)
		require.NoError(t, err)
		holders, _, err := d.Holders(context.Background(), "dinner", "", 10)
		require.NoError(t, err)
		require.Len(t, holders, 1)
	})
}

func TestARuleOnAProgrammeThatIsNotPublishedIsRefused(t *testing.T) {
	f := newFixture(t, Options{})
	refused := func(file string) string {
		_, _, err := f.Publish(context.Background(), Publishing{File: fmt.Appendf(nil, file, "1997-01-01", "Beta")})
		var told *fault.Error
		require.True(t, errors.As(err, &told), "%v", err)
		require.ErrorIs(t, err, ErrScheduleInvalid)
		return told.Fields[0].Description
	}
	require.Regexp(t, `^\d+:\d+: rules\[2\]\.when\.programme: no programme "beta" is published: .*publish the programme first`, refused(betas))
	programmes := &fakeProgrammes{}
	f.ReadProgrammes(programmes)
	require.Contains(t, refused(strings.Replace(betas, "programme: beta", "programme: betta", 1)), `did you mean "beta"`)
}

func TestCriteriaAreJudgedAsRulesAre(t *testing.T) {
	f := newFixture(t, Options{})
	ctx := context.Background()
	when := &schedule.Condition{Subject: schedule.Spend, Measure: schedule.Trailing12Months, Scope: schedule.AccountScope, AtLeast: 500_00}
	_, err := f.Judge(ctx, "acme", when)
	require.ErrorIs(t, err, ErrNoSchedule)
	_, err = f.Reading()
	require.ErrorIs(t, err, ErrNoSchedule)
	f.publish(t, "1997-01-01", "First")
	start(t, f.Service)
	closed := active("gone", "")
	closed.Account.State, closed.Account.Closed = Closed, may
	prospect := active("maybe", "")
	prospect.Account.State = Prospect
	f.source.add(active("acme", ""), paid("acme", may, 499_99), active("beta", ""), paid("beta", may, 500_00), closed, paid("gone", may-9, 900_00), prospect)
	f.caughtUp(t)
	for account, want := range map[string]decision.Judgement{
		"acme":  {Active: true, Joined: may, ClosedOn: civil.Never, Reason: "It takes $0.01 more by 30 April 1999 (spend in the trailing 12 months is $499.99 of $500.00)."},
		"beta":  {Active: true, Met: true, Joined: may, ClosedOn: civil.Never},
		"gone":  {Joined: may - 9, ClosedOn: may, Reason: "The account was closed on 1 May 1998."},
		"maybe": {Joined: civil.Never, ClosedOn: civil.Never, Reason: "The account is a prospect, and benefits begin when it becomes active."},
	} {
		got, err := f.Judge(ctx, account, when)
		require.NoError(t, err)
		require.Equal(t, account == "acme", len(got.Ways) == 1)
		got.Ways = nil
		require.Equal(t, want, got, account)
	}
	_, err = f.Judge(ctx, "nobody", when)
	require.ErrorIs(t, err, ErrNotFound)
	reading, err := f.Reading()
	require.NoError(t, err)
	require.Equal(t, civil.Date(1998, time.June, 1), reading.Today)
	require.Equal(t, "USD", reading.Currency.Code)
}
