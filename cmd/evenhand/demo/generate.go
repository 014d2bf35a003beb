// Package demo makes a small invented company, the same every time for the same day:
// sixty customers, three years of their revenue, a schedule in three versions, an advisory
// board in its second year, and a service desk with the cases of the last months. It is
// loaded through the public API, as any client would.
package demo

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Seed is the seed of the demo that `evenhand serve --demo` shows.
const Seed = 20260101

// years is how far back revenue goes.
const years = 3

// threshold is what the partner rule asks for in twelve months, and short by how much
// one customer misses it; in cents.
const (
	threshold = 25_000_00
	short     = 212_40
)

// Data is an invented company.
type Data struct {
	// Today is the day up to which there is revenue.
	Today     time.Time
	Customers []Customer
	Orders    []Order
	// First and Second are schedule files; the first is dated back to the first revenue,
	// the second takes effect when it is published.
	First, Second string
}

// Customer is an invented customer.
type Customer struct {
	ID, Name, Sector, Region string
	Parent                   string // an ID
	Owner                    string // id of an account manager
	Joined                   time.Time
	Prospect                 bool
	Closed                   time.Time // zero for one that is not
	Contacts                 []Contact
	Goal                     *Goal
}

// Contact is a person at a customer.
type Contact struct{ ID, Name, Role, Email string }

// Goal is what a customer wants to reach.
type Goal struct {
	Statement, Measure string
	Target             time.Time
}

// Order is one entry of revenue; a refund has a negative amount.
type Order struct {
	ID       string
	Customer string
	Day      time.Time
	Cents    int64
}

// Generate makes the company as it is on a day.
func Generate(seed uint64, today time.Time) *Data {
	today = time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, time.UTC)
	d := &Data{Today: today}
	for i, c := range customers {
		customer := d.customer(i, c)
		d.Customers = append(d.Customers, customer)
		// A stream of its own for every customer: changing one leaves the others alone.
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		d.Orders = append(d.Orders, d.orders(c, customer, random)...)
	}
	slices.SortStableFunc(d.Orders, func(a, b Order) int { return a.Day.Compare(b.Day) })
	numberOrders(d.Orders)
	d.First = withEffective(firstVersion, today.AddDate(-years, 0, 0))
	d.Second = secondVersion
	return d
}

func (d *Data) customer(i int, c customer) Customer {
	out := Customer{
		ID: Slug(c.name), Name: c.name, Sector: c.sector, Region: c.region, Parent: Slug(c.parent),
		Owner: managers[i%len(managers)].id, Joined: d.Today.AddDate(-c.years, -c.months, -(i*7)%28),
		Prospect: c.kind == prospect,
	}
	if c.kind == prospect {
		out.Joined = time.Time{}
	}
	if c.kind == closed {
		out.Closed = d.Today.AddDate(0, -5, 0)
	}
	for _, p := range contacts[c.name] {
		id := Slug(p.name)
		out.Contacts = append(out.Contacts, Contact{ID: id, Name: p.name, Role: p.role, Email: id + "@" + out.ID + ".example"})
	}
	if name := delegateOf(c.name); name != "" && !slices.ContainsFunc(out.Contacts, func(p Contact) bool { return p.Name == name }) {
		id := Slug(name)
		out.Contacts = append(out.Contacts, Contact{ID: id, Name: name, Role: "advisory-board", Email: id + "@" + out.ID + ".example"})
	}
	if g, ok := goals[c.name]; ok {
		out.Goal = &Goal{Statement: g.statement, Measure: g.measure, Target: d.Today.AddDate(0, g.inMonths, 0)}
	}
	return out
}

// orders makes a customer's revenue: an order most months, sometimes two, and refunds
// where it sends things back.
func (d *Data) orders(c customer, customer Customer, random *rand.Rand) []Order {
	if c.kind == prospect {
		return nil
	}
	var orders []Order
	end := d.Today
	if !customer.Closed.IsZero() {
		end = customer.Closed
	}
	add := func(day time.Time, cents int64) {
		if !day.Before(customer.Joined) && !day.After(end) && cents != 0 {
			orders = append(orders, Order{Customer: customer.ID, Day: day, Cents: cents})
		}
	}
	for month := -12 * years; month <= 0; month++ {
		first := firstOfMonth(d.Today, month)
		day := first.AddDate(0, 0, random.IntN(27))
		usual := c.monthly * 100 * (100*12 + c.growth*int64(month+12*years)) / (100 * 12)
		amount := usual * (70 + random.Int64N(61)) / 100
		switch n := random.IntN(20); {
		case n < 3: // none this month
		case n < 6:
			add(day, amount*2/3)
			add(day.AddDate(0, 0, 1+random.IntN(10)), amount/2)
		default:
			add(day, amount)
		}
		if c.kind == returner && random.IntN(5) == 0 {
			add(day.AddDate(0, 0, 12), -amount/4)
		}
	}
	if c.kind == nearly {
		orders = append(orders, d.settle(orders, customer.ID)...)
	}
	return orders
}

// settle makes the entry that brings the last twelve months to just below the threshold.
func (d *Data) settle(orders []Order, id string) []Order {
	var spent int64
	for _, o := range orders {
		if o.Day.After(d.Today.AddDate(-1, 0, 0)) {
			spent += o.Cents
		}
	}
	return []Order{{Customer: id, Day: d.Today.AddDate(0, 0, -1), Cents: threshold - short - spent}}
}

func firstOfMonth(today time.Time, offset int) time.Time {
	return time.Date(today.Year(), today.Month()+time.Month(offset), 1, 0, 0, 0, 0, time.UTC)
}

func numberOrders(orders []Order) {
	for i := range orders {
		prefix := "order"
		if orders[i].Cents < 0 {
			prefix = "refund"
		}
		orders[i].ID = fmt.Sprintf("%s-%05d", prefix, i+1)
	}
}

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// Slug makes an id of a name.
func Slug(name string) string {
	return strings.Trim(notSlug.ReplaceAllString(strings.ToLower(name), "-"), "-")
}

func withEffective(text string, effective time.Time) string {
	return strings.ReplaceAll(text, "EFFECTIVE", effective.Format(time.DateOnly))
}

// NearlyPartner is the customer that is just below the threshold of the partner rule.
var NearlyPartner = nearlyPartner()

func nearlyPartner() string {
	i := slices.IndexFunc(customers, func(c customer) bool { return c.kind == nearly })
	return Slug(customers[i].name)
}
