package accounts

import (
	"context"
	"maps"
	"slices"

	"github.com/evenhand/evenhand/internal/resource"
)

// maxPretended bounds the accounts that an import remembers of which nothing is written:
// with six fields each to about 136 MiB.
const maxPretended = 1 << 19

const tooManyPretended = "the file makes or changes more accounts than can be checked in one run: split the file"

// pretend counts rows that would have made accounts.
func (im *accountsImport) pretend(ctx context.Context, rows []*accountRow) error {
	ids := make([]string, 0, len(rows))
	kept := make([]*accountRow, 0, len(rows))
	for _, row := range rows {
		id := slug(row.state.ExternalID)
		if id == "" {
			im.refuse(row.line, "external_id", noSlug)
			continue
		}
		ids, kept = append(ids, id), append(kept, row)
	}
	there, err := im.accounts.accounts.GetMany(ctx, ids)
	if err != nil {
		return err
	}
	for i, row := range kept {
		if other, taken := there[ids[i]]; taken {
			im.refuse(row.line, "external_id", im.resolver.collided(ids[i], other.State, row.state.ExternalID))
			continue
		}
		var before *pretended
		if p, known := im.resolver.wouldBe(ids[i]); known {
			before = &p
		}
		if err := im.pretendOne(ctx, row, ids[i], before); err != nil {
			return err
		}
	}
	return nil
}

// asItWouldBe returns an account that is there as the rows before would have left it.
func (im *accountsImport) asItWouldBe(account resource.Stored[Account]) *pretended {
	p, known := im.resolver.wouldBe(account.ID)
	if !known {
		a := account.State
		p = pretended{ref: a.ExternalID, parent: a.Parent, joined: a.Joined, closed: a.Closed}
		p.change((&accountRow{state: a, givenState: true}).says())
	}
	return &p
}

// pretendOne counts a row that would have made an account with an id, or found or
// changed the one that would be there, and refuses it where the import would.
func (im *accountsImport) pretendOne(ctx context.Context, row *accountRow, id string, before *pretended) error {
	ref, says := row.state.ExternalID, row.says()
	after := pretended{ref: ref, parent: row.state.Parent, joined: row.state.Joined, closed: row.state.Closed}
	switch {
	case before == nil:
		after.change([]saying{{"state", string(Active)}})
	case before.ref != ref:
		im.refuse(row.line, "external_id", im.resolver.collided(id, im.resolver.accountOf(*before), ref))
		return nil
	default:
		field := before.differs(says)
		if field == "" {
			im.accept(row, id, &im.counts.AlreadyThere)
			return nil
		}
		if !im.start.UpdateExisting {
			im.refuse(row.line, field, otherwise(id, field))
			return nil
		}
		after = before.changedBy(row)
		if err := im.checkChange(ctx, id, before, &after); err != nil {
			return im.refuseInvalid(row, err)
		}
	}
	after.change(says)
	if !im.resolver.pretend(id, after) {
		im.refuse(row.line, "", tooManyPretended)
		return nil
	}
	if before == nil {
		im.counts.AccountsCreated++
	}
	im.accept(row, id, &im.counts.Written)
	return nil
}

// checkChange wants of an account what Update would, as far as a row can break it and
// nobody has looked yet.
func (im *accountsImport) checkChange(ctx context.Context, id string, before, after *pretended) error {
	if err := (AccountPatch{}).apply(&Account{Joined: after.joined, Closed: after.closed}); err != nil {
		return err
	}
	if after.parent == before.parent {
		return nil
	}
	if after.parent == id {
		return wrongParent(id, ownParent)
	}
	return checkWayUp(id, after.parent, func(up string) (string, error) {
		if p, known := im.resolver.wouldBe(up); known {
			return p.parent, nil
		}
		s, err := im.accounts.Get(ctx, up)
		return s.State.Parent, err
	})
}

// saying is a value that a row gives a field.
type saying struct{ field, value string }

// says returns what a row says; what it leaves empty it does not say.
func (r *accountRow) says() []saying {
	s := &r.state
	all := []saying{{"display_name", s.DisplayName}}
	if s.Joined != nil {
		all = append(all, saying{"joined", s.Joined.String()})
	}
	if r.givenState {
		all = append(all, saying{"state", string(s.State)})
	}
	all = append(all, saying{"parent", s.Parent}, saying{"owner", s.Owner})
	for _, key := range slices.Sorted(maps.Keys(s.Attributes)) {
		all = append(all, saying{"attributes." + key, s.Attributes[key]})
	}
	return slices.DeleteFunc(all, func(s saying) bool { return s.value == "" && s.field != "state" })
}

// pretended is an account that would have been made or changed. There can be many in a
// file, so that of most fields only hashes are kept.
type pretended struct {
	// ref is its id in the source system, parent the id here of its parent.
	ref, parent    string
	joined, closed *Day
	// fields are the fields that have a value: 32 bits of a hash of the name, and 32 of
	// one of the value.
	fields []uint64
}

func (s saying) hash() uint64 {
	return hash64([]byte(s.field))<<32 | hash64([]byte(s.value))&0xffff_ffff
}

// differs returns the first field of which the account has another value, or none.
func (p *pretended) differs(says []saying) (field string) {
	for _, s := range says {
		if !slices.Contains(p.fields, s.hash()) {
			return s.field
		}
	}
	return ""
}

// changedBy returns a copy of the account with the parent and the days that a row gives.
func (p *pretended) changedBy(row *accountRow) pretended {
	after := *p
	after.fields = slices.Clone(p.fields)
	if row.state.Parent != "" {
		after.parent = row.state.Parent
	}
	if row.state.Joined != nil {
		after.joined = row.state.Joined
	}
	if row.givenState && p.differs([]saying{{"state", string(row.state.State)}}) != "" {
		after.closed = row.state.Closed
	}
	return after
}

// change gives fields new values.
func (p *pretended) change(says []saying) {
	for _, s := range says {
		hash := s.hash()
		at := slices.IndexFunc(p.fields, func(f uint64) bool { return f>>32 == hash>>32 })
		if at < 0 {
			p.fields = append(p.fields, hash)
			continue
		}
		p.fields[at] = hash
	}
}
