package accounts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// settle creates, changes or finds the accounts of rows, each of which names another,
// and whose parents are there.
func (im *accountsImport) settle(ctx context.Context, rows []*accountRow) error {
	refs := make([]string, len(rows))
	for i, row := range rows {
		refs[i] = row.state.ExternalID
	}
	// What the cache says is not enough here: the account itself is wanted, and only one
	// of this source.
	there, err := im.resolver.defined(ctx, refs)
	if err != nil {
		return err
	}
	var fresh []*accountRow
	for _, row := range rows {
		var err error
		switch account, known := there[row.state.ExternalID]; {
		case known:
			err = im.meet(ctx, row, account)
		case im.start.ValidateOnly && im.resolver.wouldBeThere(row.state.ExternalID):
			err = im.pretend(ctx, []*accountRow{row}) // in its turn among those that are there
		default:
			fresh = append(fresh, row)
		}
		if err != nil {
			return err
		}
	}
	if im.start.ValidateOnly {
		return im.pretend(ctx, fresh)
	}
	return im.create(ctx, fresh)
}

const noSlug = "no id can be made of it: it has no letter or digit of ASCII"

// create makes the accounts of rows.
func (im *accountsImport) create(ctx context.Context, rows []*accountRow) error {
	ids := make([]string, 0, len(rows))
	states := make([]Account, 0, len(rows))
	kept := make([]*accountRow, 0, len(rows))
	for _, row := range rows {
		id := slug(row.state.ExternalID)
		if id == "" {
			im.refuse(row.line, "external_id", noSlug)
			continue
		}
		ids, states, kept = append(ids, id), append(states, row.state), append(kept, row)
	}
	if len(ids) == 0 {
		return nil
	}
	failed, err := im.accounts.accounts.CreateMany(ctx, im.call, ids, states, "account.created")
	if err != nil {
		return err
	}
	for i, row := range kept {
		if failed[i] {
			if err := im.lost(ctx, row, ids[i]); err != nil {
				return err
			}
			continue
		}
		im.counts.AccountsCreated++
		im.accept(row, ids[i], &im.counts.Written)
	}
	return nil
}

// accept counts a row that was not refused.
func (im *accountsImport) accept(row *accountRow, id string, count *int64) {
	im.counts.Read++
	*count++
	if before, _ := im.different.add(hash64([]byte(id))); before == 0 {
		im.counts.Accounts++
	}
	im.resolver.cache.put(row.state.ExternalID, id)
}

// lost deals with a row whose account could not be created: another importer was
// faster, or the id is somebody else's.
func (im *accountsImport) lost(ctx context.Context, row *accountRow, id string) error {
	ref := row.state.ExternalID
	there, err := im.resolver.defined(ctx, []string{ref})
	if err != nil {
		return err
	}
	if account, known := there[ref]; known {
		return im.meet(ctx, row, account)
	}
	account, err := im.accounts.Get(ctx, id)
	if err != nil {
		return err
	}
	im.refuse(row.line, "external_id", im.resolver.collided(id, account.State, ref))
	return nil
}

// meet deals with a row whose account is there: it says the same, or changes it, or is
// refused.
func (im *accountsImport) meet(ctx context.Context, row *accountRow, account resource.Stored[Account]) error {
	if im.start.ValidateOnly {
		return im.pretendOne(ctx, row, account.ID, im.asItWouldBe(account))
	}
	patch, differs := row.differences(account.State)
	if len(differs) == 0 {
		im.accept(row, account.ID, &im.counts.AlreadyThere)
		return nil
	}
	if !im.start.UpdateExisting {
		im.refuse(row.line, differs[0], otherwise(account.ID, differs[0]))
		return nil
	}
	if _, err := im.accounts.Update(ctx, im.call, account.ID, "", patch, false); err != nil {
		return im.refuseInvalid(row, err)
	}
	im.accept(row, account.ID, &im.counts.Written)
	return nil
}

// refuseInvalid refuses a row that would make its account invalid; other errors it
// returns.
func (im *accountsImport) refuseInvalid(row *accountRow, err error) error {
	var wrong *fault.Error
	if !errors.Is(err, ErrInvalid) || !errors.As(err, &wrong) {
		return err
	}
	field := strings.TrimPrefix(wrong.Fields[0].Path, "account.")
	if field == "joined_date" {
		field = "joined" // what rows call it
	}
	im.refuse(row.line, field, wrong.Fields[0].Description)
	return nil
}

func otherwise(id, field string) string {
	return fmt.Sprintf("%s is there with another %s: import with --update to change it", AccountName(id), field)
}

// differences returns what a row says otherwise than the account; what it leaves empty
// it does not say.
func (r *accountRow) differences(a Account) (p AccountPatch, fields []string) {
	s := &r.state
	if s.DisplayName != "" && s.DisplayName != a.DisplayName {
		p.DisplayName, fields = &s.DisplayName, append(fields, "display_name")
	}
	if s.Joined != nil && (a.Joined == nil || *s.Joined != *a.Joined) {
		p.Joined, fields = &s.Joined, append(fields, "joined")
	}
	if r.givenState && s.State != a.State {
		p.state, p.closed, fields = &s.State, &s.Closed, append(fields, "state")
	}
	if s.Parent != "" && s.Parent != a.Parent {
		p.Parent, fields = &s.Parent, append(fields, "parent")
	}
	if s.Owner != "" && s.Owner != a.Owner {
		p.Owner, fields = &s.Owner, append(fields, "owner")
	}
	for _, key := range slices.Sorted(maps.Keys(s.Attributes)) {
		if s.Attributes[key] != a.Attributes[key] {
			p.SetAttributes, fields = s.Attributes, append(fields, "attributes."+key)
		}
	}
	return p, fields
}
