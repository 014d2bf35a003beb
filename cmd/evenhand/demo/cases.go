package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/worktime"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

const (
	// caseWeeks is how far back cases go.
	caseWeeks = 18
	// caseCount is how many there are.
	caseCount = 1500
	// replyMinutes is the median of the working minutes to the first reply, and spreads
	// are the standard deviations of the logarithms of times.
	replyMinutes     = 60
	replySpread      = 0.6
	resolutionSpread = 0.45
)

// Case is a customer's problem as the system before kept it. Times that did not come
// before the demo's day are zero.
type Case struct {
	ID, Customer, Issue, Subject, Channel, Role string
	Opened, Replied, Resolved                   time.Time
	Fact, Value                                 string
	Remedy                                      string
	Cents                                       int64
	Escalated, Reopened                         bool
}

// GenerateCases makes the cases of a company's last weeks, by when they were opened. Each
// has its times in working time from the same sequence of random numbers, whatever the day
// is: what an audit finds in them is the same on every day.
func GenerateCases(seed uint64, d *Data) ([]Case, error) {
	hours, err := officeHours(d.First)
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(seed, caseCount))
	begin, end := morning(d.Today.AddDate(0, 0, -7*caseWeeks)), morning(d.Today)
	minutes := int(hours.Between(begin, end, nil) / time.Minute)
	opened := make([]int, caseCount)
	for i := range opened {
		opened[i] = random.IntN(minutes)
	}
	slices.Sort(opened)
	owners := d.regulars()
	after := func(from time.Time, minutes float64) time.Time {
		at, ok := hours.Due(from, time.Duration(minutes)*time.Minute, nil)
		if !ok || !at.Before(end) {
			return time.Time{}
		}
		return at
	}
	cases := make([]Case, 0, caseCount)
	for i, minute := range opened {
		c := Case{ID: fmt.Sprintf("desk-%05d", i+1), Customer: owners[random.IntN(len(owners))]}
		c.Opened, _ = hours.Due(begin, time.Duration(minute)*time.Minute+time.Second, nil)
		reply, resolution := c.draw(random)
		c.Replied, c.Resolved = after(c.Opened, min(reply, resolution)), after(c.Opened, resolution)
		if c.Resolved.IsZero() {
			c.Remedy, c.Cents, c.Reopened = "", 0, false
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// CasePeriod is from the first to the last day of the cases of a company of a day.
func CasePeriod(today time.Time) (from, to time.Time) {
	return today.AddDate(0, 0, -7*caseWeeks), today.AddDate(0, 0, -1)
}

// draw draws what a case is about, and how many working minutes it takes to the first
// reply and to the resolution.
func (c *Case) draw(random *rand.Rand) (reply, resolution float64) {
	c.Channel = channels[pick(random, len(channels), func(i int) int { return channels[i].share })].id
	c.Role = agentRole
	if random.IntN(100) < 45 {
		c.Role = managerRole
	}
	issue := issues[pick(random, len(issues), func(i int) int {
		if c.Role == managerRole {
			return issues[i].managers
		}
		return issues[i].agents
	})]
	c.Issue, c.Subject, c.Fact = issue.id, issue.subject, issue.fact
	c.Value = issue.values[pick(random, len(issue.values), func(i int) int { return 70 - 40*i })]
	if random.IntN(100) >= 6 { // now and then nothing is done
		remedy := issue.remedies[c.Value]
		c.Remedy, c.Cents = remedy.id, remedy.worth
	}
	c.Escalated, c.Reopened = random.IntN(100) < 3, random.IntN(100) < 4
	reply = 2 + replyMinutes*math.Exp(replySpread*random.NormFloat64())
	if c.Channel == slowChannel {
		reply *= slowness
	}
	resolution = 5 + 60*issue.hours*math.Exp(resolutionSpread*random.NormFloat64())
	return reply, resolution
}

// pick draws one of n by shares in percent, which add up to 100.
func pick(random *rand.Rand, n int, share func(int) int) int {
	drawn := random.IntN(100)
	for i := range n - 1 {
		if drawn -= share(i); drawn < 0 {
			return i
		}
	}
	return n - 1
}

// regulars are the ids of the customers that have cases: those who were customers all the
// time.
func (d *Data) regulars() []string {
	var ids []string
	for _, c := range d.Customers {
		if !c.Prospect && c.Closed.IsZero() && c.Joined.Before(d.Today.AddDate(-1, 0, 0)) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// officeHours are the hours of the schedule's calendar.
func officeHours(text string) (*worktime.Hours, error) {
	s, err := schedule.Parse([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("the demo's schedule: %w", err)
	}
	zone, err := civil.LoadZone(boardZone)
	if err != nil {
		return nil, fmt.Errorf("the demo's zone: %w", err)
	}
	office := s.Calendars["office"]
	return worktime.New(&office, zone), nil
}

// morning is the beginning of a day in the company's zone, near enough: before the office
// opens, and after it has closed on the day before.
func morning(day time.Time) time.Time { return day.Add(8 * time.Hour) }
