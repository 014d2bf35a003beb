package accounts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

const ownParent = "an account cannot be its own parent"

// checkReferences wants every account and principal that an account names to exist,
// its attribute keys to be declared, and none of them to be itself. None is ever
// deleted, so what holds now holds when the account is written.
func (a *Accounts) checkReferences(ctx context.Context, id string, s Account) error {
	var wrong []fault.Field
	if s.Parent == id {
		wrong = append(wrong, fault.Field{Path: "account.parent", Description: ownParent})
	}
	if slices.Contains(s.Competitors, id) {
		wrong = append(wrong, fault.Field{Path: "account.competitors", Description: "an account cannot be its own competitor"})
	}
	missing, err := a.missingAccounts(ctx, s)
	if err != nil {
		return err
	}
	wrong = append(wrong, missing...)
	if missing, err = a.access.missingPrincipals(ctx, s); err != nil {
		return err
	}
	wrong = append(wrong, missing...)
	if wrong != nil {
		return failFields(ErrInvalid, AccountName(id), wrong...)
	}
	return a.checkAttributes(ctx, s.Attributes)
}

func (a *Accounts) missingAccounts(ctx context.Context, s Account) ([]fault.Field, error) {
	ids := slices.Clone(s.Competitors)
	if s.Parent != "" {
		ids = append(ids, s.Parent)
	}
	found, err := a.accounts.Versions(ctx, ids)
	if err != nil {
		return nil, err
	}
	var wrong []fault.Field
	if _, ok := found[s.Parent]; s.Parent != "" && !ok {
		wrong = append(wrong, fault.Field{Path: "account.parent", Description: AccountName(s.Parent) + " does not exist"})
	}
	for i, c := range s.Competitors {
		if _, ok := found[c]; !ok {
			wrong = append(wrong, fault.Field{Path: fmt.Sprintf("account.competitors[%d]", i), Description: AccountName(c) + " does not exist"})
		}
	}
	return wrong, nil
}

// moveBelow changes an account, its parent among the rest, so that no account ever is
// above itself, whatever others are moved at the same time.
func (a *Accounts) moveBelow(
	ctx context.Context, call resource.Call, before resource.Stored[Account], etag string, patch AccountPatch, check bool,
) (resource.Stored[Account], error) {
	id, parent := before.ID, *patch.Parent
	if check {
		if err := patch.apply(&before.State); err != nil {
			return resource.Stored[Account]{}, err
		}
		return before, a.checkAbove(ctx, id, parent, nil)
	}
	var moved resource.Stored[Account]
	err := a.parents.Apply(ctx, id, parent,
		func(version int64, pending []resource.Intent) error {
			now := resource.Stored[Account]{ID: id, Version: version, Created: before.Created}
			if err := a.accounts.Check(now, resource.IfEtag[Account](etag)); err != nil {
				return err
			}
			return a.checkAbove(ctx, id, parent, pending)
		},
		func(version int64) (err error) {
			moved, err = a.accounts.Update(ctx, call, id, resource.IfVersion[Account](version), "account.updated", patch.apply)
			return err
		})
	return moved, err
}

// checkAbove refuses a parent that is the account itself or below it. Pending are moves
// that may have been made or not: a way up that needs one of them is errBlocked.
func (a *Accounts) checkAbove(ctx context.Context, id, parent string, pending []resource.Intent) error {
	err := checkWayUp(id, parent, func(up string) (string, error) {
		s, err := a.Get(ctx, up)
		return s.State.Parent, err
	})
	if err != nil {
		return err
	}
	if mayReach(ctx, a, id, parent, pending) {
		return resource.ErrBlocked
	}
	return nil
}

// checkWayUp refuses a parent on whose way up the account itself is; above returns the
// parent of an account, or nothing.
func checkWayUp(id, parent string, above func(id string) (string, error)) error {
	way := []string{AccountName(id)}
	for up := parent; up != ""; {
		met := slices.Contains(way, AccountName(up))
		way = append(way, AccountName(up))
		switch {
		case up == id:
			return wrongParent(id, circle(way))
		case met: // no guarded change makes this, so that somebody else has
			return wrongParent(id, fmt.Sprintf("accounts above it are above themselves (%s): take %s out from below the one above it first",
				strings.Join(way, " below "), AccountName(up)))
		}
		var err error
		if up, err = above(up); err != nil {
			return err
		}
	}
	return nil
}

func wrongParent(id, text string) error {
	return failFields(ErrInvalid, AccountName(id), fault.Field{Path: "account.parent", Description: text})
}

// mayReach says whether there is a way up from an account to another if any of the
// pending moves are made.
func mayReach(ctx context.Context, a *Accounts, to, from string, pending []resource.Intent) bool {
	seen := map[string]bool{}
	open := []string{from}
	for len(open) > 0 {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		if at == to {
			return true
		}
		if at == "" || seen[at] {
			continue
		}
		seen[at] = true
		for _, in := range pending {
			if in.ID == at {
				open = append(open, in.Value)
			}
		}
		s, err := a.Get(ctx, at)
		if err != nil {
			return true // it cannot be ruled out: the caller tries again, and meets the error
		}
		open = append(open, s.State.Parent)
	}
	return false
}

func circle(way []string) string {
	return "the accounts would be above themselves: " + strings.Join(way, " below ")
}

func isDuplicate(err error) bool {
	var duplicate *docstore.DuplicateError
	return errors.As(err, &duplicate)
}
