package charter

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Source says what the values of a category are formed of.
type Source string

// The sources.
const (
	// Attribute is an attribute of the account.
	Attribute Source = "attribute"
	// Tenure is the whole months for which the account has been a customer on the day
	// of the rotation; it is always formed into bands.
	Tenure Source = "tenure"
)

// Category is something of accounts on which quotas are set, as sector or size.
type Category struct {
	// Name is an id, unique in the charter.
	Name string `bson:"name"`
	// Source says what its values are formed of.
	Source Source `bson:"source"`
	// Key is the attribute's key, where the source is Attribute.
	Key string `bson:"key,omitempty"`
	// Bands, where there are any, make values of numbers. They ascend and do not
	// overlap.
	Bands []Band `bson:"bands,omitempty"`
	// NotGiven is the value of accounts that have none; empty where such accounts
	// cannot be seated.
	NotGiven string `bson:"not_given,omitempty"`
	// Other is the value of accounts whose own has no quota, is no number or is in no
	// band; empty where such accounts cannot be seated.
	Other string `bson:"other,omitempty"`
	// Quotas has one quota for each value.
	Quotas []Quota `bson:"quotas"`
}

// Band is the numbers that form one value.
type Band struct {
	// Value is what accounts with these numbers have.
	Value string `bson:"value"`
	// From is the least number of the band; nil is no bound.
	From *float64 `bson:"from,omitempty"`
	// Below is the least number above the band; nil is no bound.
	Below *float64 `bson:"below,omitempty"`
}

// Quota bounds the seats of accounts with one value.
type Quota struct {
	Value string `bson:"value"`
	// Min and Max are the fewest and the most seats.
	Min int `bson:"min"`
	Max int `bson:"max"`
}

// value returns the value that an account has on a day, and whether the charter has a
// quota for it. Where it has none, the text says why, as a clause about the account.
func (c *Category) value(a *Account, day civil.Day) (value string, known bool, why string) {
	own, given := a.Attributes[c.Key], true
	if c.Source == Tenure {
		if given = a.Joined != nil; given {
			own = strconv.Itoa(monthsBetween(*a.Joined, day))
		}
	}
	if strings.TrimSpace(own) == "" {
		given = false
	}
	if !given {
		return c.NotGiven, c.NotGiven != "", fmt.Sprintf("its %s is not given", c.Name)
	}
	if len(c.Bands) > 0 {
		return c.banded(own)
	}
	if c.has(own) {
		return own, true, ""
	}
	return c.Other, c.Other != "", fmt.Sprintf("the charter has no quota for its %s, %q", c.Name, own)
}

func (c *Category) banded(text string) (value string, known bool, why string) {
	number, ok := leadingNumber(text)
	if !ok {
		return c.Other, c.Other != "", fmt.Sprintf("its %s, %q, is no number", c.Name, text)
	}
	for _, b := range c.Bands {
		if (b.From == nil || number >= *b.From) && (b.Below == nil || number < *b.Below) {
			return b.Value, true, ""
		}
	}
	return c.Other, c.Other != "", fmt.Sprintf("its %s, %s, is in none of the bands", c.Name, text)
}

func (c *Category) has(value string) bool {
	for _, q := range c.Quotas {
		if q.Value == value {
			return true
		}
	}
	return false
}

// leadingNumber reads the number that a text begins with, as 2013 of "2013 (1888)" and
// 1881 of "1881/1894". Anything else behind it could be a part of the number or change
// it, as in "12,000", "10k" or "1.2 billion", and makes it none.
func leadingNumber(text string) (float64, bool) {
	text = strings.TrimSpace(text)
	end := strings.IndexFunc(text, func(r rune) bool { return !strings.ContainsRune("+-.0123456789", r) })
	if end < 0 {
		end = len(text)
	}
	if rest := strings.TrimLeft(text[end:], " "); rest != "" && rest[0] != '(' && rest[0] != '/' {
		return 0, false
	}
	number, err := strconv.ParseFloat(text[:end], 64)
	return number, err == nil
}

// monthsBetween returns the whole months from one day to another, 0 where that is not
// later.
func monthsBetween(from, to civil.Day) int {
	y1, m1, _ := from.Date()
	y2, m2, _ := to.Date()
	months := (y2-y1)*12 + int(m2-m1)
	if from.AddMonths(months) > to {
		months--
	}
	return max(months, 0)
}
