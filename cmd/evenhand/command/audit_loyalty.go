package command

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"google.golang.org/grpc"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// AuditLoyalty is `evenhand audit loyalty`.
type AuditLoyalty struct {
	Within   string `default:"P1Y" placeholder:"PERIOD" help:"How long accounts are new after they joined, as P1Y, P6M or P30D (${default})."`
	Findings bool   `help:"Print the findings only."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*AuditLoyalty) Help() string {
	return `Counts, for every benefit and every programme, the accounts that have it: newcomers, who joined within the period, and existing ones. A finding is what some newcomer has, no existing account has, and none could have now. It says why, and which existing account would be next.

Examples:

  evenhand audit loyalty
  evenhand audit loyalty --within P6M --findings
  evenhand audit loyalty --output csv`
}

// Run asks and prints.
func (c *AuditLoyalty) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		stream, err := entitlementsv1.NewLoyaltyServiceClient(s).RunLoyaltyCheck(env.Context, // as long as it takes
			&entitlementsv1.RunLoyaltyCheckRequest{Within: c.Within})
		if err != nil {
			return err
		}
		found, err := awaitLoyalty(env, stream)
		if err != nil {
			return err
		}
		return c.print(env, found)
	})
}

// awaitLoyalty tells how far a check is until it is done.
func awaitLoyalty(env *Env, stream grpc.ServerStreamingClient[entitlementsv1.RunLoyaltyCheckResponse]) (*entitlementsv1.LoyaltyCheck, error) {
	last := env.Now()
	for {
		step, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return nil, errors.New("the server ended the check without saying how")
		case err != nil:
			return nil, err
		case step.GetLoyaltyCheck() != nil:
			if env.Terminal {
				fmt.Fprint(env.Stderr, "\r\x1b[K")
			}
			return step.GetLoyaltyCheck(), nil
		case env.Terminal:
			fmt.Fprintf(env.Stderr, "\r\x1b[K%d %%", 100*step.GetDone()/max(1, step.GetTotal()))
		case env.Now().Sub(last) >= plainEvery:
			last = env.Now()
			env.note("%d %%", 100*step.GetDone()/max(1, step.GetTotal()))
		}
	}
}

// print prints what was found; below a table, what is to be known in words.
func (c *AuditLoyalty) print(env *Env, found *entitlementsv1.LoyaltyCheck) error {
	if c.Findings {
		found.Offers = slices.DeleteFunc(found.Offers, func(o *entitlementsv1.LoyaltyOffer) bool { return loyaltyFinding(o) == "" })
	}
	switch c.Output.Output {
	case formatJSON:
		return printJSON(env.Stdout, found)
	case formatCSV:
		return c.printCSV(env, found)
	}
	l := c.newList(env.Stdout, "", "Offer", "Limit", "Newcomers", "Existing", "Finding", "Next")
	var words []string
	for _, o := range found.GetOffers() {
		_ = l.add(nil, loyaltyOffer(o), optional(o.GetLimit()), // end tells
			showCount(o.GetNewcomers())+" of "+showCount(found.GetNewcomers()), showCount(o.GetExisting())+" of "+showCount(found.GetExisting()),
			loyaltyFinding(o), strings.TrimPrefix(o.GetNext().GetAccount(), "accounts/"))
		if o.GetWords() != "" {
			words = append(words, loyaltyOffer(o)+": "+o.GetWords()+loyaltyNext(o.GetNext()))
		}
	}
	if err := l.end(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(env.Stdout, "\n%s\n", strings.Join(append(words, loyaltySummary(found)), "\n"))
	return err
}

// printCSV prints a row for each offer.
func (c *AuditLoyalty) printCSV(env *Env, found *entitlementsv1.LoyaltyCheck) error {
	l := c.newList(env.Stdout, "", "Offer", "Limit", "Newcomers", "All newcomers", "Existing", "All existing", "Able", "Finding", "Next", "Position", "Takes", "Words")
	for _, o := range found.GetOffers() {
		able := ""
		if o.GetProgramme() != "" {
			able = number(o.GetAble())
		}
		next := o.GetNext()
		_ = l.add(nil, loyaltyOffer(o), optional(o.GetLimit()), number(o.GetNewcomers()), number(found.GetNewcomers()), // end tells
			number(o.GetExisting()), number(found.GetExisting()), able, loyaltyFinding(o),
			strings.TrimPrefix(next.GetAccount(), "accounts/"), optional(int64(next.GetPosition())), next.GetTakes(), o.GetWords())
	}
	return l.end()
}

// loyaltyOffer is the benefit's id, or the programme's name.
func loyaltyOffer(o *entitlementsv1.LoyaltyOffer) string { return o.GetBenefit() + o.GetProgramme() }

// optional writes a number, nothing for 0.
func optional(n int64) string {
	if n == 0 {
		return ""
	}
	return number(n)
}

// loyaltyFinding is why an offer is a finding; empty where it is none.
func loyaltyFinding(o *entitlementsv1.LoyaltyOffer) string { return showEnum(o.GetReason(), "REASON_") }

// loyaltyNext says who would be next, in a sentence behind others.
func loyaltyNext(n *entitlementsv1.LoyaltyNext) string {
	if n == nil {
		return ""
	}
	text := " The next would be " + n.GetAccount()
	if n.GetPosition() > 0 {
		text += fmt.Sprintf(", number %d on the waiting list", n.GetPosition())
	}
	if n.GetTakes() != "" {
		text += ": it takes " + n.GetTakes()
	}
	return text + "."
}

// loyaltySummary says how many findings there are.
func loyaltySummary(found *entitlementsv1.LoyaltyCheck) string {
	many := "findings"
	if found.GetFindings() == 1 {
		many = "finding"
	}
	return fmt.Sprintf("%d %s. Newcomers joined on %s or later.", found.GetFindings(), many, showDay(found.GetJoinedFrom()))
}
