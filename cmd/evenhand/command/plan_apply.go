package command

import (
	"fmt"
	"slices"
	"strings"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// applySize is how many accounts a template is applied to in one call: few enough for a
// call to end in time, and for progress to be seen.
const applySize = 100

// TemplatesApply is `evenhand plan templates apply`.
type TemplatesApply struct {
	TemplateArg
	Account []string `placeholder:"ACCOUNT,..." xor:"which" required:"" help:"Apply it to these accounts; may be repeated."`
	Filter  string   `placeholder:"FILTER" xor:"which" required:"" help:"Apply it to the accounts that this AIP-160 filter finds, over account, display_name, state, owner and attributes."`
	Number  int32    `placeholder:"N" help:"Which version; the last, where it is not given."`
	Owner   string   `placeholder:"PRINCIPAL" help:"Who answers for the plans that are begun; each account's owner, or else you, where it is not given."`
	Preview bool     `help:"Only say what would be done."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*TemplatesApply) Help() string {
	return `Accounts without a plan get one, as a draft; plans that began from an earlier version get the strategy of this one,
and keep the contacts that people added. Applied again it does nothing more: after an interruption, run it again.
It fails, after all others are done, where accounts were refused; the table says why.

Examples:

  evenhand plan templates apply key-accounts --account acme,brick --preview
  evenhand plan templates apply key-accounts --filter 'attributes.sector = "Energy" AND state = ACTIVE'`
}

// Run applies it page by page and prints what became of each account.
func (c *TemplatesApply) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		parts, err := c.parts(env, s)
		if err != nil {
			return err
		}
		total := -1
		if c.Filter == "" {
			total = 0
			for _, part := range parts {
				total += len(part)
			}
		}
		progress := newSteps(env, "accounts", total)
		defer progress.end()
		l := c.newList(env.Stdout, "results", "Account", "Name", "Outcome", "Problem", "Missing")
		counts := map[string]int{}
		for _, accounts := range parts {
			if err := c.apply(env, s, accounts, func(results []*plansv1.ApplyPlanTemplateResponse_Result) error {
				progress.add(len(results))
				for _, r := range results {
					outcome := showEnum(r.GetOutcome(), "OUTCOME_")
					counts[outcome]++
					if kept := r.GetKept(); len(kept) > 0 {
						outcome += " (kept " + strings.Join(kept, ", ") + ")"
					}
					if err := l.add(r, r.GetAccount(), r.GetDisplayName(), outcome, r.GetProblem(), missingFields(r.GetGaps())); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				progress.end()
				if len(counts) > 0 {
					l.flush()
				}
				return interrupted(err, counts)
			}
		}
		progress.end()
		if err := l.end(); err != nil {
			return err
		}
		return c.tell(env, counts)
	})
}

// parts are the accounts in runs that one request may name; a single empty one where a
// filter says which.
func (c *TemplatesApply) parts(env *Env, s *session) ([][]string, error) {
	if c.Filter != "" {
		return [][]string{nil}, nil
	}
	var names []string
	for _, arg := range notEmpty(c.Account) {
		name := "accounts/" + strings.TrimPrefix(arg, "accounts/")
		if !idPattern.MatchString(strings.TrimPrefix(arg, "accounts/")) {
			var err error
			if name, err = byExternalID(env, s, arg); err != nil {
				return nil, err
			}
		}
		names = append(names, name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 {
		return nil, &usageError{"--account names none: name at least one, or say which with --filter"}
	}
	return slices.Collect(slices.Chunk(names, maxPageSize)), nil
}

// apply applies the template to accounts, or to those of the filter, page by page. All
// pages are one request, which a retry repeats as a whole.
func (c *TemplatesApply) apply(env *Env, s *session, accounts []string, done func([]*plansv1.ApplyPlanTemplateResponse_Result) error) error {
	r := &plansv1.ApplyPlanTemplateRequest{
		Name: c.name(), Version: c.Number, Accounts: accounts, Filter: c.Filter, Owner: principalName(c.Owner),
		PageSize: applySize, RequestId: newRequestID(), ValidateOnly: c.Preview,
	}
	for {
		ctx, cancel := s.call(env)
		answer, err := plansv1.NewPlansServiceClient(s).ApplyPlanTemplate(ctx, r)
		cancel()
		if err != nil {
			return err
		}
		if err := done(answer.GetResults()); err != nil {
			return err
		}
		if r.PageToken = answer.GetNextPageToken(); r.GetPageToken() == "" {
			return nil
		}
	}
}

// missingFields names what a plan lacks, in a line.
func missingFields(gaps []*plansv1.PlanGap) string {
	var fields []string
	for _, g := range gaps {
		fields = append(fields, g.GetField())
	}
	return strings.Join(fields, ", ")
}

// interrupted is an error after some accounts were done.
func interrupted(err error, counts map[string]int) error {
	if len(counts) == 0 {
		return err
	}
	f := *explain(err)
	f.cause = err
	f.details = append(f.details, "before that: "+countsInWords(counts))
	f.fix = "run it again: what was done stays, and is not done twice"
	return &f
}

// countsInWords says how many accounts had which outcome.
func countsInWords(counts map[string]int) string {
	var parts []string
	for _, outcome := range []string{"begun", "renewed", "unchanged", "refused"} {
		parts = append(parts, fmt.Sprintf("%s %s", showCount(int64(counts[outcome])), outcome))
	}
	return strings.Join(parts, ", ")
}

// tell tells the counts; it fails where accounts were refused.
func (c *TemplatesApply) tell(env *Env, counts map[string]int) error {
	switch refused := counts["refused"]; {
	case len(counts) == 0:
		env.note("The filter finds no account: nothing was done.")
	case c.Preview:
		env.note("Nothing was written. It would be: %s.", countsInWords(counts))
	case refused > 0:
		return &failure{message: fmt.Sprintf("%s of the accounts were refused; in all: %s", showCount(int64(refused)), countsInWords(counts)),
			fix: "the table says why of each; what was done for the others stays"}
	default:
		env.note("%s.", countsInWords(counts))
	}
	return nil
}
