package rpc

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/clauses"
	"github.com/evenhand/evenhand/services/entitlements/houserules"
	"github.com/evenhand/evenhand/services/entitlements/remedies"
	"github.com/evenhand/evenhand/services/entitlements/reviews"
)

// ReviewDirectory knows what reviews, house rules, clauses and remedies name. Accounts are
// those of the service's own copy, and where that has not heard of one yet, of the accounts
// service, which is also asked for principals.
type ReviewDirectory struct {
	decisions *entitlements.Service
	accounts  accountsv1.AccountsServiceClient
	access    accountsv1.AccessServiceClient

	// HouseRules and Clauses are the subjects of reviews.
	HouseRules *houserules.Service
	Clauses    *clauses.Service
	// FindCase returns resource.ErrNotFound where there is no case of that resource name;
	// nil where there are no cases.
	FindCase func(ctx context.Context, name string) error
	// InDraft says whether a benefit waives a house rule in a draft of the schedule; nil
	// where there are no drafts.
	InDraft func(ctx context.Context, benefit, houseRule string) (bool, error)
}

var (
	_ reviews.Directory    = (*ReviewDirectory)(nil)
	_ houserules.Directory = (*ReviewDirectory)(nil)
	_ clauses.Directory    = (*ReviewDirectory)(nil)
	_ remedies.Directory   = (*ReviewDirectory)(nil)
)

// NewReviewDirectory returns a directory on a connection to the accounts service, whose
// calls carry a token that may read accounts and principals: one of a principal with the
// role service.
func NewReviewDirectory(decisions *entitlements.Service, conn grpc.ClientConnInterface) *ReviewDirectory {
	return &ReviewDirectory{decisions: decisions,
		accounts: accountsv1.NewAccountsServiceClient(conn), access: accountsv1.NewAccessServiceClient(conn)}
}

// Principal returns resource.ErrNotFound where there is no principal of that id.
func (d *ReviewDirectory) Principal(ctx context.Context, id string) error {
	_, err := d.access.GetPrincipal(ctx, &accountsv1.GetPrincipalRequest{Name: names.Join("principals", id)})
	return notFound(names.Join("principals", id), err)
}

// Account implements houserules.Directory and clauses.Directory.
func (d *ReviewDirectory) Account(ctx context.Context, id string) error {
	err := d.decisions.Known(ctx, id)
	if !errors.Is(err, entitlements.ErrNotFound) {
		return err
	}
	_, err = d.accounts.GetAccount(ctx, &accountsv1.GetAccountRequest{Name: names.Join("accounts", id)})
	return notFound(names.Join("accounts", id), err)
}

// notFound makes NOT_FOUND of the accounts service resource.ErrNotFound.
func notFound(name string, err error) error {
	if status.Code(err) == codes.NotFound {
		return resource.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("ask the accounts service for %s: %w", name, err)
	}
	return nil
}

// Accounts implements houserules.Directory.
func (d *ReviewDirectory) Accounts(ctx context.Context) (int, error) {
	return d.decisions.CountActive(ctx)
}

// Waived implements houserules.Directory.
func (d *ReviewDirectory) Waived(ctx context.Context, account, benefit, houseRule string) (bool, error) {
	due, err := d.decisions.Waived(ctx, account, benefit, houseRule)
	if errors.Is(err, entitlements.ErrNoSchedule) { // nothing is due to anybody
		return false, nil
	}
	return due, err
}

// Case implements clauses.Directory.
func (d *ReviewDirectory) Case(ctx context.Context, name string) error {
	if d.FindCase == nil {
		return resource.ErrNotFound
	}
	return d.FindCase(ctx, name)
}

// Subject implements reviews.Directory.
func (d *ReviewDirectory) Subject(ctx context.Context, name string) error {
	if id, ok := names.ID(name, "houseRules"); ok {
		_, err := d.HouseRules.Get(ctx, id)
		return err
	}
	if id, ok := names.ID(name, "clauses"); ok {
		_, err := d.Clauses.Get(ctx, id)
		return err
	}
	return fault.Missing("evenhand/Review", name)
}

// Waives implements reviews.Directory.
func (d *ReviewDirectory) Waives(ctx context.Context, benefit, houseRule string) (bool, error) {
	if d.decisions.Waives(benefit, houseRule) {
		return true, nil
	}
	if d.InDraft == nil {
		return false, nil
	}
	return d.InDraft(ctx, benefit, houseRule)
}

// Benefit implements remedies.Directory.
func (d *ReviewDirectory) Benefit(_ context.Context, id string) error {
	if slices.Contains(d.decisions.Benefits(), id) {
		return nil
	}
	return fault.Missing("evenhand/Benefit", id)
}
