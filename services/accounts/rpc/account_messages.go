package rpc

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/type/date"

	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/accounts"
)

var states = map[accounts.State]accountsv1.Account_State{
	accounts.Prospect: accountsv1.Account_STATE_PROSPECT,
	accounts.Active:   accountsv1.Account_STATE_ACTIVE,
	accounts.Closed:   accountsv1.Account_STATE_CLOSED,
}

// stateName is a state's name in filters: PROSPECT, ACTIVE or CLOSED.
func stateName(s accounts.State) string {
	return strings.TrimPrefix(states[s].String(), "STATE_")
}

func accountOf(s resource.Stored[accounts.Account]) *accountsv1.Account {
	a := accountState(s.ID, &s.State)
	a.Etag, a.ConsistencyToken = s.Etag(), tokenOf(s.Aggregate, s.Version)
	return a
}

func accountState(id string, a *accounts.Account) *accountsv1.Account {
	out := &accountsv1.Account{
		Name: accounts.AccountName(id), DisplayName: a.DisplayName, ExternalId: a.ExternalID, Source: a.Source,
		State: states[a.State], JoinedDate: dateOf(a.Joined), ClosedDate: dateOf(a.Closed),
		Parent: optional(a.Parent, accounts.AccountName), Owner: optional(a.Owner, accounts.PrincipalName),
		ServiceTeam: named(a.Team, accounts.PrincipalName), Competitors: named(a.Competitors, accounts.AccountName),
		Attributes: a.Attributes, CreateTime: wire.Timestamp(a.Created), UpdateTime: wire.Timestamp(a.Updated),
	}
	for _, g := range a.Goals {
		out.Goals = append(out.Goals, &accountsv1.Goal{Statement: g.Statement, Measure: g.Measure, TargetDate: dateOf(g.Target)})
	}
	return out
}

// accountFrom reads what callers may set of an account.
func accountFrom(in *accountsv1.Account) (accounts.Account, error) {
	joined, err := day("account.joined_date", in.GetJoinedDate())
	if err != nil {
		return accounts.Account{}, err
	}
	a := accounts.Account{
		DisplayName: in.GetDisplayName(), ExternalID: in.GetExternalId(), Source: in.GetSource(), Joined: joined,
		Parent: names.First(in.GetParent(), "accounts"), Owner: names.First(in.GetOwner(), "principals"),
		Team: ids(in.GetServiceTeam(), "principals"), Competitors: ids(in.GetCompetitors(), "accounts"),
	}
	if len(in.GetAttributes()) > 0 {
		a.Attributes = in.GetAttributes()
	}
	for i, g := range in.GetGoals() {
		target, err := day(fmt.Sprintf("account.goals[%d].target_date", i), g.GetTargetDate())
		if err != nil {
			return accounts.Account{}, err
		}
		a.Goals = append(a.Goals, accounts.Goal{Statement: g.GetStatement(), Measure: g.GetMeasure(), Target: target})
	}
	return a, nil
}

// turning is a request to activate or close an account.
type turning interface {
	request.Mutation
	GetName() string
	GetDate() *date.Date
	GetEtag() string
}

// anyDay lets a turn be made on any day.
func anyDay(context.Context, resource.Stored[accounts.Account], *accounts.Day) error { return nil }

func (s *accountsServer) turn(ctx context.Context, r turning, allowed func(context.Context, resource.Stored[accounts.Account], *accounts.Day) error,
	turn func(context.Context, resource.Call, string, string, *accounts.Day) (resource.Stored[accounts.Account], error),
) (*accountsv1.Account, error) {
	before, err := s.domain.Accounts.Get(ctx, names.First(r.GetName(), "accounts"))
	if err != nil {
		return nil, err
	}
	if err := checkAssigned(ctx, updateAccounts, before); err != nil {
		return nil, err
	}
	on, err := day("date", r.GetDate())
	if err != nil {
		return nil, err
	}
	if err := allowed(ctx, before, on); err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return answer(turn(ctx, c, before.ID, r.GetEtag(), on))
}
