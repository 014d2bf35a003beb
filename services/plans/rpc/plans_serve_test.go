package rpc_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/internal/resource"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/changes"
	"github.com/evenhand/evenhand/services/plans/feeds"
	"github.com/evenhand/evenhand/services/plans/rpc"
)

// planned is PlansService behind a real server, at noon UTC of 10 March 2027. Its callers
// are principals/<role>, one for each role. The account acme is account-manager's; brook is
// somebody else's; nobody owns cord; old is closed.
type planned struct {
	server *server.Server
	people *crm
}

// crm is the accounts service of these tests.
type crm struct {
	mu       sync.Mutex
	accounts map[string]feeds.Account
}

func (c *crm) Account(_ context.Context, id string) (feeds.Account, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, has := c.accounts[id]
	if a.ID = id; !has {
		return a, fault.Missing("evenhand/Account", plans.AccountName(id))
	}
	return a, nil
}

func (*crm) Principal(_ context.Context, id string) error {
	if id == "nobody" {
		return fault.Missing("evenhand/Principal", plans.PrincipalName(id))
	}
	return nil
}

// chores are what is due of a plan.
type chores []rpc.Due

func (c chores) Due(context.Context, string) ([]rpc.Due, error) { return c, nil }

func servePlans(t *testing.T, duties ...rpc.Duties) *planned {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	requests, err := resource.OpenRequests(t.Context(), store, func() time.Time { return time.Date(2027, 3, 10, 12, 0, 0, 0, time.UTC) })
	require.NoError(t, err)
	p := &planned{people: &crm{accounts: map[string]feeds.Account{
		"acme":  {DisplayName: "Acme", State: feeds.Active, Owner: "account-manager", Team: []string{"ben"}, Attributes: map[string]string{"sector": "Energy"}},
		"brook": {DisplayName: "Brook", State: feeds.Active, Owner: "admin", Attributes: map[string]string{"sector": "Energy"}},
		"cord":  {DisplayName: "Cord", State: feeds.Prospect, Attributes: map[string]string{"sector": "Rope"}},
		"old":   {DisplayName: "Old", State: feeds.Closed, Owner: "account-manager", Attributes: map[string]string{"sector": "Energy"}},
	}}}
	domain, err := plans.Open(t.Context(), store, requests, plans.Options{Directory: p.people})
	require.NoError(t, err)
	for id, a := range p.people.accounts {
		a.ID = id
		require.NoError(t, domain.Accounts.Take(t.Context(), []feeds.Change{{Position: 1, Account: &a}}))
	}
	keys := &auth.Keyring{}
	for _, role := range auth.Roles() {
		keys.Add(tokenOf(role), auth.NewPrincipal("principals/"+string(role), "", true, role))
	}
	p.server, err = server.New(t.Context(), server.Options{Authenticator: keys, Faults: rpc.Faults},
		rpc.Service(rpc.Domain{Plans: domain, Assignments: p.people, Changes: changes.Open(store), Duties: duties}))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	for _, run := range []func(context.Context) error{p.server.Run, store.RunRelay} {
		go func() { ended <- errors.Join(run(ctx), ctx.Err()) }()
	}
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("it ended with %v", err)
			}
		}
		require.NoError(t, store.Close())
	})
	return p
}

// dial connects as the person with a role.
func (p *planned) dial(t *testing.T, role auth.Role) *grpc.ClientConn {
	t.Helper()
	conn, err := p.server.Dial(auth.Bearer(tokenOf(role)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return conn
}

// as returns a client that calls as the person with a role.
func (p *planned) as(t *testing.T, role auth.Role) plansv1.PlansServiceClient {
	t.Helper()
	return plansv1.NewPlansServiceClient(p.dial(t, role))
}

// fieldsIn are the fields that an error names.
func fieldsIn(err error) (fields []string) {
	for _, d := range status.Convert(err).Details() {
		if bad, is := d.(*errdetails.BadRequest); is {
			for _, v := range bad.GetFieldViolations() {
				fields = append(fields, v.GetField())
			}
		}
	}
	return fields
}

// unmet are the subjects of the conditions that an error names.
func unmet(err error) (subjects []string) {
	for _, d := range status.Convert(err).Details() {
		if failed, is := d.(*errdetails.PreconditionFailure); is {
			for _, v := range failed.GetViolations() {
				subjects = append(subjects, v.GetSubject())
			}
		}
	}
	return subjects
}

// wholePlan is a plan of an account that lacks nothing.
func wholePlan(account string) *plansv1.Plan {
	return &plansv1.Plan{
		Account: "accounts/" + account,
		Goals: []*plansv1.Goal{{Statement: "Deliver on the day", Measure: "orders on the day", Unit: "%",
			Baseline: 80, BaselineDate: on(2027, 3, 1), Target: 95, TargetDate: on(2027, 3, 31)}},
		CustomerEffect: "Their customers wait less.", Contribution: "A forecast.",
		Strategy: &plansv1.Strategy{GapDays: 3, QuietHours: "18:00-09:00", Calendar: "office", Cadences: []*plansv1.Cadence{{
			Purpose: "Review the month", Channel: plansv1.Channel_CHANNEL_CALL, Rule: "FREQ=MONTHLY;BYDAY=2TU", Start: "2027-03-01T10:00",
			TimeZone: "Europe/Paris", Audience: []string{"finance"}}}},
	}
}

// begin begins and activates the plan of an account.
func begin(t *testing.T, c plansv1.PlansServiceClient, account string) *plansv1.Plan {
	t.Helper()
	_, err := c.CreatePlan(t.Context(), &plansv1.CreatePlanRequest{Plan: wholePlan(account)})
	require.NoError(t, err)
	p, err := c.ActivatePlan(t.Context(), &plansv1.ActivatePlanRequest{Name: "plans/" + account})
	require.NoError(t, err)
	return p
}
