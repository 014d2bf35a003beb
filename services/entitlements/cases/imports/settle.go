package imports

import (
	"context"
	"maps"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/cases"
)

// settle writes cases that are not there yet, and says what became of the others.
func (r *run) settle(ctx context.Context, items []*item) error {
	others, err := r.settleOnce(ctx, items)
	if err != nil {
		return err
	}
	// What another case has taken is known by a hash besides.
	for _, it := range others {
		it.past.ID = hashed(it.past.External, it.past.Origin())
		it.id = cases.ID(it.past.Account, it.past.ID)
	}
	if others, err = r.settleOnce(ctx, others); err != nil {
		return err
	}
	for _, it := range others {
		r.refuse(it.line, wrong("id", "%s, which it would be, is another case", cases.Name(it.id)))
	}
	return nil
}

// settleOnce settles cases but for those whose ids others have, which it returns.
func (r *run) settleOnce(ctx context.Context, items []*item) (others []*item, err error) {
	taken, err := r.write(ctx, items)
	if err != nil || len(taken) == 0 {
		return nil, err
	}
	known, err := r.cases.Known(ctx, originsOf(taken))
	if err != nil {
		return nil, err
	}
	for _, it := range taken {
		stored, there := known[it.past.Origin()]
		switch {
		case !there:
			others = append(others, it)
		case stored.State.Account != it.past.Account:
			r.refuseAccount(it, stored.ID)
		default:
			it.id = stored.ID
			if err := r.compare(ctx, it, stored); err != nil {
				return nil, err
			}
		}
	}
	return others, nil
}

// refuseAccount refuses a row that names another account for a case than it has.
func (r *run) refuseAccount(it *item, id string) {
	r.refuse(it.line, wrong("account", "%s is this case already, and a case stays with its account: correct the file, or give this one an id of its own",
		cases.Name(id)))
}

func originsOf(items []*item) []string {
	list := make([]string, len(items))
	for i, it := range items {
		list[i] = it.past.Origin()
	}
	return list
}

func idsOf(items []*item) []string {
	ids := make([]string, len(items))
	for i, it := range items {
		ids[i] = it.id
	}
	return ids
}

// write writes new cases and returns those whose ids are taken, by themselves or by
// others.
func (r *run) write(ctx context.Context, items []*item) (taken []*item, err error) {
	if r.start.ValidateOnly {
		return r.check(ctx, items)
	}
	var fresh []*item
	seen := make(map[string]bool, len(items))
	for _, it := range items {
		if seen[it.id] { // the one before is written first
			taken = append(taken, it)
			continue
		}
		seen[it.id] = true
		fresh = append(fresh, it)
	}
	if len(fresh) == 0 {
		return taken, nil
	}
	states := make([]cases.Case, len(fresh))
	for i, it := range fresh {
		states[i] = it.state
	}
	failed, err := r.cases.CreateMany(ctx, r.call, idsOf(fresh), states)
	if err != nil {
		return nil, err
	}
	for i, it := range fresh {
		if failed[i] {
			taken = append(taken, it)
			continue
		}
		r.wrote(it)
	}
	return taken, nil
}

func (r *run) wrote(it *item) {
	r.counts.Written++
	r.accounts[it.past.Account] = true
}

// check is what write would do. A case that an earlier row would have written counts as
// there.
func (r *run) check(ctx context.Context, items []*item) (taken []*item, err error) {
	if len(items) == 0 {
		return nil, nil
	}
	known, err := r.cases.Known(ctx, originsOf(items))
	if err != nil {
		return nil, err
	}
	for _, it := range items {
		origin := it.past.Origin()
		_, there := known[origin]
		earlier, checked := r.checked[origin]
		switch {
		case there:
			taken = append(taken, it)
		case !checked:
			r.checked[origin] = it.past.Account
			r.wrote(it)
		case earlier != it.past.Account:
			r.refuseAccount(it, cases.ID(earlier, it.past.ID))
		default:
			r.there(it)
		}
	}
	return taken, nil
}

func (r *run) there(it *item) {
	r.counts.AlreadyThere++
	r.accounts[it.past.Account] = true
}

// compare says what becomes of a row whose case is there: nothing where it says the same;
// where it has gone on in its source, and nobody has done anything about it here, it is
// taken over anew; else the row is refused.
func (r *run) compare(ctx context.Context, it *item, stored resource.Stored[cases.Case]) error {
	before, now := &stored.State, &it.state
	differs, more := differences(before, now)
	switch {
	case before.Touched() && !more: // what was done about it here stays
		r.there(it)
	case len(differs) > 0:
		r.refuse(it.line, wrong("", "%s is there already with another %s: correct the case itself, or give this one an id of its own",
			cases.Name(it.id), strings.Join(differs, ", ")))
	case !more:
		r.there(it)
	case before.Touched():
		r.refuse(it.line, wrong("", "%s has gone on in its source, but was also worked on here since it was imported: enter it here", cases.Name(it.id)))
	default:
		if !r.start.ValidateOnly {
			if err := r.cases.Renew(ctx, r.call, it.id, *now); err != nil {
				return err
			}
		}
		r.wrote(it)
	}
	return nil
}

// differences are the fields in which what a row says contradicts what is stored; more
// says that it tells what was not known.
func differences(before, now *cases.Case) (differs []string, more bool) {
	check := func(field string, same bool) {
		if !same {
			differs = append(differs, field)
		}
	}
	check("issue", before.Issue == now.Issue)
	check("channel", before.Channel == now.Channel)
	check("subject", before.Subject == now.Subject)
	check("description", before.Description == now.Description)
	check("facts", maps.Equal(before.Facts, now.Facts))
	check("opened", before.Opened.Equal(now.Opened))
	if !told(before) { // what is not known yet may come
		return differs, told(now) || later(before.FirstReply, now.FirstReply) || before.Reopenings < now.Reopenings || before.Escalations < now.Escalations
	}
	goneOn := now.Reopenings > 0 && (!told(now) || now.Resolved.After(before.Resolved)) // after the resolution that is known
	check("first-reply", now.FirstReply.IsZero() || before.Unrecorded.Replies || before.FirstReply.Equal(now.FirstReply))
	if told(now) && !goneOn {
		check("resolved", before.ResolvedFirst.Equal(now.ResolvedFirst) || before.Resolved.Equal(now.Resolved))
		check("remedy", before.Unrecorded.Remedies || now.Unrecorded.Remedies || sameRemedy(before.Remedy, now.Remedy))
	}
	rises := told(now) && (before.Escalations < now.Escalations || before.Reopenings < now.Reopenings)
	return differs, goneOn || rises || reveals(before.Unrecorded, now.Unrecorded)
}

// reveals says whether what was not recorded before is now, and nothing the other way round.
func reveals(before, now cases.Unrecorded) bool {
	hides := func(b, n bool) bool { return n && !b }
	return before != now && !hides(before.Replies, now.Replies) && !hides(before.Resolutions, now.Resolutions) &&
		!hides(before.Remedies, now.Remedies) && !hides(before.Escalations, now.Escalations) && !hides(before.Reopenings, now.Reopenings)
}

// told says whether the source told how the case ended.
func told(c *cases.Case) bool { return !c.ResolvedFirst.IsZero() || c.Remedy != nil }

func later(before, now time.Time) bool { return before.IsZero() && !now.IsZero() }

func sameRemedy(a, b *cases.Remedy) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.ID == b.ID && (a.Value == nil) == (b.Value == nil) && (a.Value == nil || *a.Value == *b.Value)
}
