package parity

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Row is one case as it stood at the end of the period audited.
type Row struct {
	// Account and ID are the ids of the case's name, accounts/{account}/cases/{id}.
	Account, ID string
	// The columns; empty is not known.
	Issue, Channel, StaffRole, Region, SpendBand, TenureBand, ReachBand string
	Opened                                                              time.Time
	// FirstReply and Resolution are in working time where a calendar says which time
	// counts, else elapsed.
	FirstReply, Resolution Lapse
	// Breached is whether any promise was broken; unknown where none applied.
	Breached Answer
	// Resolved is whether the case was ever resolved, reopened since or not.
	Resolved            bool
	Escalated, Reopened Answer
	// Remedy is the id of what was done about it; empty is nothing, or, where RemedyUnknown
	// says so, not known.
	Remedy        string
	RemedyUnknown bool
	// RemedyValue is what the remedy was worth in minor units; not negative.
	RemedyValue Value
}

// Lapse is how long something took, or has taken so far. The zero value is not known.
type Lapse struct {
	// Known says whether there is a time at all.
	Known bool
	// Open says that it had not happened when the period ended: it took longer than Time.
	Open bool
	// Time is not negative; it is kept to the millisecond.
	Time time.Duration
}

// Value is an amount that may not be there. The zero value is none.
type Value struct {
	Known bool
	// Minor is the amount in minor units of the company's currency.
	Minor int64
}

// Answer is yes, no, or not known, which is the zero value.
type Answer uint8

// The answers.
const (
	Unknown Answer = iota
	No
	Yes
)

// Cases are many cases as columns; about 75 bytes each, the ids included. They are read
// only, and safe for concurrent use.
type Cases struct {
	columns [dimensions]column
	// accounts are codes of the names in accountNames.
	accounts     []uint32
	accountNames []string
	// ids are all ids one after the other, and idEnds where each ends.
	ids    []byte
	idEnds []uint32
	opened []int64 // seconds of Unix time
	// lapses are milliseconds doubled, plus one where still open; -1 where not known.
	lapses   [2][]int64
	values   []int64 // minor units; -1 where there is none
	remedies column
	flags    []uint8
}

// column is the values of one dimension: codes of names, in the order first met.
type column struct {
	codes []uint16
	names []string
}

const (
	flagBreachKnown uint8 = 1 << iota
	flagBreached
	flagResolved
	flagEscalationKnown
	flagEscalated
	flagReopeningKnown
	flagReopened
	flagRemedyUnknown
)

// notKnown is a lapse or a value that is not there.
const notKnown = -1

// MaxCases is how many cases one audit looks at.
const MaxCases = 20_000_000

// Errors of Builder.Add.
var (
	// ErrTooManyCases says that there are more than MaxCases.
	ErrTooManyCases = fmt.Errorf("more than %d cases: audit a shorter period", MaxCases)
	// ErrTooManyValues says that a column has more different values than it can keep.
	ErrTooManyValues = fmt.Errorf("more than %d different values: audit a shorter period", math.MaxUint16+1)
	errNegative      = errors.New("a duration or value is negative")
)

// Len returns how many cases there are.
func (c *Cases) Len() int { return len(c.opened) }

// Name returns the resource name of a case, accounts/{account}/cases/{case}.
func (c *Cases) Name(at int) string {
	begin := uint32(0)
	if at > 0 {
		begin = c.idEnds[at-1]
	}
	return "accounts/" + c.accountNames[c.accounts[at]] + "/cases/" + string(c.ids[begin:c.idEnds[at]])
}

// Value returns the value of a case in a dimension; empty is not known.
func (c *Cases) Value(at int, d Dimension) string {
	return c.columns[d].names[c.columns[d].codes[at]]
}

// Remedy returns the remedy of a case; empty is none.
func (c *Cases) Remedy(at int) string { return c.remedies.names[c.remedies.codes[at]] }

// Opened returns when a case was opened, to the second, in UTC.
func (c *Cases) Opened(at int) time.Time { return time.Unix(c.opened[at], 0).UTC() }

// lapse returns the lapse of FirstReplyTime or ResolutionTime.
func (c *Cases) lapse(at int, m Metric) Lapse {
	t := c.lapses[m][at]
	if t == notKnown {
		return Lapse{}
	}
	return Lapse{Known: true, Open: t&1 == 1, Time: time.Duration(t>>1) * time.Millisecond}
}

// outcome returns whether a case had the favourable outcome of a rate; unknown leaves it
// out of the comparison.
func (c *Cases) outcome(at int, m Metric) Answer {
	f := c.flags[at]
	switch m {
	case BreachRate:
		return known(f&flagBreachKnown != 0, f&flagBreached == 0)
	case RemedyRate:
		return known(f&flagRemedyUnknown == 0, c.Remedy(at) != "")
	case EscalationRate:
		return known(f&flagEscalationKnown != 0, f&flagEscalated == 0)
	default: // only what was resolved once can be reopened
		return known(f&flagReopeningKnown != 0 && f&(flagResolved|flagReopened) != 0, f&flagReopened == 0)
	}
}

func known(is, yes bool) Answer {
	if !is {
		return Unknown
	}
	return answer(yes)
}

func answer(yes bool) Answer {
	if yes {
		return Yes
	}
	return No
}

// Builder collects cases into columns. The zero value is ready. It is not safe for
// concurrent use.
type Builder struct {
	cases    Cases
	codes    [dimensions]map[string]uint16
	remedies map[string]uint16
	accounts map[string]uint32
}

// Add adds a case. It fails where a duration or a value is negative, with
// ErrTooManyValues and with ErrTooManyCases.
func (b *Builder) Add(r *Row) error {
	c := &b.cases
	if c.Len() >= MaxCases || len(c.ids)+len(r.ID) > math.MaxUint32 {
		return ErrTooManyCases
	}
	if r.FirstReply.Time < 0 || r.Resolution.Time < 0 || r.RemedyValue.Minor < 0 {
		return fmt.Errorf("accounts/%s/cases/%s: %w", r.Account, r.ID, errNegative)
	}
	for d, name := range [dimensions]string{r.Issue, r.Channel, r.StaffRole, r.Region, r.SpendBand, r.TenureBand, r.ReachBand} {
		if err := c.columns[d].add(&b.codes[d], name); err != nil {
			return fmt.Errorf("%s of the cases: %w", dimensionNames[d], err)
		}
	}
	if err := c.remedies.add(&b.remedies, r.Remedy); err != nil {
		return fmt.Errorf("remedies of the cases: %w", err)
	}
	c.accounts = append(c.accounts, b.account(r.Account))
	c.ids = append(c.ids, r.ID...)
	c.idEnds = append(c.idEnds, uint32(len(c.ids))) //nolint:gosec // checked above
	c.opened = append(c.opened, r.Opened.Unix())
	c.lapses[FirstReplyTime] = append(c.lapses[FirstReplyTime], encodeLapse(r.FirstReply))
	c.lapses[ResolutionTime] = append(c.lapses[ResolutionTime], encodeLapse(r.Resolution))
	value := int64(notKnown)
	if r.RemedyValue.Known {
		value = r.RemedyValue.Minor
	}
	c.values = append(c.values, value)
	c.flags = append(c.flags, flagsOf(r))
	return nil
}

// Cases returns what was added. The builder is not to be used afterwards.
func (b *Builder) Cases() *Cases { return &b.cases }

// add appends a value; codes are those of the names so far.
func (c *column) add(codes *map[string]uint16, name string) error {
	code, known := (*codes)[name]
	if !known {
		if len(c.names) > math.MaxUint16 {
			return ErrTooManyValues
		}
		if *codes == nil {
			*codes = map[string]uint16{}
		}
		code = uint16(len(c.names)) //nolint:gosec // checked above
		(*codes)[name] = code
		c.names = append(c.names, name)
	}
	c.codes = append(c.codes, code)
	return nil
}

func (b *Builder) account(name string) uint32 {
	code, known := b.accounts[name]
	if !known {
		if b.accounts == nil {
			b.accounts = map[string]uint32{}
		}
		code = uint32(len(b.cases.accountNames)) //nolint:gosec // at most MaxCases
		b.accounts[name] = code
		b.cases.accountNames = append(b.cases.accountNames, name)
	}
	return code
}

func encodeLapse(l Lapse) int64 {
	if !l.Known {
		return notKnown
	}
	t := l.Time.Milliseconds() << 1
	if l.Open {
		t |= 1
	}
	return t
}

func flagsOf(r *Row) uint8 {
	var f uint8
	for _, on := range []struct {
		flag uint8
		is   bool
	}{
		{flagBreachKnown, r.Breached != Unknown}, {flagBreached, r.Breached == Yes}, {flagResolved, r.Resolved},
		{flagEscalationKnown, r.Escalated != Unknown}, {flagEscalated, r.Escalated == Yes},
		{flagReopeningKnown, r.Reopened != Unknown}, {flagReopened, r.Reopened == Yes}, {flagRemedyUnknown, r.RemedyUnknown},
	} {
		if on.is {
			f |= on.flag
		}
	}
	return f
}
