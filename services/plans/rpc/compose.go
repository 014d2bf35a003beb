package rpc

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
	"github.com/evenhand/evenhand/services/plans/rewards"
	"github.com/evenhand/evenhand/services/plans/sessions"
	"github.com/evenhand/evenhand/services/plans/signals"
	"github.com/evenhand/evenhand/services/plans/statements"
	"github.com/evenhand/evenhand/services/plans/touchpoints"
)

// SuggestedTouchpoints plans what accepted suggestions ask for. It implements
// signals.Touchpoints.
type SuggestedTouchpoints struct{ Touchpoints *touchpoints.Service }

// Plan implements signals.Touchpoints.
func (s SuggestedTouchpoints) Plan(ctx context.Context, call resource.Call, t signals.Touchpoint) (string, error) {
	id := "suggestion-" + names.Last(t.Suggestion)
	made, err := s.Touchpoints.Plan(ctx, call, touchpoints.New{ID: id, Plan: t.Account, Origin: touchpoints.OfSuggestion,
		Source: t.Suggestion, Purpose: t.Purpose, Channel: t.Channel, Due: t.Day}, false)
	if err != nil {
		return "", err
	}
	return touchpoints.Name(made.ID), nil
}

// InvitingTouchpoints plans the invitations to strategy sessions. It implements
// sessions.Touchpoints.
type InvitingTouchpoints struct{ Touchpoints *touchpoints.Service }

// Name implements sessions.Touchpoints.
func (s InvitingTouchpoints) Name(t sessions.Touchpoint) string {
	return touchpoints.Name(touchpoints.ID(t.Account, invitationID(names.Last(t.Session), t.Number)))
}

// Plan implements sessions.Touchpoints.
func (s InvitingTouchpoints) Plan(ctx context.Context, call resource.Call, t sessions.Touchpoint) error {
	_, err := s.Touchpoints.Plan(ctx, call, touchpoints.New{ID: invitationID(names.Last(t.Session), t.Number), Plan: t.Account,
		Origin: touchpoints.OfSession, Source: t.Session, Purpose: t.Purpose, Channel: t.Channel, Contacts: t.Contacts, Due: t.Due}, false)
	return err
}

// invitationID is the id of the touchpoint by which an account is invited to a session after
// a number of others: one that says so where there is room for it. The number stands before
// the session's id, which may itself end in one.
func invitationID(session string, before int) string {
	prefix := "session-"
	if before > 0 {
		prefix = fmt.Sprintf("session%d-", before+1)
	}
	if id := prefix + session; names.IsID(id) {
		return id
	}
	sum := sha256.Sum256([]byte(session))
	return prefix + hex.EncodeToString(sum[:16])
}

// Skip implements sessions.Touchpoints.
func (s InvitingTouchpoints) Skip(ctx context.Context, call resource.Call, name, reason string) error {
	plan, id := names.First(name, "plans"), names.Last(name)
	_, err := s.Touchpoints.Skip(ctx, call, plan+"/"+id, "", reason)
	if errors.Is(err, touchpoints.ErrState) {
		return nil // it was done, or has ended otherwise
	}
	return err
}

// PlannedContacts are the contacts that are planned with an account, as what comes next in its
// value statement. Those of suggestions are not among them: they say what the company has
// noticed of the customer, in words for its own people. It implements statements.Prospects.
type PlannedContacts struct{ Touchpoints *touchpoints.Service }

// Next implements statements.Prospects.
func (p PlannedContacts) Next(ctx context.Context, account string) ([]statements.Prospect, error) {
	planned, err := p.Touchpoints.Next(ctx, account)
	if err != nil {
		return nil, err
	}
	var list []statements.Prospect
	for _, t := range planned {
		if t.State.Origin != touchpoints.OfSuggestion {
			list = append(list, statements.Prospect{Name: touchpoints.Name(t.ID), Text: t.State.Purpose, Day: t.State.DueDay})
		}
	}
	return list, nil
}

// rewardKinds are the kinds of work as point rules name them.
var rewardKinds = map[string]rewards.Kind{
	"touchpoint": rewards.TouchpointDone, "engagement": rewards.EngagementCompleted, "project": rewards.ProjectConfirmed,
	"session": rewards.SessionAnswered, "goal": rewards.GoalReached,
}

// RewardedWork hands completed work to the ledger of points. It implements feeds.Taker.
func RewardedWork(ledger *rewards.Service) feeds.Taker {
	return feeds.TakerFunc(func(ctx context.Context, changes []feeds.Change) error {
		var works []rewards.Work
		for i := range changes {
			if w := changes[i].Work; w != nil && !w.Missed && rewardKinds[w.Kind] != "" {
				works = append(works, rewarded(w, changes[i].Position))
			}
		}
		if len(works) == 0 {
			return nil
		}
		return ledger.Observe(ctx, works)
	})
}

// rewarded is work as the ledger of points sees it. Its version is its place in the feed, in
// which what became of it later stands behind.
func rewarded(w *feeds.Work, position int64) rewards.Work {
	recorder := strings.TrimPrefix(w.Recorder, principalPrefix)
	r := rewards.Work{
		Name: w.Name, Version: position, Kind: rewardKinds[w.Kind], Account: w.Account, Persons: w.Persons, Team: w.Team,
		Completed: w.Completed, Confirmed: w.Confirmed, Rating: w.Rating, Evidence: w.Evidence, Origin: w.Origin,
		OutcomeDigest: w.OutcomeDigest, OutcomeLength: w.OutcomeLength, Withdrawn: w.Withdrawn,
		SelfReported: recorder == "" || slices.Contains(w.Persons, recorder),
	}
	if w.Confirmed || w.Rating > 0 {
		r.HeardBy = cmp.Or(strings.TrimPrefix(w.HeardBy, principalPrefix), recorder)
	}
	if w.Kind == "touchpoint" && w.Origin == string(touchpoints.OfSuggestion) {
		r.Kind = rewards.SuggestionActedOn
	}
	for _, contact := range w.Contacts {
		if !strings.Contains(contact, "/") {
			contact = plans.AccountName(w.Account) + "/contacts/" + contact
		}
		r.Contacts = append(r.Contacts, contact)
	}
	return r
}
