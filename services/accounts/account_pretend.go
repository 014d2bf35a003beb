package accounts

import (
	"context"
	"maps"
	"slices"
)

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
	there, err := im.accounts.accounts.getMany(ctx, ids)
	if err != nil {
		return err
	}
	for i, row := range kept {
		if other, taken := there[ids[i]]; taken {
			im.refuse(row.line, "external_id", im.resolver.collided(ids[i], other.State, row.state.ExternalID))
			continue
		}
		im.pretendOne(row, ids[i])
	}
	return nil
}

// pretendOne counts a row that would have made, found or changed an account with an id
// that is free.
func (im *accountsImport) pretendOne(row *accountRow, id string) {
	ref, says := row.state.ExternalID, row.says()
	before, known := im.resolver.wouldBe(id)
	field := before.differs(says)
	switch {
	case known && before.ref != ref:
		im.refuse(row.line, "external_id", im.resolver.collided(id, im.resolver.accountOf(before), ref))
		return
	case known && field == "":
		im.accept(row, id, &im.counts.AlreadyThere)
		return
	case known && !im.start.UpdateExisting:
		im.refuse(row.line, field, otherwise(id, field))
		return
	case !known:
		im.counts.AccountsCreated++
		before.change([]saying{{"state", string(Active)}})
	}
	before.ref = ref
	before.change(says)
	im.resolver.pretend(id, before)
	im.accept(row, id, &im.counts.Written)
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

// pretended is an account that would have been made. There can be millions in a file,
// so that of its fields only hashes are kept.
type pretended struct {
	// ref is its id in the source system.
	ref string
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
