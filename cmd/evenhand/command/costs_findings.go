package command

import (
	"strings"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// CostsFindings is `evenhand costs findings`.
type CostsFindings struct {
	List        CostsFindingsList        `cmd:"" help:"List findings, the latest first."`
	Get         CostsFindingsGet         `cmd:"" help:"Show a finding."`
	Acknowledge CostsFindingsAcknowledge `cmd:"" help:"Say what you make of a finding."`
}

// CostFindingArg is the argument that names a finding.
type CostFindingArg struct {
	Finding string `arg:"" placeholder:"FINDING" help:"Its id, as five-percent.account.acme.2026-q4, or its name, as costFindings/…"`
}

func (a CostFindingArg) name() string {
	return "costFindings/" + strings.TrimPrefix(a.Finding, "costFindings/")
}

func (o Output) printCostFinding(env *Env, f *entitlementsv1.CostFinding, err error) error {
	if err != nil {
		return err
	}
	m := f.GetMeasured()
	return o.printOne(env.Stdout, f, []pair{
		{"Finding", f.GetName()},
		{"Limit", f.GetCostLimit()},
		{"Above", showCostBound(f.GetBound())},
		{"Of", m.GetKey()},
		{"Measured", showSpan(f.GetFromDate(), f.GetToDate())},
		{"Cost", showMoney(m.GetCost())},
		{"Cost before", showMoney(f.GetCostBefore())},
		{"Revenue", showMoney(m.GetRevenue())},
		{"Share", showPart(m.Share)}, //nolint:protogetter // nil is another thing than 0
		{"State", showEnum(f.GetState(), "STATE_")},
		{"Open since", showTime(f.GetOpenTime())},
		{"Acknowledged by", f.GetAcknowledger()},
		{"Acknowledged at", showTime(f.GetAcknowledgeTime())},
		{"Note", f.GetNote()},
		{"Closed at", showTime(f.GetCloseTime())},
		{"Etag", f.GetEtag()},
	})
}

// CostsFindingsList is `evenhand costs findings list`.
type CostsFindingsList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over state, cost_limit, key."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CostsFindingsList) Help() string {
	return `Examples:

  evenhand costs findings list --filter 'state = OPEN'
  evenhand costs findings list --filter 'cost_limit = "costLimits/five-percent" AND key = "accounts/brook-and-sons"'`
}

// Run asks and prints.
func (c *CostsFindingsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewCostsServiceClient(s)
		l := c.newList(env.Stdout, "costFindings", "Finding", "Of", "Above", "Cost", "Share", "State", "Open since", "Note")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.CostFinding], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListCostFindings(ctx, &entitlementsv1.ListCostFindingsRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*entitlementsv1.CostFinding]{answer.GetCostFindings(), answer.GetNextPageToken()}, err
		}, func(f *entitlementsv1.CostFinding) error {
			m := f.GetMeasured()
			return l.add(f, f.GetName(), m.GetKey(), showCostBound(f.GetBound()), showMoney(m.GetCost()), showPart(m.Share), //nolint:protogetter // nil is another thing than 0
				showEnum(f.GetState(), "STATE_"), showTime(f.GetOpenTime()), f.GetNote())
		})
	})
}

// CostsFindingsGet is `evenhand costs findings get`.
type CostsFindingsGet struct {
	CostFindingArg
	Output
	Connection
}

// Run asks and prints.
func (c *CostsFindingsGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		f, err := entitlementsv1.NewCostsServiceClient(s).GetCostFinding(ctx, &entitlementsv1.GetCostFindingRequest{Name: c.name()})
		return c.printCostFinding(env, f, err)
	})
}

// CostsFindingsAcknowledge is `evenhand costs findings acknowledge`.
type CostsFindingsAcknowledge struct {
	CostFindingArg
	Note string `required:"" placeholder:"TEXT" help:"What you make of it, and what follows."`
	Etag string `help:"Acknowledge it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CostsFindingsAcknowledge) Help() string {
	return `A finding stays, acknowledged, until what it is about is under its limit again.

Example:

  evenhand costs findings acknowledge five-percent.account.brook-and-sons.2026-q4 --note "Their first year; looked at again in spring."`
}

// Run acknowledges and prints it.
func (c *CostsFindingsAcknowledge) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		f, err := entitlementsv1.NewCostsServiceClient(s).AcknowledgeCostFinding(ctx, &entitlementsv1.AcknowledgeCostFindingRequest{
			Name: c.name(), Note: c.Note, Etag: c.Etag, RequestId: newRequestID()})
		return c.printCostFinding(env, f, err)
	})
}
