package command

import (
	"cmp"
	"strings"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Reviews is `evenhand reviews`.
type Reviews struct {
	List   ReviewsList   `cmd:"" help:"List reviews, those due first first."`
	Get    ReviewsGet    `cmd:"" help:"Show a review."`
	Open   ReviewsOpen   `cmd:"" help:"Open a review by hand."`
	Assign ReviewsAssign `cmd:"" help:"Give a review to another owner."`
	Decide ReviewsDecide `cmd:"" help:"Decide a review."`
}

// ReviewArg is the argument that names a review.
type ReviewArg struct {
	Review string `arg:"" placeholder:"REVIEW" help:"Its id, or its name, as reviews/ID."`
}

func (a ReviewArg) name() string { return "reviews/" + strings.TrimPrefix(a.Review, "reviews/") }

func (o Output) printReview(env *Env, r *entitlementsv1.Review, err error) error {
	if err != nil {
		return err
	}
	var assignments []string
	for _, a := range r.GetAssignments() {
		assignments = append(assignments, showTime(a.GetAssignTime())+" "+a.GetPrincipal()+": from "+a.GetOldOwner()+" to "+a.GetNewOwner()+
			", because: "+a.GetReason())
	}
	pairs := []pair{
		{"Review", r.GetName()},
		{"Subject", cmp.Or(r.GetSubject(), r.GetTopic())},
		{"Why", r.GetWhy()},
		{"Owner", r.GetOwner()},
		{"Due", showDay(r.GetDueDate())},
		{"State", showEnum(r.GetState(), "STATE_")},
		{"Overdue", yesNo(r.GetOverdue())},
		{"Assignments", strings.Join(assignments, "\n")},
		{"Etag", r.GetEtag()},
	}
	if d := r.GetDecision(); d != nil {
		pairs = append(pairs, pair{"Outcome", showEnum(d.GetOutcome(), "OUTCOME_")}, pair{"Decision", d.GetText()}, pair{"Benefit", d.GetBenefit()},
			pair{"Decided", showTime(d.GetDecideTime())}, pair{"Decided by", d.GetPrincipal()})
	}
	return o.printOne(env.Stdout, r, pairs)
}

// ReviewsList is `evenhand reviews list`.
type ReviewsList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over state, owner, subject, overdue, outcome."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ReviewsList) Help() string {
	return `Examples:

  evenhand reviews list --filter 'state = OPEN AND owner = "principals/sam"'
  evenhand reviews list --filter 'overdue = true'`
}

// Run asks and prints.
func (c *ReviewsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewReviewsServiceClient(s)
		l := c.newList(env.Stdout, "reviews", "Review", "Subject", "Owner", "Due", "State", "Overdue", "Outcome", "Why")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.Review], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListReviews(ctx, &entitlementsv1.ListReviewsRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*entitlementsv1.Review]{answer.GetReviews(), answer.GetNextPageToken()}, err
		}, func(r *entitlementsv1.Review) error {
			return l.add(r, r.GetName(), cmp.Or(r.GetSubject(), r.GetTopic()), r.GetOwner(), showDay(r.GetDueDate()), showEnum(r.GetState(), "STATE_"),
				yesNo(r.GetOverdue()), showEnum(r.GetDecision().GetOutcome(), "OUTCOME_"), r.GetWhy())
		})
	})
}

// ReviewsGet is `evenhand reviews get`.
type ReviewsGet struct {
	ReviewArg
	Output
	Connection
}

// Run asks and prints.
func (c *ReviewsGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		r, err := entitlementsv1.NewReviewsServiceClient(s).GetReview(ctx, &entitlementsv1.GetReviewRequest{Name: c.name()})
		return c.printReview(env, r, err)
	})
}

// ReviewsOpen is `evenhand reviews open`.
type ReviewsOpen struct {
	Subject      string `arg:"" help:"What is reviewed: a house rule, as houseRules/late-payment-fee, a clause, as clauses/liability, or anything else, in words."`
	Why          string `required:"" placeholder:"TEXT" help:"Why."`
	Owner        string `placeholder:"PRINCIPAL" help:"Who decides; you, where it is not given."`
	Due          Day    `placeholder:"DATE" help:"The day by the end of which it is decided; 30 days on, where it is not given."`
	ValidateOnly bool   `help:"Only say what would be opened."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ReviewsOpen) Help() string {
	return `Reviews of house rules that are broken often, and of clauses that are cited often, are opened by themselves.

Examples:

  evenhand reviews open houseRules/late-payment-fee --why "Two shops left because of it."
  evenhand reviews open "Opening hours" --why "Calls come in at seven." --owner ines --due 2026-12-15`
}

// Run opens and prints it.
func (c *ReviewsOpen) Run(env *Env) error {
	r := &entitlementsv1.Review{Why: c.Why, Owner: principalName(c.Owner), DueDate: c.Due.Date}
	if strings.HasPrefix(c.Subject, "houseRules/") || strings.HasPrefix(c.Subject, "clauses/") {
		r.Subject = c.Subject
	} else {
		r.Topic = c.Subject
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		opened, err := entitlementsv1.NewReviewsServiceClient(s).CreateReview(ctx, &entitlementsv1.CreateReviewRequest{
			Review: r, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		return c.printReview(env, opened, err)
	})
}

// ReviewsAssign is `evenhand reviews assign`.
type ReviewsAssign struct {
	ReviewArg
	Owner  string `arg:"" placeholder:"PRINCIPAL" help:"To whom."`
	Reason string `required:"" placeholder:"TEXT" help:"Why."`
	Etag   string `help:"Assign it only if it is still at this etag."`
	Output
	Connection
}

// Run assigns and prints it.
func (c *ReviewsAssign) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		r, err := entitlementsv1.NewReviewsServiceClient(s).AssignReview(ctx, &entitlementsv1.AssignReviewRequest{
			Name: c.name(), Owner: principalName(c.Owner), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
		return c.printReview(env, r, err)
	})
}

// ReviewsDecide is `evenhand reviews decide`.
type ReviewsDecide struct {
	ReviewArg
	Outcome      string `arg:"" enum:"keep,change,waive,drop,other" help:"What becomes of its subject: keep, change, waive (of a house rule), drop or other."`
	Text         string `required:"" placeholder:"TEXT" help:"Why, and what is done."`
	Benefit      string `placeholder:"BENEFIT" help:"Where a house rule is waived, the benefit of kind waiver that says for whom."`
	ValidateOnly bool   `help:"Only say whether it can be decided so."`
	Etag         string `help:"Decide it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ReviewsDecide) Help() string {
	return `A waiver is a benefit, with a rule that says who qualifies: it has to be in the schedule, or in a draft of it, before a review can point at it. No account gets one by itself.

Examples:

  evenhand reviews decide house-rule-late-payment-fee-2026-q4 keep --text "It pays for the reminders."
  evenhand reviews decide house-rule-late-payment-fee-2026-q4 waive --benefit late-fee-waiver --text "A first late payment is a slip: it costs nothing."`
}

// Run decides and prints it.
func (c *ReviewsDecide) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		r, err := entitlementsv1.NewReviewsServiceClient(s).DecideReview(ctx, &entitlementsv1.DecideReviewRequest{
			Name: c.name(), Text: c.Text, Benefit: c.Benefit, Etag: c.Etag, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly,
			Outcome: entitlementsv1.Review_Outcome(entitlementsv1.Review_Outcome_value["OUTCOME_"+strings.ToUpper(c.Outcome)])})
		return c.printReview(env, r, err)
	})
}
