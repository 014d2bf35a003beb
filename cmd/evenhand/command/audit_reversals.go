package command

import (
	"fmt"
	"slices"
	"strings"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// AuditReversals is `evenhand audit reversals`.
type AuditReversals struct {
	From   Day    `required:"" placeholder:"DATE" help:"The first day."`
	To     Day    `required:"" placeholder:"DATE" help:"The last day."`
	Filter string `placeholder:"FILTER" help:"AIP-160, as \"benefit = expert-hours\". Fields: account, benefit, rule."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*AuditReversals) Help() string {
	return `Lists when accounts had a benefit only because of revenue that was later reversed or refunded: by which entries, who recorded them and who took them back, and what was used meanwhile. An entry reversed as a mistake counts from when it was recorded until then. A refund names no entry: it is set against the latest receipts before it.

Examples:

  evenhand audit reversals --from 2026-01-01 --to 2026-03-31
  evenhand audit reversals --from 2026-01-01 --to 2026-03-31 --filter "benefit = expert-hours" --output csv`
}

// Run asks and prints.
func (c *AuditReversals) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewReversalsServiceClient(s)
		l := c.newList(env.Stdout, "reversedBenefits", "Account", "Benefit", "Rule", "Version", "From", "Until", "Used", "Won by", "Source", "Recorded by", "Taken back by", "When", "By whom")
		last := env.Now()
		return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.ReversedBenefit], error) {
			answer, err := client.ListReversedBenefits(env.Context, &entitlementsv1.ListReversedBenefitsRequest{ // as long as it takes
				FromDate: c.From.Date, ToDate: c.To.Date, PageSize: size, PageToken: token, Filter: c.Filter})
			if now := env.Now(); err == nil && now.Sub(last) >= plainEvery {
				last = now
				env.note("%d %% of all accounts", 100*answer.GetDone()/max(1, answer.GetTotal()))
			}
			return page[*entitlementsv1.ReversedBenefit]{answer.GetReversedBenefits(), answer.GetNextPageToken()}, err
		}, func(b *entitlementsv1.ReversedBenefit) error {
			wonBy := each(b, func(e *entitlementsv1.TakenBackEntry) string {
				return e.GetEntry() + " (" + showMoney(e.GetAmount()) + ")"
			})
			if more := b.GetMoreEntries(); more > 0 {
				wonBy += fmt.Sprintf(" and %d more", more)
			}
			return l.add(b, strings.TrimPrefix(b.GetAccount(), "accounts/"), b.GetBenefit(), b.GetRule(), b.GetScheduleVersion(),
				showTime(b.GetStartTime()), showTime(b.GetEndTime()), number(b.GetUsedUnits()), wonBy,
				each(b, (*entitlementsv1.TakenBackEntry).GetSource), each(b, (*entitlementsv1.TakenBackEntry).GetRecorder),
				each(b, (*entitlementsv1.TakenBackEntry).GetReversal), each(b, reversalTime), each(b, (*entitlementsv1.TakenBackEntry).GetReverser))
		})
	})
}

// reversalTime is the day of a refund, or when a mistake was reversed.
func reversalTime(e *entitlementsv1.TakenBackEntry) string {
	if e.GetMistake() {
		return showTime(e.GetReversalTime())
	}
	return showDay(e.GetReversalDate())
}

// each shows something of all entries that a benefit was won by, once where several have
// the same.
func each(b *entitlementsv1.ReversedBenefit, show func(*entitlementsv1.TakenBackEntry) string) string {
	var list []string
	for _, e := range b.GetEntries() {
		if text := show(e); !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return strings.Join(list, ", ")
}
