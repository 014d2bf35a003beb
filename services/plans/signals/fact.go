package signals

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/currency"
)

// Kind is what a fact is about, and what a rule looks at.
type Kind string

// The kinds of facts.
const (
	Spend       Kind = "spend"
	Threshold   Kind = "threshold"
	Usage       Kind = "usage"
	Goal        Kind = "goal"
	Breach      Kind = "breach"
	Clause      Kind = "clause"
	Term        Kind = "term"
	Anniversary Kind = "anniversary"
)

// Kinds are all kinds of facts.
var Kinds = []Kind{Spend, Threshold, Usage, Goal, Breach, Clause, Term, Anniversary}

// Fact is something about an account on a day. Its fields are what the expressions of
// rules read, by the names in their tags: whole numbers are int there, days count from
// 1970-01-01, amounts are minor units of the fact's currency. A day that there is not is 0.
type Fact interface {
	// Kind says which kind it is of.
	Kind() Kind
	// Cause names, within the account and the kind, what happens once.
	Cause() string
}

// SpendFact is how the spend of the last three months compares with the account's own
// past: with the same three months a year before, and with a quarter of the twelve months
// before these.
type SpendFact struct {
	Day      civil.Day `cel:"day"`
	Currency string    `cel:"currency"`
	// Recent is the spend of the three months up to the day.
	Recent int64 `cel:"recent" figure:"money"`
	// YearBefore is that of the same months a year earlier, ChangeYear by how many per cent
	// Recent differs from it, rounded down; 0 where there was none.
	YearBefore int64 `cel:"year_before" figure:"money"`
	ChangeYear int64 `cel:"change_on_year"`
	// Average is that of an average quarter of the twelve months before the three, rounded
	// down, ChangeAverage as ChangeYear.
	Average       int64 `cel:"quarter_average" figure:"money"`
	ChangeAverage int64 `cel:"change_on_average"`
	// Comparable says that the account's entries reach back as far as both comparisons do.
	Comparable bool `cel:"comparable"`
	// Quarter is the calendar quarter of the day, as 2026-q3.
	Quarter string `cel:"quarter"`
}

// Kind implements Fact.
func (SpendFact) Kind() Kind { return Spend }

// Cause implements Fact: a quarter.
func (f SpendFact) Cause() string { return f.Quarter }

// ThresholdFact is how far an account is from a benefit that it does not have, by the
// nearest way to it.
type ThresholdFact struct {
	Day     civil.Day `cel:"day"`
	Benefit string    `cel:"benefit"`
	Promise string    `cel:"promise"`
	Rule    string    `cel:"rule"`
	// Needs is what is missing: spend, tenure, board, programme or innovation. Of several it
	// is the spend, or else the first.
	Needs string `cel:"needs"`
	// Missing, Have and Need are amounts for spend, terms for board, confirmed projects for
	// innovation and months for tenure, of which only Need is known.
	Missing  int64  `cel:"missing" figure:"measure"`
	Have     int64  `cel:"have" figure:"measure"`
	Need     int64  `cel:"need" figure:"measure"`
	Currency string `cel:"currency"`
	// Percent is which share of what is needed there is, rounded down.
	Percent int64 `cel:"percent"`
	// By is the last day on which that much is enough, or the day on which tenure is
	// complete; DaysLeft are the days until then, -1 where there is no such day.
	By       civil.Day `cel:"by"`
	DaysLeft int64     `cel:"days_left"`
	// Further is how much else is missing on the same way.
	Further int64  `cel:"further"`
	Quarter string `cel:"quarter"`
}

// Kind implements Fact.
func (ThresholdFact) Kind() Kind { return Threshold }

// Cause implements Fact: a benefit, in a quarter.
func (f ThresholdFact) Cause() string { return f.Benefit + "/" + f.Quarter }

// UsageFact is how much of a benefit that it holds an account has used in the period.
type UsageFact struct {
	Day     civil.Day `cel:"day"`
	Benefit string    `cel:"benefit"`
	Promise string    `cel:"promise"`
	Unit    string    `cel:"unit"`
	// Used and Reserved are units of the period, Limit how many it has with those carried
	// over, Left what may still be used.
	Used     int64 `cel:"used"`
	Reserved int64 `cel:"reserved"`
	Limit    int64 `cel:"limit"`
	Left     int64 `cel:"left"`
	// UsedPercent is Used of Limit, rounded down.
	UsedPercent int64 `cel:"used_percent"`
	// Begins and Ends are the first and the last day of the period, GonePercent which share
	// of it has passed, rounded down, DaysLeft the days after the day. Where the benefit rolls
	// there is no end, DaysLeft is -1 and GonePercent 0.
	Begins      civil.Day `cel:"begins"`
	Ends        civil.Day `cel:"ends"`
	DaysLeft    int64     `cel:"days_left"`
	GonePercent int64     `cel:"gone_percent"`
	// LastUsed is the last day for which a use is known.
	LastUsed civil.Day `cel:"last_used"`
	period   string
}

// Kind implements Fact.
func (UsageFact) Kind() Kind { return Usage }

// Cause implements Fact: a benefit, in a period.
func (f UsageFact) Cause() string { return f.Benefit + "/" + f.period }

// GoalFact is how far an open goal of the plan is behind the straight line from its
// baseline to its target.
type GoalFact struct {
	Day       civil.Day `cel:"day"`
	Goal      string    `cel:"goal"`
	Statement string    `cel:"statement"`
	Measure   string    `cel:"measure"`
	Unit      string    `cel:"unit"`
	Baseline  float64   `cel:"baseline"`
	Target    float64   `cel:"target"`
	// Latest is what was measured last up to the day, MeasuredOn when.
	Latest     float64   `cel:"latest"`
	MeasuredOn civil.Day `cel:"measured_on"`
	TargetDay  civil.Day `cel:"target_day"`
	DaysLeft   int64     `cel:"days_left"`
	// DonePercent is which share of the way is done, ExpectedPercent which should be,
	// BehindPercent how much less is done; rounded down.
	DonePercent     int64  `cel:"done_percent"`
	ExpectedPercent int64  `cel:"expected_percent"`
	BehindPercent   int64  `cel:"behind_percent"`
	Quarter         string `cel:"quarter"`
}

// Kind implements Fact.
func (GoalFact) Kind() Kind { return Goal }

// Cause implements Fact: a goal, in a quarter.
func (f GoalFact) Cause() string { return f.Goal + "/" + f.Quarter }

// BreachFact is a case in which a commitment was broken in the last 60 days.
type BreachFact struct {
	Day civil.Day `cel:"day"`
	// Case is a resource name, Issue and Commitment are ids. Of several commitments of a
	// case it is the one broken first.
	Case       string    `cel:"case"`
	Issue      string    `cel:"issue"`
	Commitment string    `cel:"commitment"`
	On         civil.Day `cel:"on"`
	DaysSince  int64     `cel:"days_since"`
}

// Kind implements Fact.
func (BreachFact) Kind() Kind { return Breach }

// Cause implements Fact: a case.
func (f BreachFact) Cause() string { return f.Case }

// ClauseFact is a clause that was cited to the account, and is in review.
type ClauseFact struct {
	Day    civil.Day `cel:"day"`
	Clause string    `cel:"clause"`
	// Review is a resource name, Opened when it was opened.
	Review   string    `cel:"review"`
	Opened   civil.Day `cel:"opened"`
	DaysOpen int64     `cel:"days_open"`
	// Citations is how often it was cited to the account, LastCited when last.
	Citations int64     `cel:"citations"`
	LastCited civil.Day `cel:"last_cited"`
}

// Kind implements Fact.
func (ClauseFact) Kind() Kind { return Clause }

// Cause implements Fact: a review.
func (f ClauseFact) Cause() string { return f.Review }

// TermFact is a term on an advisory board that begins or ends within 90 days.
type TermFact struct {
	Day civil.Day `cel:"day"`
	// Term is a resource name, Board an id.
	Term  string `cel:"term"`
	Board string `cel:"board"`
	// Event is begins or ends, On the day of it, DaysLeft the days until then.
	Event    string    `cel:"event"`
	On       civil.Day `cel:"on"`
	DaysLeft int64     `cel:"days_left"`
}

// Kind implements Fact.
func (TermFact) Kind() Kind { return Term }

// Cause implements Fact: a term, and whether it begins or ends.
func (f TermFact) Cause() string { return f.Term + "/" + f.Event }

// AnniversaryFact is that an account will have been a customer for whole years within 60
// days.
type AnniversaryFact struct {
	Day      civil.Day `cel:"day"`
	Years    int64     `cel:"years"`
	Joined   civil.Day `cel:"joined"`
	On       civil.Day `cel:"on"`
	DaysLeft int64     `cel:"days_left"`
}

// Kind implements Fact.
func (AnniversaryFact) Kind() Kind { return Anniversary }

// Cause implements Fact: a number of years.
func (f AnniversaryFact) Cause() string { return strconv.FormatInt(f.Years, 10) }

// shapes are the types of facts.
var shapes = map[Kind]reflect.Type{
	Spend: reflect.TypeFor[SpendFact](), Threshold: reflect.TypeFor[ThresholdFact](), Usage: reflect.TypeFor[UsageFact](),
	Goal: reflect.TypeFor[GoalFact](), Breach: reflect.TypeFor[BreachFact](), Clause: reflect.TypeFor[ClauseFact](),
	Term: reflect.TypeFor[TermFact](), Anniversary: reflect.TypeFor[AnniversaryFact](),
}

// Figure is a field of a fact, in words that stay as they were.
type Figure struct {
	Name  string `bson:"name"`
	Value string `bson:"value"`
}

// figures are the fields of a fact that have a value, in their order: amounts with their
// currency, days as 2026-06-30.
func figures(f Fact) []Figure {
	v := reflect.ValueOf(f)
	code, measure := "", ""
	if c := v.FieldByName("Currency"); c.IsValid() {
		code = c.String()
	}
	if n := v.FieldByName("Needs"); n.IsValid() {
		measure = n.String()
	}
	var list []Figure
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name := field.Tag.Get("cel")
		if name == "" {
			continue
		}
		if text := figure(v.Field(i), field.Tag.Get("figure"), code, measure); text != "" {
			list = append(list, Figure{name, text})
		}
	}
	return list
}

func figure(v reflect.Value, unit, code, measure string) string {
	if unit == "money" || unit == "measure" && measure == needsSpend {
		return amountInWords(v.Int(), code)
	}
	switch value := v.Interface().(type) {
	case civil.Day:
		if value == 0 {
			return ""
		}
		return value.String()
	case float64:
		return strconv.FormatFloat(value, 'g', -1, 64)
	}
	return fmt.Sprint(v.Interface())
}

// amountInWords writes minor units of a currency as 212.40 USD; those of one that there is
// not are written as they are.
func amountInWords(minor int64, code string) string {
	decimals, _ := currency.Digits(code)
	if code == "" {
		return currency.Format(minor, decimals)
	}
	return currency.Format(minor, decimals) + " " + code
}
