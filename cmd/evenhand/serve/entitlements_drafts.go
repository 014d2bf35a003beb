package serve

import (
	"context"
	"errors"
	"math/big"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/requests"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// addDrafts makes the use cases of drafts of the schedule and of special requests.
func (p *process) addDrafts(
	ctx context.Context, store *docstore.Store, decisions *entitlements.Service, accounts accountDirectory, people requests.People,
) (*requests.Service, error) {
	drafts, err := requests.Open(ctx, store, decisions.Requests(), editions{decisions, accounts}, people, nil)
	if err == nil {
		p.parts = append(p.parts, lifecycle.Part{Name: "drafts of the schedule", Run: untilStopped(drafts.Run)})
	}
	return drafts, err
}

// editions is the published schedule as drafts and special requests see it.
type editions struct {
	service  *entitlements.Service
	accounts accountDirectory
}

// accountDirectory knows which accounts there are, also those created a moment ago.
type accountDirectory interface {
	// Account returns resource.ErrNotFound where there is no account of an id.
	Account(ctx context.Context, id string) error
}

// Read implements requests.Schedule.
func (e editions) Read(ctx context.Context, file []byte) (*schedule.Schedule, error) {
	return e.service.ReadSchedule(file)
}

// Last implements requests.Schedule.
func (e editions) Last(ctx context.Context) (int, *schedule.Schedule, error) {
	v, err := e.service.LastVersion(ctx)
	if err != nil || v == nil {
		return 0, nil, err
	}
	return v.Number, v.Schedule, nil
}

// Check implements requests.Schedule.
func (e editions) Check(ctx context.Context, edition requests.Edition) error {
	p := publishing(edition)
	p.ValidateOnly = true
	_, _, err := e.service.Publish(ctx, p)
	return err
}

// Publish implements requests.Schedule.
func (e editions) Publish(ctx context.Context, edition requests.Edition) (int, error) {
	v, _, err := e.service.Publish(ctx, publishing(edition))
	if err != nil {
		return 0, err
	}
	return v.Number, nil
}

func publishing(e requests.Edition) entitlements.Publishing {
	return entitlements.Publishing{File: e.File, Publisher: e.Approver, Draft: &entitlements.ApprovedDraft{
		Name: e.Draft, Proposer: e.Proposer, Base: e.Base, SingleOperator: e.SingleOperator,
	}}
}

// foreseenExamples is how many accounts are named of those that rules would concern.
const foreseenExamples = 10

// Foresee implements requests.Schedule.
func (e editions) Foresee(ctx context.Context, file []byte, rules []string, account string) (requests.Effect, error) {
	s, err := e.service.Simulate(ctx, entitlements.Simulating{File: file, Rules: rules, Account: account, Sample: foreseenExamples + 1})
	if err != nil {
		return requests.Effect{}, err
	}
	effect := requests.Effect{At: s.At, Currency: s.Currency, Meeting: s.Chosen.Holders, Others: s.Chosen.Newly, Requested: s.Chosen.Account}
	if effect.Requested {
		effect.Others--
	}
	for _, id := range s.Chosen.Newcomers {
		if id != account && len(effect.Examples) < foreseenExamples {
			effect.Examples = append(effect.Examples, id)
		}
	}
	effect.Cost = minor(s.Chosen.Cost)
	return effect, nil
}

func minor(amount *big.Int) *int64 {
	if amount == nil {
		return nil
	}
	n := amount.Int64()
	return &n
}

// Account implements requests.Schedule.
func (e editions) Account(ctx context.Context, id string) error {
	err := e.accounts.Account(ctx, id)
	if errors.Is(err, resource.ErrNotFound) {
		return fault.Missing("evenhand/Account", "accounts/"+id)
	}
	return err
}
