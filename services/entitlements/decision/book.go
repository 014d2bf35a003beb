package decision

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Company is what decisions need to know of the company.
type Company struct {
	Zone       civil.Zone
	FiscalYear FiscalYear
}

// Version is a published schedule. It is in force from an instant, which is
// taken to the millisecond, until the next version is.
type Version struct {
	Number   int // ascending, more than 0
	Schedule *schedule.Schedule
	From     time.Time
}

// ErrNoSchedule reports that no version was in force at the instant.
var ErrNoSchedule = errors.New("decision: no schedule is in force at that time")

// ErrUnknownBenefit reports a benefit that no version has.
var ErrUnknownBenefit = errors.New("decision: no version of the schedule has such a benefit")

// Book holds the published versions of one company, prepared for decisions. It
// is immutable and safe for concurrent use.
type Book struct {
	company  Company
	currency schedule.Currency
	versions []version
	rules    []rule
	benefits []benefit
	byID     map[string]int // index into benefits
	classes  []class
}

type version struct {
	number   int
	from, to int64 // milliseconds, to exclusive
	days     span  // from the day it comes into force to the day it ends
	schedule *schedule.Schedule
	listed   []int // its benefits, in its order
	unlisted []int // the benefits of other versions only
}

// rule is a rule of one version. Rules of all versions stand one after another,
// older versions first.
type rule struct {
	*schedule.Rule
	version int
	grants  []string
}

// benefit is a benefit across versions.
type benefit struct {
	id        string
	class     int
	byVersion []*schedule.Benefit // nil where the version does not list it
}

// class holds the rules that grant one benefit, the preferred first. Benefits
// that are always granted together share a class, so that their steps are kept
// once.
type class struct{ candidates []candidate }

// candidate is a rule that grants a benefit. Rank 0 has the highest limit, equal
// limits have equal ranks.
type candidate struct{ rule, rank int }

// Compile prepares the versions, which must be valid schedules of one currency,
// ascending in number and not descending in time.
func Compile(versions []Version, company Company) (*Book, error) {
	if !company.FiscalYear.valid() {
		return nil, fmt.Errorf("decision: no fiscal year starts on day %d of %v", company.FiscalYear.Day, company.FiscalYear.Month)
	}
	b := &Book{company: company, byID: map[string]int{}}
	for i, v := range versions {
		if i > 0 && (v.Number <= versions[i-1].Number || v.From.Before(versions[i-1].From)) {
			return nil, fmt.Errorf("decision: version %d does not follow version %d", v.Number, versions[i-1].Number)
		}
		if i > 0 && v.Schedule.Currency != versions[0].Schedule.Currency {
			return nil, fmt.Errorf("decision: version %d is in %s, version %d in %s", v.Number, v.Schedule.Currency, versions[0].Number, versions[0].Schedule.Currency)
		}
		if err := schedule.Validate(v.Schedule).Err(); err != nil {
			return nil, fmt.Errorf("decision: version %d: %w", v.Number, err)
		}
		compiled := version{
			number: v.Number, schedule: v.Schedule,
			from: v.From.UnixMilli(), to: civil.Forever,
			days: span{company.Zone.DayOf(v.From), civil.Never},
		}
		if i+1 < len(versions) {
			compiled.to = versions[i+1].From.UnixMilli()
			compiled.days.to = company.Zone.DayOfMilli(compiled.to-1) + 1
		}
		b.versions = append(b.versions, compiled)
	}
	if len(versions) > 0 {
		b.currency, _ = schedule.LookupCurrency(versions[0].Schedule.Currency)
	}
	b.addBenefits()
	b.addRules()
	b.addClasses()
	return b, nil
}

func (b *Book) addBenefits() {
	for vi := range b.versions {
		v := &b.versions[vi]
		for i := range v.schedule.Benefits {
			definition := &v.schedule.Benefits[i]
			at, ok := b.byID[definition.ID]
			if !ok {
				at = len(b.benefits)
				b.byID[definition.ID] = at
				b.benefits = append(b.benefits, benefit{id: definition.ID, byVersion: make([]*schedule.Benefit, len(b.versions))})
			}
			b.benefits[at].byVersion[vi] = definition
			v.listed = append(v.listed, at)
		}
	}
	for vi := range b.versions {
		for at := range b.benefits {
			if b.benefits[at].byVersion[vi] == nil {
				b.versions[vi].unlisted = append(b.versions[vi].unlisted, at)
			}
		}
	}
}

func (b *Book) addRules() {
	for vi, v := range b.versions {
		for i, grants := range v.schedule.Granted() {
			b.rules = append(b.rules, rule{Rule: &v.schedule.Rules[i], version: vi, grants: grants})
		}
	}
}

func (b *Book) addClasses() {
	granting := make([][]int, len(b.benefits))
	for i, r := range b.rules {
		for _, id := range r.grants {
			granting[b.byID[id]] = append(granting[b.byID[id]], i)
		}
	}
	known := map[string]int{}
	for i := range b.benefits {
		candidates := b.rank(&b.benefits[i], granting[i])
		key := fmt.Sprint(candidates)
		at, ok := known[key]
		if !ok {
			at = len(b.classes)
			known[key] = at
			b.classes = append(b.classes, class{candidates})
		}
		b.benefits[i].class = at
	}
}

// rank orders the rules that grant a benefit: the highest limit first, then the
// newest version, then the order of rules.
func (b *Book) rank(of *benefit, rules []int) []candidate {
	limit := func(rule int) int64 { return of.byVersion[b.rules[rule].version].Limit }
	ordered := slices.Clone(rules)
	slices.SortFunc(ordered, func(x, y int) int {
		return cmp.Or(cmp.Compare(limit(y), limit(x)), cmp.Compare(b.rules[y].version, b.rules[x].version), cmp.Compare(x, y))
	})
	candidates := make([]candidate, len(ordered))
	for i, r := range ordered {
		candidates[i].rule = r
		if i > 0 {
			candidates[i].rank = candidates[i-1].rank
			if limit(r) != limit(ordered[i-1]) {
				candidates[i].rank++
			}
		}
	}
	return candidates
}

// inForce returns the index of the version in force, -1 when there is none.
func (b *Book) inForce(ms int64) int {
	at := len(b.versions) - 1
	for at >= 0 && b.versions[at].from > ms { // nearly always the last one
		at--
	}
	return at
}

// Baseline is the promise to every customer: the same whatever an account spends.
type Baseline struct {
	Version     int
	Commitments []schedule.Commitment // not to be changed
}

// Baseline returns the commitments in force at an instant. It fails with
// ErrNoSchedule only.
func (b *Book) Baseline(t time.Time) (Baseline, error) {
	at := b.inForce(t.UnixMilli())
	if at < 0 {
		return Baseline{}, ErrNoSchedule
	}
	return Baseline{b.versions[at].number, b.versions[at].schedule.Commitments}, nil
}

// InForce returns the version in force at an instant. It fails with
// ErrNoSchedule only.
func (b *Book) InForce(t time.Time) (number int, s *schedule.Schedule, err error) {
	at := b.inForce(t.UnixMilli())
	if at < 0 {
		return 0, nil, ErrNoSchedule
	}
	return b.versions[at].number, b.versions[at].schedule, nil
}

// Company returns the company the book was compiled for.
func (b *Book) Company() Company { return b.company }

// Currency returns the currency of every version; the zero value when there is
// no version.
func (b *Book) Currency() schedule.Currency { return b.currency }
