package accounts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/evenhand/evenhand/internal/resource"
)

// maxReference is the longest id of an account in another system, in bytes.
const maxReference = 200

// checkReference says what is wrong with an id of another system, or nothing.
func checkReference(ref string) string {
	switch {
	case ref == "":
		return "is empty"
	case len(ref) > maxReference:
		return "is longer than 200 bytes"
	case !utf8.ValidString(ref):
		return "is not UTF-8"
	case strings.ContainsFunc(ref, unicode.IsControl):
		return "contains a control character"
	}
	return ""
}

// resolver finds the accounts that rows of an import name: by the id in the source
// system, else by the id here; and makes those that are missing, where it may.
type resolver struct {
	accounts *Accounts
	call     resource.Call
	source   string
	create   bool
	dryRun   bool
	cache    cache
	// created counts the accounts made since it was last set to 0.
	created int64
	// pretended are the accounts that would have been made or changed where nothing is
	// written, by a hash of their ids.
	pretended map[uint64]pretended
}

// pretend notes an account that would have been made or changed; false where there are
// too many.
func (r *resolver) pretend(id string, p pretended) bool {
	if r.pretended == nil {
		r.pretended = map[uint64]pretended{}
	}
	hash := hash64([]byte(id))
	if _, known := r.pretended[hash]; !known && len(r.pretended) >= maxPretended {
		return false
	}
	r.pretended[hash] = p
	return true
}

// wouldBe returns the account with an id that would have been made or changed; none, and
// false, where there is none.
func (r *resolver) wouldBe(id string) (p pretended, known bool) {
	p, known = r.pretended[hash64([]byte(id))]
	return p, known
}

// wouldBeThere says whether a row before would have made the account of a reference.
func (r *resolver) wouldBeThere(ref string) bool {
	p, known := r.wouldBe(slug(ref))
	return known && p.ref == ref
}

// accountOf is as much of an account that would have been made as names it.
func (r *resolver) accountOf(p pretended) Account {
	return Account{ExternalID: p.ref, Source: r.source}
}

// collided says why a reference cannot become an account: its id is that of another.
func (r *resolver) collided(id string, other Account, ref string) string {
	text := textOf(collision(id, other, r.source, ref, errMoment))
	if other.ExternalID == ref && other.Source != r.source && other.Source != "" {
		text += fmt.Sprintf("; or, if both ids are of one system, import with --source %q", other.Source)
	}
	return text
}

// resolve adds to found the account id of each reference, and to problems what is wrong
// with it.
func (r *resolver) resolve(ctx context.Context, refs []string, found, problems map[string]string) error {
	missing, err := r.known(ctx, refs, found, problems)
	if err != nil {
		return err
	}
	return r.supply(ctx, missing, found, problems)
}

// supply makes the accounts of references that nobody knows, or says that it may not.
func (r *resolver) supply(ctx context.Context, missing []string, found, problems map[string]string) error {
	if !r.create {
		for _, ref := range missing {
			problems[ref] = "no account has the id " + `"` + ref + `": create it first, or import with --create-accounts`
		}
		return nil
	}
	return r.createAll(ctx, missing, found, problems)
}

// known finds accounts, and returns the references that name none.
func (r *resolver) known(ctx context.Context, refs []string, found, problems map[string]string) (missing []string, err error) {
	for _, ref := range refs {
		if id, ok := r.cache.get(ref); ok {
			found[ref] = id
		} else {
			missing = append(missing, ref)
		}
	}
	return r.search(ctx, missing, found, problems)
}

// search finds accounts in the store, by the id elsewhere and then by the id here, and
// returns the references that remain.
func (r *resolver) search(ctx context.Context, refs []string, found, problems map[string]string) ([]string, error) {
	bySlug, refs, err := r.own(ctx, refs, found)
	if err != nil {
		return nil, err
	}
	if err := r.elsewhere(ctx, refs, found, problems); err != nil {
		return nil, err
	}
	var rest []string
	for _, ref := range refs {
		switch _, isID := bySlug[ref]; {
		case found[ref] != "" || problems[ref] != "":
		case isID:
			r.settle(ref, ref, found)
		default:
			rest = append(rest, ref)
		}
	}
	return rest, nil
}

// own finds those accounts whose ids were made of the references, in the import's own
// source; they need no index but that of ids. It also returns the other accounts with
// such ids, and the references that remain.
func (r *resolver) own(ctx context.Context, refs []string, found map[string]string) (there map[string]resource.Stored[Account], rest []string, err error) {
	slugs := make([]string, 0, len(refs))
	for _, ref := range refs {
		if s := slug(ref); s != "" {
			slugs = append(slugs, s)
		}
	}
	if there, err = r.accounts.accounts.GetMany(ctx, slugs); err != nil {
		return nil, nil, err
	}
	for _, ref := range refs {
		id := slug(ref)
		if a, ok := there[id]; ok && a.State.ExternalID == ref && a.State.Source == r.source {
			r.settle(ref, id, found)
		} else {
			rest = append(rest, ref)
		}
	}
	return there, rest, nil
}

// elsewhere finds the accounts that have an id in the import's source, or, being the
// only one, in another; several others are a problem.
func (r *resolver) elsewhere(ctx context.Context, refs []string, found, problems map[string]string) error {
	matches, err := r.lookup(ctx, refs)
	for ref, several := range matches {
		if d, ok := r.choose(several); ok {
			r.settle(ref, d.ID, found)
		} else {
			problems[ref] = ambiguous(ref, several)
		}
	}
	return err
}

// defined returns the accounts that have an id in the import's own source: those that
// its rows may define. Another system's account of the same id is another.
func (r *resolver) defined(ctx context.Context, refs []string) (map[string]resource.Stored[Account], error) {
	matches, err := r.lookup(ctx, refs)
	there := make(map[string]resource.Stored[Account], len(matches))
	for ref, several := range matches {
		for _, d := range several {
			if d.State.Source == r.source {
				there[ref] = d
			}
		}
	}
	return there, err
}

// lookup returns the accounts that have an id in any source.
func (r *resolver) lookup(ctx context.Context, refs []string) (map[string][]resource.Stored[Account], error) {
	if len(refs) == 0 {
		return nil, nil
	}
	docs, err := r.accounts.accounts.Lookup(ctx, "external_id", anys(refs)...)
	if err != nil {
		return nil, err
	}
	matches := make(map[string][]resource.Stored[Account], len(docs))
	for _, d := range docs {
		matches[d.State.ExternalID] = append(matches[d.State.ExternalID], d)
	}
	return matches, nil
}

func (r *resolver) settle(ref, id string, found map[string]string) {
	found[ref] = id
	r.cache.put(ref, id)
}

// choose returns the only match, or the one of the import's own source.
func (r *resolver) choose(matches []resource.Stored[Account]) (d resource.Stored[Account], ok bool) {
	if len(matches) == 1 {
		return matches[0], true
	}
	for _, d := range matches {
		if d.State.Source == r.source {
			return d, true
		}
	}
	return d, false
}

func ambiguous(ref string, matches []resource.Stored[Account]) string {
	names := make([]string, len(matches))
	for i, d := range matches {
		names[i] = AccountName(d.ID) + " (" + quoted(ref, d.State.Source) + ")"
	}
	return "several accounts have this id in other systems: " + strings.Join(names, ", ") + "; write the id here instead"
}

// createAll makes active accounts of references that nobody knows.
func (r *resolver) createAll(ctx context.Context, refs []string, found, problems map[string]string) error {
	if len(refs) == 0 {
		return nil
	}
	ids := make([]string, 0, len(refs))
	states := make([]Account, 0, len(refs))
	slugs := make(map[string]string, len(refs))
	for _, ref := range refs {
		id := slug(ref)
		if id == "" {
			problems[ref] = `"` + ref + `": ` + noSlug
			continue
		}
		first, twice := slugs[id]
		switch {
		case twice && ref == id: // it is the id here of the account that another one makes
			r.settle(ref, id, found)
			continue
		case twice:
			problems[ref] = r.collided(id, Account{ExternalID: first, Source: r.source}, ref)
			continue
		}
		slugs[id] = ref
		ids = append(ids, id)
		states = append(states, Account{ExternalID: ref, Source: r.source})
	}
	if r.dryRun {
		return r.pretendAll(ctx, ids, states, found, problems)
	}
	failed, err := r.accounts.accounts.CreateMany(ctx, r.call, ids, states, "account.created")
	if err != nil {
		return err
	}
	var again []string
	for i, id := range ids {
		if failed[i] {
			again = append(again, states[i].ExternalID)
			continue
		}
		r.created++
		r.settle(states[i].ExternalID, id, found)
	}
	return r.taken(ctx, again, found, problems)
}

// taken deals with accounts that could not be created: another importer was faster, or
// the id is somebody else's.
func (r *resolver) taken(ctx context.Context, refs []string, found, problems map[string]string) error {
	rest, err := r.search(ctx, refs, found, problems)
	if err != nil {
		return err
	}
	for _, ref := range rest {
		there, err := r.accounts.Get(ctx, slug(ref))
		if err != nil {
			return err
		}
		problems[ref] = r.collided(there.ID, there.State, ref)
	}
	return nil
}

var errMoment = errors.New("the account was created in this moment: import again")

// pretendAll is what creation would do.
func (r *resolver) pretendAll(ctx context.Context, ids []string, states []Account, found, problems map[string]string) error {
	there, err := r.accounts.accounts.GetMany(ctx, ids)
	if err != nil {
		return err
	}
	for i, id := range ids {
		ref := states[i].ExternalID
		if other, ok := there[id]; ok {
			problems[ref] = r.collided(id, other.State, ref)
			continue
		}
		before, known := r.wouldBe(id)
		if known && before.ref != ref && ref != id {
			problems[ref] = r.collided(id, r.accountOf(before), ref)
			continue
		}
		if !known {
			if !r.pretend(id, pretended{ref: ref}) {
				problems[ref] = tooManyPretended
				continue
			}
			r.created++
		}
		r.settle(ref, id, found)
	}
	return nil
}

// cacheSize bounds each half of a cache, in entries.
const cacheSize = 50_000

// cache remembers account ids by reference. It keeps what was used since the last time
// its younger half was full, and so at most twice cacheSize entries.
type cache struct {
	young, old map[string]string
}

func (c *cache) get(ref string) (string, bool) {
	if id, ok := c.young[ref]; ok {
		return id, true
	}
	id, ok := c.old[ref]
	if ok {
		c.put(ref, id)
	}
	return id, ok
}

func (c *cache) put(ref, id string) {
	if c.young == nil || len(c.young) >= cacheSize {
		c.young, c.old = make(map[string]string, 1024), c.young
	}
	c.young[ref] = id
}

func anys(texts []string) []any {
	values := make([]any, len(texts))
	for i, text := range texts {
		values[i] = text
	}
	return values
}
