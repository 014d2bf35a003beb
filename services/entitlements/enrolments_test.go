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

func (*fakeProgrammes) Published() []string { return []string{"beta"} }

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
	eventually(t, "ready", func() bool { return f.Ready() == nil })
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

// thanked is a promise whose only rule reads the spend of single accounts.
const thanked = `
schedule: service-promise
currency: USD
time_zone: America/New_York
commitments:
  - {id: courtesy, promise: Every customer is treated with courtesy.}
benefits:
  - {id: thanks, promise: A note of thanks., kind: feature}
rules:
  - id: spend-500
    promise: Who spends $500 within a year is thanked.
    when: {spend: trailing-12-months, at_least: 500.00}
    grants: [thanks]
notice: {effective: 1997-01-01, reason: First}
`

// Criteria read what no rule reads as rules would read it.
func TestCriteriaReadWhatNoRuleReads(t *testing.T) {
	board := newFakeBoard()
	f := newFixture(t, Options{Board: board, FlushInterval: time.Millisecond})
	ctx := context.Background()
	_, _, err := f.Publish(ctx, Publishing{File: []byte(thanked), Publisher: "principals/ann"})
	require.NoError(t, err)
	board.add(seat("1", "child", may), seat("2", "parent", july)) // first: an empty feed is read at once
	start(t, f.Service)
	f.source.add(active("parent", ""), paid("parent", may, 400_00), active("child", "parent"), paid("child", may, 300_00), active("alone", ""), paid("alone", may, 300_00))
	f.caughtUp(t)
	group := &schedule.Condition{Subject: schedule.Spend, Measure: schedule.Trailing12Months, Scope: schedule.GroupScope, AtLeast: 500_00}
	served := &schedule.Condition{Subject: schedule.Board, Measure: schedule.TermsServed, AtLeast: 1}
	both := &schedule.Condition{All: []schedule.Condition{*group, *served}}
	eventually(t, "all is read", func() bool { return f.upToDate(both) == nil })
	met := func(account string, when *schedule.Condition) bool {
		j, err := f.Judge(ctx, account, when)
		require.NoError(t, err)
		return j.Met
	}
	for account, want := range map[string][3]bool{"parent": {true, false, false}, "child": {true, true, true}, "alone": {}} {
		require.Equal(t, want, [3]bool{met(account, group), met(account, served), met(account, both)}, account)
	}
	f.source.add(paid("parent", may, -350_00))
	f.caughtUp(t)
	require.False(t, met("child", group), "what the group has spent is as it is now")
	reading, err := f.Reading()
	require.NoError(t, err)
	require.True(t, reading.Board)
}

// Nobody is refused, or passed over, by what was not heard of yet.
func TestNobodyIsJudgedByWhatIsBehind(t *testing.T) {
	f := newFixture(t, Options{})
	ctx := context.Background()
	f.publish(t, "1997-01-01", "First")
	stop := start(t, f.Service)
	f.source.add(active("ash", ""))
	f.caughtUp(t)
	eventually(t, "ready", func() bool { return f.Ready() == nil })
	when := &schedule.Condition{Subject: schedule.Spend, Measure: schedule.Trailing12Months, Scope: schedule.AccountScope, AtLeast: 500_00}
	j, err := f.Judge(ctx, "ash", when)
	require.NoError(t, err)
	require.False(t, j.Met)
	stop()
	f.source.add(paid("ash", may, 600_00))
	f.open(t, Options{}) // as a process that starts again, with a copy that lacks the payment
	_, err = f.Judge(ctx, "ash", when)
	var told *fault.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, fault.Unavailable, told.Kind)
	start(t, f.Service)
	eventually(t, "ready", func() bool { return f.Ready() == nil })
	j, err = f.Judge(ctx, "ash", when)
	require.NoError(t, err)
	require.True(t, j.Met)
}
