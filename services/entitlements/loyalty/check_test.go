package loyalty

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

const head = `
schedule: promise
currency: USD
time_zone: UTC
benefits:
  - {id: gift, promise: A gift., kind: feature}
  - {id: hours, promise: Hours., kind: metered, unit: hour, limit: LIMIT, period: P1Y}
rules:
`

const (
	spending = "  - {id: big, promise: Who spends $500 within a year., when: {spend: trailing-12-months, at_least: 500.00}, grants: [gift]}\n"
	launch   = "  - {id: launch, promise: Who spends $10 within a year., when: {spend: trailing-12-months, at_least: 10.00}, grants: [gift, hours], lasts: P24M, on_refund: keep}\n"
	staying  = "  - {id: stay, promise: Who stays a century., when: {tenure: months, at_least: 1200}, grants: [hours]}\n"
	trying   = "  - {id: test, promise: Who tests., when: {programme: beta}, grants: [gift]}\n"
	either   = "  - {id: test, promise: Who tests or stays., when: {any: [{programme: beta}, {tenure: months, at_least: 1200}]}, grants: [gift]}\n"
)

// now is when all checks are made.
var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// world is customers and programmes.
type world struct {
	book       *decision.Book
	accounts   []customer
	programmes []Programme
	enrolments decision.Enrolments
}

// customer is an account with its id.
type customer struct {
	id string
	decision.Account
}

func (w *world) Accounts() (decision.Accounts, error) {
	return decision.Accounts{Book: w.book, At: now, Workers: 2,
		Each: func(_ context.Context, visit func(int, string, decision.Account) error, tell func(done, total int) error) error {
			for i, a := range w.accounts {
				a.Enrolments = w.enrolments[a.id]
				if err := visit(i%2, a.id, a.Account); err != nil {
					return err
				}
			}
			if tell == nil {
				return nil
			}
			return tell(4, 4)
		}}, nil
}

func (w *world) Offered(context.Context, civil.Day) ([]Programme, error) { return w.programmes, nil }

func (w *world) Enrolments() *decision.Enrolments { return &w.enrolments }

// editions compiles versions, of which each is in force for a year; the last is in force now. Each
// is the limit of hours and the rules.
func editions(t require.TestingT, texts ...string) *decision.Book {
	var versions []decision.Version
	for i, text := range texts {
		limit, rules, _ := strings.Cut(text, "\n")
		s, err := schedule.Parse([]byte(strings.Replace(head, "LIMIT", limit, 1) + rules))
		require.NoError(t, err)
		from := time.Date(2027-len(texts)+i, 2, 1, 0, 0, 0, 0, time.UTC)
		versions = append(versions, decision.Version{Number: i + 1, Schedule: s, From: from})
	}
	book, err := decision.Compile(versions, decision.Company{Zone: civil.UTC})
	require.NoError(t, err)
	return book
}

func day(text string) civil.Day {
	d, err := civil.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

// account is an active one that joined on a day and was paid for on another, in dollars.
func account(t require.TestingT, id, joined, paid string, dollars int64) customer {
	a := decision.Account{Joined: day(joined), ActiveFrom: day(joined), ClosedOn: civil.Never}
	if paid != "" {
		var err error
		a.Ledger, err = decision.Ledger{}.Merge(decision.Bucket{Day: day(paid), Minor: 100 * dollars})
		require.NoError(t, err)
	}
	return customer{id, a}
}

// enrol gives accounts places in beta.
func enrol(ids ...string) decision.Enrolments {
	all := decision.Enrolments{}
	for _, id := range ids {
		all.Add(id, "beta", day("2026-03-01"), civil.Never)
	}
	return all
}

func check(t require.TestingT, w *world) *Report {
	r, err := New(w, w).Check(context.Background(), Query{Within: Usual})
	require.NoError(t, err)
	return r
}

// beta is a programme for who has spent $10 within a year.
func beta(p Programme) []Programme {
	p.ID, p.Title, p.Capacity = "beta", "Beta", 2
	p.Criteria = schedule.Condition{Subject: schedule.Spend, Measure: schedule.Trailing12Months, Scope: schedule.AccountScope, AtLeast: 1000}
	return []Programme{p}
}

// told writes down what was found: of each offer that newcomers have the counts, the reason and
// who is next.
func told(r *Report) []string {
	var lines []string
	for _, o := range r.Offers {
		if o.Newcomers == 0 {
			continue
		}
		line := fmt.Sprintf("%s%s", o.Benefit, o.Programme)
		if o.Limit > 0 {
			line += fmt.Sprintf(" %d", o.Limit)
		}
		line += fmt.Sprintf(": %d/%d, %d/%d", o.Newcomers, r.Newcomers, o.Existing, r.Existing)
		if o.Reason != "" {
			line += " " + string(o.Reason)
		}
		if o.Next != nil {
			line += fmt.Sprintf(", next %s", o.Next.Account)
			if o.Next.Position > 0 {
				line += fmt.Sprintf(" at %d", o.Next.Position)
			}
			if o.Next.Takes != "" {
				line += " takes " + strings.SplitN(o.Next.Takes, " (", 2)[0]
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func TestR26WhatOnlyNewcomersHave(t *testing.T) {
	fresh := account(t, "fresh", "2026-03-01", "2026-04-01", 600)
	poor := account(t, "poor", "2020-01-01", "2026-04-01", 400)
	poorer := account(t, "a-poorer", "2020-01-01", "2026-04-01", 5)
	rich := account(t, "rich", "2020-01-01", "2026-04-01", 700)
	closed := account(t, "closed", "2020-01-01", "2026-04-01", 700)
	closed.ClosedOn = day("2026-05-01")
	for name, test := range map[string]struct {
		versions   []string
		accounts   []customer
		programmes []Programme
		enrolments decision.Enrolments
		want       []string
	}{
		"as it happens, only a newcomer spends enough": {
			versions: []string{"0\n" + spending}, accounts: []customer{fresh, poorer, poor, closed},
			want: []string{"gift: 1/1, 0/2 conditions-unmet, next poor takes $100.00 more by 31 March 2027"}},
		"an existing account has it too": {
			versions: []string{"0\n" + spending}, accounts: []customer{fresh, poor, rich},
			want: []string{"gift: 1/1, 1/2"}},
		"nobody to compare with": {
			versions: []string{"0\n" + spending}, accounts: []customer{fresh, closed},
			want: []string{"gift: 1/1, 0/0"}},
		"an earlier version gave it to those of a time": {
			versions: []string{"9\n" + launch, "9\n" + staying}, accounts: []customer{account(t, "early", "2025-12-01", "2025-12-24", 20), poor},
			want: []string{"gift: 1/1, 0/1 earlier-version", "hours 9: 1/1, 0/1 conditions-unmet, next poor takes 1200 months as a customer, complete on 1 January 2120"}},
		"an earlier version gave more of it": {
			versions: []string{"9\n" + launch, "4\n" + launch}, accounts: []customer{account(t, "early", "2025-12-01", "2025-12-24", 20), poor},
			want: []string{"gift: 1/1, 1/1", "hours 9: 1/1, 0/1 earlier-version", "hours 4: 1/1, 1/1"}},
		"a programme is full of newcomers": {
			versions: []string{"0\n" + trying}, accounts: []customer{fresh, poor, rich, poorer},
			programmes: beta(Programme{Waiting: []string{"fresh", "rich", "poor"}}), enrolments: enrol("fresh"),
			want: []string{"gift: 1/1, 0/3 no-way-in", "beta: 1/1, 0/3 no-place, next rich at 2"}},
		"a programme takes no applications": {
			versions: []string{"0\n" + trying}, accounts: []customer{fresh, poor, poorer},
			programmes: beta(Programme{Free: 1, Refuses: "took applications until 2026-04-01", Waiting: []string{"a-poorer"}}), enrolments: enrol("fresh"),
			want: []string{"gift: 1/1, 0/2 no-way-in", "beta: 1/1, 0/2 not-applying, next a-poorer at 1 takes $5.00 more by 31 March 2027"}},
		"no existing account meets the criteria": {
			versions: []string{"0\n" + trying}, accounts: []customer{fresh, poorer},
			programmes: beta(Programme{Free: 1}), enrolments: enrol("fresh"),
			want: []string{"gift: 1/1, 0/1 no-way-in", "beta: 1/1, 0/1 conditions-unmet, next a-poorer takes $5.00 more by 31 March 2027"}},
		"existing accounts can apply": {
			versions: []string{"0\n" + trying}, accounts: []customer{fresh, poor, poorer},
			programmes: beta(Programme{Free: 1}), enrolments: enrol("fresh"),
			want: []string{"gift: 1/1, 0/2 conditions-unmet, next a-poorer takes a place in the programme beta", "beta: 1/1, 0/2"}},
		"an existing account has a place": {
			versions: []string{"0\n" + trying}, accounts: []customer{fresh, poor},
			programmes: beta(Programme{}), enrolments: enrol("fresh", "poor"),
			want: []string{"gift: 1/1, 1/1", "beta: 1/1, 1/1"}},
		"the programme has ended, and there is another way": {
			versions: []string{"0\n" + either}, accounts: []customer{fresh, poor}, enrolments: enrol("fresh"),
			want: []string{"gift: 1/1, 0/1 conditions-unmet, next poor takes 1200 months as a customer, complete on 1 January 2120"}},
		"a lottery is still to come": {
			versions: []string{"0\n" + trying}, accounts: []customer{fresh, poor},
			programmes: beta(Programme{Undrawn: true, Waiting: []string{"fresh", "poor"}}),
			want:       nil},
	} {
		t.Run(name, func(t *testing.T) {
			for i, text := range test.versions {
				if strings.HasPrefix(text, "0\n") { // no rule of it grants hours
					test.versions[i] = "1" + text[1:]
				}
			}
			r := check(t, &world{editions(t, test.versions...), test.accounts, test.programmes, test.enrolments})
			require.Equal(t, test.want, told(r))
		})
	}
}

func TestR26WordsSayWhy(t *testing.T) {
	w := &world{book: editions(t, "9\n"+launch, "4\n"+trying), accounts: []customer{
		account(t, "early", "2025-12-01", "2025-12-24", 20), account(t, "poor", "2020-01-01", "2026-04-01", 400)},
		programmes: beta(Programme{}), enrolments: enrol("early")}
	r := check(t, w)
	require.Equal(t, day("2025-06-02"), r.From)
	require.Equal(t, 3, r.Findings())
	words := map[string]string{}
	for _, o := range r.Offers {
		words[o.Benefit+o.Programme+fmt.Sprint(o.Limit)] = o.Words
	}
	both := "1 of the 1 accounts that joined on 2025-06-02 or later have it, and none of the 1 that joined before. "
	require.Equal(t, map[string]string{
		"gift0":  both + "The rules that give it ask for a place in programmes/beta, which no existing account can get now.",
		"hours9": both + "It was given by rule launch of version 1, and no rule of the version in force gives as much of it.",
		"beta0":  both + "No place is left; of the existing accounts 1 meet the criteria and can wait for one.",
	}, words)
	w.accounts = w.accounts[:1]
	require.Equal(t, "All accounts joined on 2025-06-02 or later: there is nobody to compare with.", check(t, w).Offers[0].Words)
}

func TestWhatCannotBeChecked(t *testing.T) {
	w := &world{book: editions(t, "1\n"+spending)}
	_, err := New(w, w).Check(t.Context(), Query{})
	require.ErrorContains(t, err, "P0D is not a period")
	require.Empty(t, check(t, w).Findings(), "there are no accounts")
}

func TestACheckTellsHowFarItIs(t *testing.T) {
	w := &world{book: editions(t, "1\n"+spending), accounts: []customer{
		account(t, "fresh", "2026-03-01", "2026-04-01", 600), account(t, "poor", "2020-01-01", "", 0)}}
	var steps []int
	_, err := New(w, w).Check(t.Context(), Query{Within: Usual, Tell: func(done, total int) error {
		steps = append(steps, done, total)
		return nil
	}})
	require.NoError(t, err)
	require.Equal(t, []int{4, 8, 8, 8}, steps)
	enough := fmt.Errorf("enough")
	_, err = New(w, w).Check(t.Context(), Query{Within: Usual, Tell: func(int, int) error { return enough }})
	require.ErrorIs(t, err, enough)
}

// genWorld draws accounts, places and a programme under two versions.
func genWorld(t *rapid.T) *world {
	w := &world{enrolments: decision.Enrolments{}, programmes: beta(Programme{
		Free:    rapid.IntRange(0, 1).Draw(t, "free"),
		Refuses: rapid.SampledFrom([]string{"", "took applications until yesterday"}).Draw(t, "refuses")})}
	rules := rapid.SampledFrom([]string{spending, launch, staying + trying, either, spending + staying})
	limit := rapid.SampledFrom([]string{"4\n", "9\n"})
	w.book = editions(t, limit.Draw(t, "limit")+rules.Draw(t, "first"), limit.Draw(t, "limit")+rules.Draw(t, "second"))
	for i := range rapid.IntRange(0, 8).Draw(t, "accounts") {
		joined := day("2026-05-31") - civil.Day(rapid.IntRange(0, 800).Draw(t, "days"))
		a := decision.Account{Joined: joined, ActiveFrom: joined, ClosedOn: civil.Never}
		var err error
		paid := joined + civil.Day(rapid.Int32Range(0, int32(day("2026-06-01")-joined)).Draw(t, "paid"))
		a.Ledger, err = decision.Ledger{}.Merge(decision.Bucket{Day: paid, Minor: 100 * rapid.Int64Range(0, 600).Draw(t, "dollars")})
		require.NoError(t, err)
		id := fmt.Sprintf("a%d", i)
		if rapid.Bool().Draw(t, "enrolled") {
			w.enrolments.Add(id, "beta", max(joined, day("2026-03-01")), civil.Never)
		}
		w.accounts = append(w.accounts, customer{id, a})
	}
	return w
}

// What is counted is what the rules grant, counted one by one; and a finding is had by a newcomer
// and by no existing account.
func TestR26CountsAreThoseOfTheRulesThatGrant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := genWorld(t)
		r := check(t, w)
		for _, o := range r.Offers {
			var want counts
			for _, a := range w.accounts {
				a.Enrolments = w.enrolments[a.id]
				has := o.Programme != "" && len(w.enrolments[a.id]) > 0
				if o.Benefit != "" {
					d, err := w.book.Timeline(a.Account).At(now, o.Benefit)
					require.NoError(t, err)
					has = d.Entitled() && d.Benefit.Limit >= o.Limit
				}
				if has && a.Joined >= r.From {
					want[newcomer]++
				} else if has {
					want[existing]++
				}
			}
			require.Equal(t, want, counts{o.Newcomers, o.Existing}, "%+v", o)
			if o.Reason != "" {
				require.Positive(t, o.Newcomers)
				require.Zero(t, o.Existing)
				require.Positive(t, r.Existing)
				require.NotEmpty(t, o.Words)
			} else {
				require.Nil(t, o.Next)
			}
		}
	})
}

// Nothing is found where every newcomer has a twin that joined earlier and is alike in all else.
func TestR26ATwinThatJoinedEarlierLeavesNoFinding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := genWorld(t)
		for _, a := range w.accounts {
			twin := a
			twin.id += "-twin"
			twin.Joined -= 1000
			twin.ActiveFrom = twin.Joined
			w.enrolments[twin.id] = w.enrolments[a.id]
			w.accounts = append(w.accounts, twin)
		}
		require.Zero(t, check(t, w).Findings())
	})
}
