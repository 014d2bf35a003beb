package command

import (
	"strconv"
	"strings"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Requests is `evenhand requests`.
type Requests struct {
	List    RequestsList    `cmd:"" help:"List special requests, the newest first; one's own for who may see no others."`
	Get     RequestsGet     `cmd:"" aliases:"show" help:"Show a special request, and what became of it."`
	Create  RequestsCreate  `cmd:"" help:"Ask for something out of the ordinary for an account."`
	Decline RequestsDecline `cmd:"" help:"Decline a request with a reason, for good."`
	Rule    RequestsRule    `cmd:"" help:"Make a draft of a request: rules for everybody who meets them."`
	Count   RequestsCount   `cmd:"" help:"Count requests by role, requester and account, and by what came of them."`
}

// RequestArg is the argument that names a special request.
type RequestArg struct {
	Request string `arg:"" placeholder:"REQUEST" help:"The request's id, or its name, as specialRequests/ID."`
}

func (a RequestArg) name() string {
	return "specialRequests/" + strings.TrimPrefix(a.Request, "specialRequests/")
}

func (o Output) printRequest(env *Env, r *entitlementsv1.SpecialRequest, err error) error {
	if err != nil {
		return err
	}
	var attempts []string
	for _, a := range r.GetAttempts() {
		attempts = append(attempts, a.GetDraft()+", ended by "+a.GetPrincipal()+": "+a.GetReason())
	}
	pairs := []pair{
		{"Request", r.GetName()},
		{"State", showEnum(r.GetState(), "STATE_")},
		{"Account", r.GetAccount()},
		{"Asked", r.GetAsked()},
		{"Because", r.GetReason()},
		{"Facts", showMap(r.GetFacts())},
		{"Requester", r.GetRequester()},
		{"Roles", strings.Join(r.GetRequesterRoles(), ", ")},
		{"Decider", r.GetDecider()},
		{"Declined because", r.GetDeclineReason()},
		{"Single operator", yesOnly(r.GetSingleOperator())},
		{"Draft", r.GetDraft()},
		{"Rules", strings.Join(r.GetRules(), ", ")},
		{"Version", r.GetScheduleVersion()},
		{"Earlier drafts", strings.Join(attempts, "\n")},
		{"Etag", r.GetEtag()},
	}
	if e := r.GetEffect(); e != nil {
		requested := "no"
		if e.GetRequested() {
			requested = "yes"
		}
		pairs = append(pairs, pair{"Account qualifies", requested}, pair{"Accounts that meet the rules", showCount(e.GetMeeting())},
			pair{"Others who would gain", showCount(e.GetOthers())}, pair{"Such as", showSome(e.GetOtherAccounts(), e.GetOthers())}, pair{"Cost a year", showMoney(e.GetCost())})
	}
	return o.printOne(env.Stdout, r, pairs)
}

// RequestsList is `evenhand requests list`.
type RequestsList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over state, account, requester."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RequestsList) Help() string {
	return `Examples:

  evenhand requests list --filter 'state = OPEN'
  evenhand requests list --filter 'account = "accounts/acme"'`
}

// Run asks and prints.
func (c *RequestsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewSpecialRequestsServiceClient(s)
		l := c.newList(env.Stdout, "specialRequests", "Request", "State", "Account", "Requester", "Asked", "Decider", "Draft")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.SpecialRequest], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListSpecialRequests(ctx, &entitlementsv1.ListSpecialRequestsRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*entitlementsv1.SpecialRequest]{answer.GetSpecialRequests(), answer.GetNextPageToken()}, err
		}, func(r *entitlementsv1.SpecialRequest) error {
			return l.add(r, r.GetName(), showEnum(r.GetState(), "STATE_"), r.GetAccount(), r.GetRequester(), r.GetAsked(), r.GetDecider(), r.GetDraft())
		})
	})
}

// RequestsGet is `evenhand requests get`.
type RequestsGet struct {
	RequestArg
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RequestsGet) Help() string {
	return `Examples:

  evenhand requests get thanks-for-acme`
}

// Run asks and prints.
func (c *RequestsGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		r, err := entitlementsv1.NewSpecialRequestsServiceClient(s).GetSpecialRequest(ctx, &entitlementsv1.GetSpecialRequestRequest{Name: c.name()})
		return c.printRequest(env, r, err)
	})
}

// RequestsCreate is `evenhand requests create`.
type RequestsCreate struct {
	AccountArg
	Asked  string            `arg:"" help:"What is asked for, in words."`
	Reason string            `required:"" placeholder:"TEXT" help:"Why."`
	Fact   map[string]string `placeholder:"NAME=VALUE" mapsep:"none" help:"What it rests on; may be given several times."`
	ID     string            `name:"id" placeholder:"ID" help:"The request's id; made by the server where it is not given."`

	ValidateOnly bool `help:"Check all of it, and create nothing."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RequestsCreate) Help() string {
	return `A request is declined with a reason, or made a rule for everybody. Nobody can grant it to the account alone.

Examples:

  evenhand requests create acme "Free shipping" --reason "They have been with us since 2014." --fact "customer since=2014"`
}

// Run creates the request and prints it.
func (c *RequestsCreate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		return forAccount(env, s, c.Account, func(account string) error {
			ctx, cancel := s.call(env)
			defer cancel()
			r, err := entitlementsv1.NewSpecialRequestsServiceClient(s).CreateSpecialRequest(ctx, &entitlementsv1.CreateSpecialRequestRequest{
				SpecialRequest:   &entitlementsv1.SpecialRequest{Account: account, Asked: c.Asked, Reason: c.Reason, Facts: c.Fact},
				SpecialRequestId: c.ID, ValidateOnly: c.ValidateOnly, RequestId: newRequestID()})
			return c.printRequest(env, r, err)
		})
	})
}

// RequestsDecline is `evenhand requests decline`.
type RequestsDecline struct {
	RequestArg
	Reason string `required:"" placeholder:"TEXT" help:"Why. Who asked is told: do not write what the customer spends."`
	Etag   string `help:"Decline it only if it still has this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RequestsDecline) Help() string {
	return `Nobody declines their own request, unless nobody else may decide.

Examples:

  evenhand requests decline thanks-for-acme --reason "Nobody else who was late was let off."`
}

// Run declines the request and prints it.
func (c *RequestsDecline) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		r, err := entitlementsv1.NewSpecialRequestsServiceClient(s).DeclineSpecialRequest(ctx, &entitlementsv1.DeclineSpecialRequestRequest{
			Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
		return c.printRequest(env, r, err)
	})
}

// RequestsRule is `evenhand requests rule`.
type RequestsRule struct {
	RequestArg
	Fragment     string `arg:"" help:"The rules, in YAML, with the benefits and bundles they need, as in a schedule file; - for standard input."`
	Reason       string `required:"" placeholder:"TEXT" help:"Why the schedule should change so."`
	Draft        string `placeholder:"ID" help:"The draft's id; made by the server where it is not given."`
	Etag         string `help:"Make a rule of it only if it still has this etag."`
	ValidateOnly bool   `help:"Only show who else would qualify, and what it would cost."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RequestsRule) Help() string {
	return `The rules are added to the version published last, as a draft that is then proposed and approved. Shown is who else would qualify, and what that would cost.

Examples:

  evenhand requests rule thanks-for-acme ten-years.yaml --reason "Who stays should not pay for shipping." --validate-only`
}

// Run makes the draft and prints the request.
func (c *RequestsRule) Run(env *Env) error {
	text, err := readAll(env, c.Fragment)
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		r, err := entitlementsv1.NewSpecialRequestsServiceClient(s).MakeRule(ctx, &entitlementsv1.MakeRuleRequest{
			Name: c.name(), Fragment: string(text), Reason: c.Reason, DraftId: c.Draft, Etag: c.Etag, ValidateOnly: c.ValidateOnly, RequestId: newRequestID()})
		if err != nil {
			return schedulePlaces(err, fileName(c.Fragment), "cannot be added to the schedule", edit{text: string(text)})
		}
		return c.printRequest(env, r, nil)
	})
}

// RequestsCount is `evenhand requests count`.
type RequestsCount struct {
	From Day `placeholder:"DATE" help:"The first day; from the beginning, where it is not given."`
	To   Day `placeholder:"DATE" help:"The last day; until now, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RequestsCount) Help() string {
	return `Examples:

  evenhand requests count --from 2026-01-01 --to 2026-12-31`
}

// Run asks and prints.
func (c *RequestsCount) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := entitlementsv1.NewSpecialRequestsServiceClient(s).CountSpecialRequests(ctx, &entitlementsv1.CountSpecialRequestsRequest{
			StartDate: c.From.Date, EndDate: c.To.Date})
		if err != nil {
			return err
		}
		if c.Output.Output == formatJSON {
			return printJSON(env.Stdout, answer)
		}
		l := c.newList(env.Stdout, "counts", "By", "Value", "Total", "Open", "In draft", "Declined", "Made rule", "Ended drafts")
		number := func(n int32) string { return strconv.Itoa(int(n)) }
		for _, n := range answer.GetCounts() {
			_ = l.add(n, n.GetBy(), n.GetValue(), number(n.GetTotal()), number(n.GetOpen()), number(n.GetInDraft()), number(n.GetDeclined()),
				number(n.GetMadeRule()), number(n.GetEndedDrafts())) // end tells
		}
		return l.end()
	})
}
