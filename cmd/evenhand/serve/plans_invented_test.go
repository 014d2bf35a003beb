package serve

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/genproto/googleapis/type/date"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/wire"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// The year that is invented: it holds both changes of the clock, and a leap day.
var (
	yearBegins = civil.Date(2027, time.October, 1)
	yearEnds   = civil.Date(2028, time.September, 30)
)

const (
	companyZone = "America/New_York"
	// hoursInAHalfYear is how many units of the one metered benefit there are.
	hoursInAHalfYear = 10
)

// invented is a year in which something happens to every account. What a signal follows from
// lasts for a week at least, and ends or changes no nearer to the end of a quarter: who hears
// of it a few days late comes to the same.
type invented struct {
	customers []*customer
	byID      map[string]*customer
	zone      civil.Zone

	mu  sync.Mutex
	day civil.Day
}

// customer is one account of the year.
type customer struct {
	i    int
	id   string
	open civil.Day // the day on which it opens
}

func invent(accounts int) (*invented, error) {
	zone, err := civil.LoadZone(companyZone)
	y := &invented{byID: map[string]*customer{}, zone: zone, day: yearBegins}
	for i := range accounts {
		c := &customer{i: i, id: fmt.Sprintf("a%04d", i), open: yearBegins}
		if i%10 == 9 {
			c.open = yearBegins + 100
		}
		y.customers = append(y.customers, c)
		y.byID[c.id] = c
	}
	return y, err
}

func (y *invented) today() civil.Day {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.day
}

func (y *invented) set(day civil.Day) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.day = day
}

// customer returns an account by its id; nil where there is none.
func (y *invented) customer(id string) *customer { return y.byID[id] }

// happening is a change that a service tells on a day; one of them is set. At is its instant.
type happening struct {
	day          civil.Day
	customer     *customer // nil for what concerns no one account
	accounts     *accountsv1.Change
	entitlements *entitlementsv1.Change
	board        *boardv1.Change
}

// of returns all that happens to an account, in the order of days.
func (y *invented) of(c *customer) []happening {
	var all []happening
	all = append(all, y.known(c)...)
	all = append(all, c.paid()...)
	all = append(all, y.served(c)...)
	slices.SortStableFunc(all, func(a, b happening) int { return int(a.day - b.day) })
	for i := range all {
		all[i].customer = c
	}
	return all
}

// company returns what happens to no one account: what the company settled, and a clause that
// is reviewed for a month.
func (y *invented) company() []happening {
	reviewed := func(day civil.Day, state entitlementsv1.Review_State) happening {
		return happening{day: day, entitlements: &entitlementsv1.Change{Type: "review.changed", Name: "reviews/liability", State: &entitlementsv1.Change_Review{
			Review: &entitlementsv1.Review{Name: "reviews/liability", Subject: "clauses/liability", State: state}}}}
	}
	return []happening{
		{day: yearBegins, accounts: &accountsv1.Change{Type: "company.updated", State: &accountsv1.Change_Company{
			Company: &accountsv1.Company{CurrencyCode: "USD", TimeZone: companyZone}}}},
		reviewed(reviewOpens, entitlementsv1.Review_STATE_OPEN), reviewed(reviewOpens+30, entitlementsv1.Review_STATE_DECIDED),
	}
}

var reviewOpens = yearBegins + 150

// handsOver says whether the account is given to another owner, and when.
func (c *customer) handsOver() (civil.Day, bool) {
	return yearBegins + 130 + civil.Day(c.i%20), c.i%8 == 5
}

// closes says whether the account is closed, and from what day on it is no customer.
func (c *customer) closes() (civil.Day, bool) {
	return yearBegins + 300 + civil.Day(c.i%20), c.i%15 == 7
}

// toldOfClosing is how long before the day on which an account closes that is told.
const toldOfClosing = 12

// account is what the accounts service says of it on a day.
func (c *customer) account(day civil.Day) *accountsv1.Account {
	a := &accountsv1.Account{Name: "accounts/" + c.id, DisplayName: "The " + c.id, State: accountsv1.Account_STATE_ACTIVE,
		JoinedDate: dateOf(c.joined()), Owner: "principals/" + c.owner(day)}
	if closed, closes := c.closes(); closes && day >= closed-toldOfClosing {
		a.State, a.ClosedDate = accountsv1.Account_STATE_CLOSED, dateOf(closed)
	}
	return a
}

// owner is the id of the account's owner on a day.
func (c *customer) owner(day civil.Day) string {
	if from, hands := c.handsOver(); hands && day >= from {
		return fmt.Sprintf("owner-%d", (c.i+1)%7)
	}
	return fmt.Sprintf("owner-%d", c.i%7)
}

// joined is the day on which the account became a customer: five years before a day of the
// year, for some of those that it finds.
func (c *customer) joined() civil.Day {
	if c.open > yearBegins {
		return c.open
	}
	if day, ok := c.anniversary(); ok {
		return day.AddMonths(-5 * 12)
	}
	return civil.Date(2021, time.May, 20)
}

func (c *customer) anniversary() (civil.Day, bool) {
	return yearBegins + 100 + civil.Day(c.i%150), c.i%2 == 0 && c.open == yearBegins
}

// known is what the accounts service tells of the account itself.
func (y *invented) known(c *customer) []happening {
	days := []civil.Day{c.open}
	if from, hands := c.handsOver(); hands {
		days = append(days, from)
	}
	if closed, closes := c.closes(); closes {
		days = append(days, closed-toldOfClosing)
	}
	all := make([]happening, len(days))
	for i, day := range days {
		all[i] = happening{day: day, accounts: &accountsv1.Change{Type: "account.updated", State: &accountsv1.Change_Account{Account: c.account(day)}}}
	}
	return all
}

// paid is two years of weekly payments before the year, told at its beginning, and those of
// the year: some accounts pay three in ten from November on, and some twice as much from
// February on.
func (c *customer) paid() []happening {
	if c.open > yearBegins {
		return nil
	}
	chunk := func(days []int32, minor []int64) *accountsv1.Change {
		return &accountsv1.Change{Source: fmt.Sprintf("revenue/%s-%d", c.id, days[0]), Type: "revenue.recorded", State: &accountsv1.Change_Revenue{
			Revenue: &accountsv1.RevenueChunk{Accounts: []string{c.id}, AccountIndex: make([]uint32, len(days)), Days: days, MinorUnits: minor}}}
	}
	var days []int32
	var minor []int64
	first := yearBegins + civil.Day(c.i%7)
	for day := first - 104*7; day < yearBegins; day += 7 {
		days, minor = append(days, int32(day)), append(minor, 1000_00)
	}
	all := []happening{{day: yearBegins, accounts: chunk(days, minor)}}
	for day := first; day <= yearEnds; day += 7 {
		amount := int64(1000_00)
		switch {
		case c.i%5 == 1 && day >= civil.Date(2027, time.November, 1):
			amount = 300_00
		case c.i%5 == 2 && day >= civil.Date(2028, time.February, 1):
			amount = 2000_00
		}
		all = append(all, happening{day: day, accounts: chunk([]int32{int32(day)}, []int64{amount})})
	}
	return all
}

// isNear says whether so little is missing to a benefit on a day that it is worth a word.
func (c *customer) isNear(day civil.Day) bool {
	return c.i%4 == 1 && day >= yearBegins+110 && day < yearBegins+140
}

func (c *customer) holdsHours() bool { return c.i%3 == 0 }

// hours are the days on which the account uses an hour of an expert: late in a half-year, or
// nearly all of them early in one.
func (c *customer) hours() []civil.Day {
	if !c.holdsHours() {
		return nil
	}
	january := civil.Date(2028, time.January, 1)
	if c.i%6 == 0 {
		return []civil.Day{january + 120, january + 130}
	}
	days := make([]civil.Day, 9)
	for n := range days {
		days[n] = january + 10 + civil.Day(5*n)
	}
	return days
}

// hoursUsed is how many of them were used from a day to another.
func (c *customer) hoursUsed(from, to civil.Day) (used int64) {
	for _, day := range c.hours() {
		if from <= day && day <= to {
			used++
		}
	}
	return used
}

// halfYear is the first and the last day of the half-year that a day is in.
func halfYear(day civil.Day) (first, last civil.Day) {
	year, month, _ := day.Date()
	if month < time.July {
		return civil.Date(year, time.January, 1), civil.Date(year, time.June, 30)
	}
	return civil.Date(year, time.July, 1), civil.Date(year, time.December, 31)
}

// breaches are the days on which a commitment to the account is broken: one is the day on
// which clocks are put back, and one that on which they are put forward.
func (c *customer) breaches() []civil.Day {
	if c.i%4 != 2 || c.open > yearBegins {
		return nil
	}
	return []civil.Day{civil.Date(2027, time.November, 7), civil.Date(2028, time.March, 12), yearBegins + 200 + civil.Day(c.i%30)}
}

// serves says whether somebody of the account serves on a board, from what day to which.
func (c *customer) serves() (begins, ends civil.Day, ok bool) {
	begins = yearBegins + 60 + civil.Day(c.i%20)
	return begins, begins + 180, c.i%6 == 4 && c.open == yearBegins
}

// served is what the services of entitlements and boards tell of the account.
func (y *invented) served(c *customer) []happening {
	var all []happening
	for n, day := range c.hours() {
		all = append(all, happening{day: day, entitlements: &entitlementsv1.Change{Type: "usage.used", Name: "accounts/" + c.id + "/balances/hours",
			State: &entitlementsv1.Change_UsageEntry{UsageEntry: &entitlementsv1.UsageEntry{Name: fmt.Sprintf("accounts/%s/usageEntries/e%d", c.id, n), Benefit: "hours",
				Type: entitlementsv1.UsageEntry_TYPE_USED, Units: 1, Origin: entitlementsv1.UsageOrigin_USAGE_ORIGIN_OFFERED, CountDate: dateOf(day)}}}})
	}
	for _, day := range c.breaches() {
		due := y.zone.Start(day).Add(90 * time.Minute)
		clocks := []*entitlementsv1.CaseClock{{Commitment: "first-reply", State: entitlementsv1.CaseClock_STATE_BREACHED,
			StartTime: wire.Timestamp(due.Add(-4 * time.Hour)), DueTime: wire.Timestamp(due)}}
		for later, state := range map[civil.Day]entitlementsv1.Case_State{0: entitlementsv1.Case_STATE_OPEN, 3: entitlementsv1.Case_STATE_RESOLVED} {
			told := &entitlementsv1.CaseState{Issue: "late-delivery", State: state, OpenTime: wire.Timestamp(due.Add(-4 * time.Hour)), Clocks: clocks}
			if state == entitlementsv1.Case_STATE_RESOLVED {
				told.ResolveTime = wire.Timestamp(y.noon(day + later))
			}
			all = append(all, happening{day: day + later, entitlements: &entitlementsv1.Change{Type: "case.changed", Name: c.caseOf(day),
				State: &entitlementsv1.Change_Case{Case: told}}})
		}
	}
	if c.i%5 == 3 {
		all = append(all, happening{day: reviewOpens - 20, entitlements: &entitlementsv1.Change{Type: "citation.recorded", State: &entitlementsv1.Change_Citation{
			Citation: &entitlementsv1.Citation{Name: "clauses/liability/citations/" + c.id, Account: "accounts/" + c.id, CitationDate: dateOf(reviewOpens - 20)}}}})
	}
	if begins, ends, ok := c.serves(); ok {
		all = append(all, happening{day: begins - 14, board: &boardv1.Change{Type: "roster.changed", Name: "boards/advisory", State: &boardv1.Change_Terms{
			Terms: &boardv1.TermsChanged{Terms: []*boardv1.Term{{Name: c.term(), Account: "accounts/" + c.id, Contact: "accounts/" + c.id + "/contacts/ines",
				StartDate: dateOf(begins), PlannedEndDate: dateOf(ends)}}}}}})
	}
	return all
}

func (c *customer) caseOf(day civil.Day) string {
	return fmt.Sprintf("accounts/%s/cases/c-%s", c.id, day)
}

func (c *customer) term() string { return "boards/advisory/terms/" + c.id }

// noon is the middle of a day, for the company.
func (y *invented) noon(day civil.Day) time.Time { return y.zone.Start(day).Add(12 * time.Hour) }

func dateOf(day civil.Day) *date.Date { return wire.Date(int32(day)) }
