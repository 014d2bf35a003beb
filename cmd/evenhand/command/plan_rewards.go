package command

import (
	"fmt"
	"strconv"
	"strings"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PlanRewards is `evenhand plan rewards`.
type PlanRewards struct {
	Statement   RewardsStatement   `cmd:"" help:"What you, another person, or all who worked for an account got in a period."`
	Entries     RewardsEntries     `cmd:"" help:"List entries of the ledger of points, those of the work completed last first."`
	Totals      RewardsTotals      `cmd:"" help:"What everybody got in a period."`
	Correct     RewardsCorrect     `cmd:"" help:"Take points back, or give back what an earlier correction took; nothing is edited."`
	Findings    RewardsFindings    `cmd:"" help:"What work looks as if it were done for the points."`
	Acknowledge RewardsAcknowledge `cmd:"" help:"Say what you found when you looked at a finding about somebody else."`
	Rules       PointRules         `cmd:"" help:"What completed relationship work is worth; never what customers pay."`
}

// RewardsPeriod is the --period flag.
type RewardsPeriod struct {
	Period string `placeholder:"PERIOD" help:"A month, as 2026-11, or a quarter, as 2026-q4; the current month, where it is not given."`
}

// showPoints writes points, and what was cut off where there was any.
func showPoints(points, cut int32) string {
	if cut == 0 {
		return shortCount(points)
	}
	return fmt.Sprintf("%d (%d cut off)", points, cut)
}

// showUnmet says in words why an entry is worth less than its rule gives.
func showUnmet(e *plansv1.RewardEntry) string {
	var parts []string
	if unmet := showEnum(e.GetUnmet(), "UNMET_"); unmet != "" {
		parts = append(parts, unmet)
	}
	for _, c := range e.GetCuts() {
		parts = append(parts, fmt.Sprintf("%s cap of %d: %d cut off", c.GetCap(), c.GetLimit(), c.GetPoints()))
	}
	if e.GetReason() != "" {
		parts = append(parts, e.GetReason())
	}
	return strings.Join(parts, "; ")
}

// rewardColumns are those of a list of entries, and rewardCells what is in them.
var rewardColumns = []string{"Entry", "Kind", "Person", "Account", "Completed", "Work", "Rule", "Rules", "Points", "Of", "Why"}

func rewardCells(e *plansv1.RewardEntry) []string {
	return []string{e.GetName(), showEnum(e.GetKind(), "KIND_"), e.GetPerson(), e.GetAccount(), showTime(e.GetCompleteTime()), e.GetWork(),
		e.GetRule(), e.GetRulesVersion(), shortCount(e.GetPoints()), shortCount(e.GetFullPoints()), showUnmet(e)}
}

// RewardsStatement is `evenhand plan rewards statement`.
type RewardsStatement struct {
	Person  string `arg:"" optional:"" placeholder:"PRINCIPAL" help:"The person's id; you, where neither this nor an account is given."`
	Account string `placeholder:"ACCOUNT" help:"What all who worked for this account got."`
	RewardsPeriod
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RewardsStatement) Help() string {
	return `Each entry names the work that is its evidence, its rule and version, and what a cap cut off. As CSV it is safe to open in a spreadsheet.

Examples:

  evenhand plan rewards statement
  evenhand plan rewards statement sam --period 2026-q4 --output csv
  evenhand plan rewards statement --account brook-and-sons --period 2026-11`
}

// Run asks and prints.
func (c *RewardsStatement) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		account, err := optionalAccount(env, s, c.Account)
		if err != nil {
			return err
		}
		client, person := plansv1.NewRewardsServiceClient(s), principalName(c.Person)
		if c.Output.Output == formatCSV {
			file, err := client.ExportRewardStatement(ctx, &plansv1.ExportRewardStatementRequest{Person: person, Account: account, Period: c.Period})
			if err == nil {
				_, err = fmt.Fprint(env.Stdout, file.GetContent())
			}
			return err
		}
		statement, err := client.GetRewardStatement(ctx, &plansv1.GetRewardStatementRequest{Person: person, Account: account, Period: c.Period})
		if err != nil {
			return err
		}
		if c.Output.Output == formatJSON {
			return printJSON(env.Stdout, statement)
		}
		return c.print(env, statement)
	})
}

// print prints a statement as a person reads it.
func (c *RewardsStatement) print(env *Env, s *plansv1.RewardStatement) error {
	sums := s.GetSums()
	pairs := []pair{
		{"Of", s.GetPerson() + s.GetAccount()},
		{"Period", fmt.Sprintf("%s, %s to %s", s.GetPeriod(), showDay(s.GetFromDate()), showDay(s.GetToDate()))},
		{"Points", showPoints(sums.GetPoints(), sums.GetCut())},
		{"Credited", shortCount(sums.GetCredited())},
		{"Countered", shortCount(sums.GetCountered())},
		{"Corrected", shortCount(sums.GetCorrected())},
	}
	for _, k := range sums.GetKinds() {
		pairs = append(pairs, pair{"For " + k.GetWork(), fmt.Sprintf("%d for %s", k.GetPoints(), counted(int64(k.GetWorks()), "piece of work", "pieces of work"))})
	}
	for _, k := range sums.GetCaps() {
		pairs = append(pairs, pair{"Cut by " + k.GetCap(), fmt.Sprintf("%d of %d credits", k.GetPoints(), k.GetCredits())})
	}
	for _, p := range s.GetPeople() {
		pairs = append(pairs, pair{"Of " + p.GetPerson(), showPoints(p.GetSums().GetPoints(), p.GetSums().GetCut())})
	}
	if err := printPairs(env.Stdout, pairs); err != nil {
		return err
	}
	if len(s.GetEntries()) == 0 {
		return nil
	}
	fmt.Fprintln(env.Stdout)
	l := c.newList(env.Stdout, "entries", rewardColumns...)
	for _, e := range s.GetEntries() {
		if err := l.add(e, rewardCells(e)...); err != nil {
			return err
		}
	}
	return l.end()
}

// RewardsEntries is `evenhand plan rewards entries`.
type RewardsEntries struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over person, account, month, kind, work, work_kind, rule, credit, points."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RewardsEntries) Help() string {
	return `Example:

  evenhand plan rewards entries --filter 'person = "principals/sam" AND month = "2026-11"'`
}

// Run asks and prints.
func (c *RewardsEntries) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := plansv1.NewRewardsServiceClient(s)
		l := c.newList(env.Stdout, "rewardEntries", rewardColumns...)
		return eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.RewardEntry], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListRewardEntries(ctx, &plansv1.ListRewardEntriesRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*plansv1.RewardEntry]{answer.GetRewardEntries(), answer.GetNextPageToken()}, err
		}, func(e *plansv1.RewardEntry) error { return l.add(e, rewardCells(e)...) })
	})
}

// RewardsTotals is `evenhand plan rewards totals`.
type RewardsTotals struct {
	RewardsPeriod
	Limit uint `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *RewardsTotals) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := plansv1.NewRewardsServiceClient(s)
		l := c.newList(env.Stdout, "rewardTotals", "Person", "Period", "Points", "Credited", "Countered", "Corrected", "Cut off")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.RewardTotal], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListRewardTotals(ctx, &plansv1.ListRewardTotalsRequest{Period: c.Period, PageSize: size, PageToken: token})
			return page[*plansv1.RewardTotal]{answer.GetRewardTotals(), answer.GetNextPageToken()}, err
		}, func(t *plansv1.RewardTotal) error {
			sums := t.GetSums()
			return l.add(t, t.GetPerson(), t.GetPeriod(), shortCount(sums.GetPoints()), shortCount(sums.GetCredited()),
				shortCount(sums.GetCountered()), shortCount(sums.GetCorrected()), shortCount(sums.GetCut()))
		})
	})
}

// RewardsCorrect is `evenhand plan rewards correct`.
type RewardsCorrect struct {
	Entry        string `arg:"" placeholder:"ENTRY" help:"The entry's id, or its name, as rewardEntries/ID."`
	Points       int32  `arg:"" placeholder:"POINTS" help:"How many points to take back; of a correction, how many to give back."`
	Reason       string `required:"" placeholder:"TEXT" help:"Why; it is kept."`
	ValidateOnly bool   `help:"Only say what would be written."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RewardsCorrect) Help() string {
	return `A correction is an entry of its own that cites the one it corrects. It frees no room under a cap, and nobody corrects points of their own.

Example:

  evenhand plan rewards correct 5q1n0d8v2c7k4e9r3m6t0b1h8g-1 10 --reason "It was solved before our expert came."`
}

// Run corrects and prints it.
func (c *RewardsCorrect) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		e, err := plansv1.NewRewardsServiceClient(s).CorrectRewardEntry(ctx, &plansv1.CorrectRewardEntryRequest{
			Name: "rewardEntries/" + strings.TrimPrefix(c.Entry, "rewardEntries/"), Points: c.Points, Reason: c.Reason,
			RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, e, []pair{
			{"Entry", e.GetName()},
			{"Corrects", e.GetCites()},
			{"Person", e.GetPerson()},
			{"Work", e.GetWork()},
			{"Points", shortCount(e.GetPoints())},
			{"Reason", e.GetReason()},
			{"Corrected by", e.GetCorrector()},
		})
	})
}

// RewardsFindings is `evenhand plan rewards findings`.
type RewardsFindings struct {
	RewardsPeriod
	Open bool `help:"Only those that somebody has to look at."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RewardsFindings) Help() string {
	return `Many trivial touchpoints, outcomes of a few characters or repeated word for word, confirmations that who did the work wrote down, work done when the month was nearly over, one contact again and again. A finding is no more than that: somebody has to look.

Example:

  evenhand plan rewards findings --period 2026-q4 --open`
}

// Run asks and prints.
func (c *RewardsFindings) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		report, err := plansv1.NewRewardsServiceClient(s).ReportRewardFindings(ctx, &plansv1.ReportRewardFindingsRequest{Period: c.Period, OpenOnly: c.Open})
		if err != nil {
			return err
		}
		if c.Output.Output == formatJSON {
			return printJSON(env.Stdout, report)
		}
		l := c.newList(env.Stdout, "rewardFindings", "Finding", "Person", "Check", "Count", "Limit", "Work", "Open", "Description", "Acknowledged by", "Note")
		for _, f := range report.GetRewardFindings() {
			if err := l.add(f, f.GetName(), f.GetPerson(), showEnum(f.GetCheck(), "CHECK_"), shortCount(f.GetCount()), shortCount(f.GetLimit()),
				strconv.Itoa(len(f.GetWork())), yesNo(f.GetOpen()), f.GetDescription(), f.GetAcknowledgement().GetAcknowledger(),
				f.GetAcknowledgement().GetNote()); err != nil {
				return err
			}
		}
		return l.end()
	})
}

// RewardsAcknowledge is `evenhand plan rewards acknowledge`.
type RewardsAcknowledge struct {
	Finding string `arg:"" placeholder:"FINDING" help:"The finding's id, or its name, as rewardFindings/ID."`
	Note    string `required:"" placeholder:"TEXT" help:"What you found when you looked."`
	Output
	Connection
}

// Run acknowledges it and prints it.
func (c *RewardsAcknowledge) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		f, err := plansv1.NewRewardsServiceClient(s).AcknowledgeRewardFinding(ctx, &plansv1.AcknowledgeRewardFindingRequest{
			Name: "rewardFindings/" + strings.TrimPrefix(c.Finding, "rewardFindings/"), Note: c.Note, RequestId: newRequestID()})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, f, []pair{
			{"Finding", f.GetName()},
			{"Description", f.GetDescription()},
			{"Open", yesNo(f.GetOpen())},
			{"Acknowledged by", f.GetAcknowledgement().GetAcknowledger()},
			{"Note", f.GetAcknowledgement().GetNote()},
		})
	})
}
