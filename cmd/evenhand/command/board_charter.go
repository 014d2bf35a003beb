package command

import (
	"fmt"
	"strconv"
	"strings"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// BoardCharter is `evenhand board charter`.
type BoardCharter struct {
	Publish CharterPublish `cmd:"" help:"Publish the next version of a board's charter, or only check it."`
	Get     CharterGet     `cmd:"" aliases:"show" help:"Show a version of a board's charter."`
	List    CharterList    `cmd:"" help:"List the versions of a board's charter."`
}

// CharterPublish is `evenhand board charter publish`.
type CharterPublish struct {
	BoardArg
	File         string `arg:"" placeholder:"FILE" help:"The rules, in YAML; - reads standard input."`
	Reason       string `required:"" placeholder:"TEXT" help:"What changes, and why."`
	Effective    Day    `placeholder:"DATE" help:"The day from which it counts, for rotations on this day and later; today, where it is not given."`
	ValidateOnly bool   `help:"Check it and tell what follows from it; publish nothing."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CharterPublish) Help() string {
	return `A version never changes. The next one counts from the next rotation on, never for a running term. A file:

  seats: 12
  term_months: 36
  grace_days: 7
  max_terms: 2
  cooling_off_months: 24
  wait_months: 72
  rotation: {rule: "FREQ=YEARLY;BYMONTH=3;BYDAY=2TU", start: "2027-03-01T10:00"}
  meetings: {when: {rule: "FREQ=MONTHLY;INTERVAL=3;BYDAY=3WE", start: "2027-03-01T14:00"}}
  categories:
    - name: sector
      quotas:
        - {value: Energy, min: 1, max: 2}
        - {value: Utilities, min: 1, max: 2}
        - {value: another, min: 0, max: 10}
      other: another
  conflicts: {same_attributes: [sub-industry]}
  quorum: {percent: 50}
  alternates: {count: 6, answer_days: 14}

Examples:

  evenhand board charter publish advisory charter.yaml --reason "The first charter" --effective 2027-01-01
  evenhand board charter publish advisory charter.yaml --reason "More seats for energy" --validate-only`
}

// Run publishes and prints it.
func (c *CharterPublish) Run(env *Env) error {
	rules, err := readRules(env, c.File)
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		charter, err := boardv1.NewBoardsServiceClient(s).PublishCharter(ctx, &boardv1.PublishCharterRequest{
			Parent: c.name(), RequestId: newRequestID(), ValidateOnly: c.ValidateOnly,
			Charter: &boardv1.Charter{Rules: rules, EffectiveDate: c.Effective.Date, Reason: c.Reason},
		})
		return c.printCharter(env, charter, err)
	})
}

// readRules reads the rules of a charter from a file.
func readRules(env *Env, path string) (*boardv1.Rules, error) {
	text, err := readAll(env, path)
	if err != nil {
		return nil, err
	}
	rules := &boardv1.Rules{}
	if err := readYAML(text, rules); err != nil {
		return nil, &failure{message: fmt.Sprintf("%s: %v", path, err), fix: "mend the file; `evenhand board charter publish --help` shows one"}
	}
	return rules, nil
}

func (o Output) printCharter(env *Env, c *boardv1.Charter, err error) error {
	if err != nil {
		return err
	}
	r := c.GetRules()
	pairs := []pair{
		{"Charter", c.GetName()},
		{"Effective", showDay(c.GetEffectiveDate())},
		{"Reason", c.GetReason()},
		{"Publisher", c.GetPublisher()},
		{"Published", showTime(c.GetPublishTime())},
		{"Seats", showSeats(r)},
		{"Term", fmt.Sprintf("%d months, at most %d in a row, then %d months off", r.GetTermMonths(), r.GetMaxTerms(), r.GetCoolingOffMonths())},
		{"Rotation", showRecurrence(r.GetRotation())},
		{"Meeting", showRecurrence(r.GetMeetings().GetWhen())},
	}
	for _, category := range r.GetCategories() {
		pairs = append(pairs, pair{"Quotas by " + category.GetName(), showQuotas(category)})
	}
	pairs = append(pairs,
		pair{"Never together", showNeverTogether(r)},
		pair{"Quorum", showQuorumRule(r.GetQuorum())},
		pair{"Alternates", fmt.Sprintf("%d, an invitation stays open for %d days", r.GetAlternates().GetCount(), r.GetAlternates().GetAnswerDays())},
		pair{"Notes", strings.Join(c.GetNotes(), "\n")})
	return o.printOne(env.Stdout, c, pairs)
}

func showSeats(r *boardv1.Rules) string {
	if r.GetNominated() == 0 {
		return strconv.Itoa(int(r.GetSeats()))
	}
	return fmt.Sprintf("%d, %d of them by nomination", r.GetSeats(), r.GetNominated())
}

func showRecurrence(r *boardv1.Recurrence) string {
	if r == nil {
		return ""
	}
	return strings.TrimSpace(r.GetRule() + " from " + r.GetStart() + " " + r.GetTimeZone())
}

func showQuotas(c *boardv1.Category) string {
	quotas := make([]string, len(c.GetQuotas()))
	for i, q := range c.GetQuotas() {
		quotas[i] = fmt.Sprintf("%s %d-%d", q.GetValue(), q.GetMin(), q.GetMax())
	}
	return strings.Join(quotas, ", ")
}

func showNeverTogether(r *boardv1.Rules) string {
	rules := []string{"declared competitors"}
	for _, key := range r.GetConflicts().GetSameAttributes() {
		rules = append(rules, "the same "+key)
	}
	if r.GetConflicts().GetSameGroup() {
		rules = append(rules, "the same group")
	}
	return strings.Join(rules, ", ")
}

func showQuorumRule(q *boardv1.Quorum) string {
	if q.GetPercent() > 0 {
		return fmt.Sprintf("%d%% of the filled seats", q.GetPercent())
	}
	return fmt.Sprintf("%d members", q.GetMembers())
}

// CharterGet is `evenhand board charter get`.
type CharterGet struct {
	BoardArg
	Number uint `placeholder:"N" help:"Which version; the newest, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *CharterGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewBoardsServiceClient(s)
		number := c.Number
		if number == 0 {
			err := eachCharter(env, s, c.name(), func(*boardv1.Charter) { number++ })
			if err != nil {
				return err
			}
			if number == 0 {
				return &failure{message: c.name() + " has no charter yet", fix: "publish one with `evenhand board charter publish`"}
			}
		}
		ctx, cancel := s.call(env)
		defer cancel()
		charter, err := client.GetCharter(ctx, &boardv1.GetCharterRequest{Name: fmt.Sprintf("%s/charters/%d", c.name(), number)})
		return c.printCharter(env, charter, err)
	})
}

// eachCharter walks the versions of a board's charter, the first first.
func eachCharter(env *Env, s *session, board string, do func(*boardv1.Charter)) error {
	for token := ""; ; {
		ctx, cancel := s.call(env)
		answer, err := boardv1.NewBoardsServiceClient(s).ListCharters(ctx, &boardv1.ListChartersRequest{
			Parent: board, PageSize: maxPageSize, PageToken: token,
		})
		cancel()
		if err != nil {
			return err
		}
		for _, charter := range answer.GetCharters() {
			do(charter)
		}
		if token = answer.GetNextPageToken(); token == "" {
			return nil
		}
	}
}

// CharterList is `evenhand board charter list`.
type CharterList struct {
	BoardArg
	Output
	Connection
}

// Run asks and prints.
func (c *CharterList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		l := c.newList(env.Stdout, "charters", "Charter", "Effective", "Seats", "Term months", "Published", "Publisher", "Reason")
		var failed error
		err := eachCharter(env, s, c.name(), func(charter *boardv1.Charter) {
			if failed == nil {
				failed = l.add(charter, charter.GetName(), showDay(charter.GetEffectiveDate()), showSeats(charter.GetRules()),
					strconv.Itoa(int(charter.GetRules().GetTermMonths())), showTime(charter.GetPublishTime()), charter.GetPublisher(), charter.GetReason())
			}
		})
		if err != nil {
			return err
		}
		if failed != nil {
			return failed
		}
		return l.end()
	})
}
