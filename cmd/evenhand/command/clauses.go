package command

import (
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Clauses is `evenhand clauses`.
type Clauses struct {
	List      ClausesList      `cmd:"" help:"List clauses."`
	Get       ClausesGet       `cmd:"" help:"Show a clause."`
	Create    ClausesCreate    `cmd:"" help:"Write a clause down."`
	Update    ClausesUpdate    `cmd:"" help:"Change a clause."`
	Retire    ClausesRetire    `cmd:"" help:"End a clause, for good."`
	Cite      ClausesCite      `cmd:"" help:"Record that a clause had to be cited."`
	Citations ClausesCitations `cmd:"" help:"List citations, the latest first."`
	Report    ClausesReport    `cmd:"" help:"Which clauses were cited most in a quarter, and how often before?"`
}

// ClauseArg is the argument that names a clause.
type ClauseArg struct {
	Clause string `arg:"" placeholder:"CLAUSE" help:"Its id, as liability, or its name, as clauses/liability."`
}

func (a ClauseArg) name() string { return clauseName(a.Clause) }

func clauseName(arg string) string { return "clauses/" + strings.TrimPrefix(arg, "clauses/") }

func (o Output) printClause(env *Env, c *entitlementsv1.Clause, err error) error {
	if err != nil {
		return err
	}
	return o.printOne(env.Stdout, c, []pair{
		{"Clause", c.GetName()},
		{"Title", c.GetTitle()},
		{"Text", c.GetText()},
		{"Owner", c.GetOwner()},
		{"Reviewed at", shortCount(c.GetReviewCitations()) + " citations a quarter"},
		{"State", showEnum(c.GetState(), "STATE_")},
		{"Retired because", c.GetRetirementReason()},
		{"Etag", c.GetEtag()},
	})
}

// ClausesList is `evenhand clauses list`.
type ClausesList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over state, owner, title."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *ClausesList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewClausesServiceClient(s)
		l := c.newList(env.Stdout, "clauses", "Clause", "Title", "Owner", "Reviewed at", "State")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.Clause], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListClauses(ctx, &entitlementsv1.ListClausesRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*entitlementsv1.Clause]{answer.GetClauses(), answer.GetNextPageToken()}, err
		}, func(clause *entitlementsv1.Clause) error {
			return l.add(clause, clause.GetName(), clause.GetTitle(), clause.GetOwner(), shortCount(clause.GetReviewCitations()), showEnum(clause.GetState(), "STATE_"))
		})
	})
}

// ClausesGet is `evenhand clauses get`.
type ClausesGet struct {
	ClauseArg
	Output
	Connection
}

// Run asks and prints.
func (c *ClausesGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		clause, err := entitlementsv1.NewClausesServiceClient(s).GetClause(ctx, &entitlementsv1.GetClauseRequest{Name: c.name()})
		return c.printClause(env, clause, err)
	})
}

// ClausesCreate is `evenhand clauses create`.
type ClausesCreate struct {
	Title        string `arg:"" help:"What it is called."`
	Text         string `required:"" placeholder:"TEXT" help:"The clause as it is in the contract."`
	ID           string `placeholder:"ID" help:"Its id; otherwise the slug of the title."`
	Owner        string `placeholder:"PRINCIPAL" help:"Who answers for it and decides its reviews; you, where it is not given."`
	ReviewAt     int32  `default:"5" placeholder:"N" help:"How many citations in a calendar quarter bring it to review (${default})."`
	ValidateOnly bool   `help:"Only say what would be created."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ClausesCreate) Help() string {
	return `Example:

  evenhand clauses create Liability --text "We are not liable for delays that the carrier causes." --review-at 5`
}

// Run creates and prints it.
func (c *ClausesCreate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		clause, err := entitlementsv1.NewClausesServiceClient(s).CreateClause(ctx, &entitlementsv1.CreateClauseRequest{
			ClauseId: c.ID, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly, Clause: &entitlementsv1.Clause{
				Title: c.Title, Text: c.Text, Owner: principalName(c.Owner), ReviewCitations: c.ReviewAt}})
		return c.printClause(env, clause, err)
	})
}

// ClausesUpdate is `evenhand clauses update`.
type ClausesUpdate struct {
	ClauseArg
	Title    *string `placeholder:"TEXT" help:"What it is called."`
	Text     *string `placeholder:"TEXT" help:"The clause as it is in the contract."`
	Owner    *string `placeholder:"PRINCIPAL" help:"Who answers for it."`
	ReviewAt *int32  `placeholder:"N" help:"How many citations in a calendar quarter bring it to review."`
	Etag     string  `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// Run changes and prints it.
func (c *ClausesUpdate) Run(env *Env) error {
	clause, mask := &entitlementsv1.Clause{Name: c.name(), Etag: c.Etag}, &fieldmaskpb.FieldMask{}
	give(mask, "title", &clause.Title, c.Title)
	give(mask, "text", &clause.Text, c.Text)
	give(mask, "review_citations", &clause.ReviewCitations, c.ReviewAt)
	if c.Owner != nil {
		owner := principalName(*c.Owner)
		give(mask, "owner", &clause.Owner, &owner)
	}
	if len(mask.GetPaths()) == 0 {
		return &usageError{"nothing to change: name at least one field, as --owner PRINCIPAL"}
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		changed, err := entitlementsv1.NewClausesServiceClient(s).UpdateClause(ctx, &entitlementsv1.UpdateClauseRequest{
			Clause: clause, UpdateMask: mask, RequestId: newRequestID()})
		return c.printClause(env, changed, err)
	})
}

// ClausesRetire is `evenhand clauses retire`.
type ClausesRetire struct {
	ClauseArg
	Reason string `required:"" placeholder:"TEXT" help:"Why."`
	Etag   string `help:"Retire it only if it is still at this etag."`
	Output
	Connection
}

// Run retires and prints it.
func (c *ClausesRetire) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		clause, err := entitlementsv1.NewClausesServiceClient(s).RetireClause(ctx, &entitlementsv1.RetireClauseRequest{
			Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
		return c.printClause(env, clause, err)
	})
}
