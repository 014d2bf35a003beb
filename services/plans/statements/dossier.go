package statements

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// maxLines is how many lines a page of a dossier holds.
const maxLines = 500

// atOnce is how many documents are written at a time: the store shares their commit.
const atOnce = 4

// dossier is what is kept of an account and a quarter: a page of it.
type dossier struct {
	Account string `bson:"account"`
	Quarter int    `bson:"quarter"`
	Lines   []line `bson:"lines"`
}

// full says that no line is added to the page any more; so the lines of full pages are
// settled, and each can only be in one page.
func (d *dossier) full() bool { return len(d.Lines) >= maxLines }

// Dossiers keeps what feeds tell for statements. It takes over the feeds of accounts,
// entitlements, board and of this service.
type Dossiers struct {
	pages  *docstore.Collection[dossier]
	things *docstore.Collection[thing]
}

const byQuarter = "quarter"

// openDossiers opens the dossiers of a store.
func openDossiers(ctx context.Context, store *docstore.Store) (*Dossiers, error) {
	pages, err := docstore.OpenCollection[dossier](ctx, store, docstore.Spec{Name: "statement_dossiers", Silent: true,
		Indexes: []docstore.Index{{Name: byQuarter, Fields: []string{"quarter"}}}})
	if err != nil {
		return nil, fmt.Errorf("open the dossiers of statements: %w", err)
	}
	things, err := docstore.OpenCollection[thing](ctx, store, docstore.Spec{Name: "statement_things", Silent: true})
	if err != nil {
		return nil, fmt.Errorf("open the dossiers of statements: %w", err)
	}
	return &Dossiers{pages: pages, things: things}, nil
}

// place names a dossier.
type place struct {
	account string
	quarter Quarter
}

// page is the id of a page of the dossier: in the order of accounts, quarters and pages.
func (p place) page(number int) string {
	return fmt.Sprintf("%s/%s/%06d", p.account, p.quarter, number)
}

// entries are lines by their keys.
type entries map[string]*line

// sorted returns the lines in the order of their keys.
func (e entries) sorted() []*line {
	var list []*line
	for _, key := range slices.Sorted(maps.Keys(e)) {
		list = append(list, e[key])
	}
	return list
}

// batch is what some changes add to dossiers.
type batch map[place]entries

func (b batch) add(to place, key string, states ...state) {
	if b[to] == nil {
		b[to] = entries{}
	}
	if b[to][key] == nil {
		b[to][key] = &line{Key: key}
	}
	b[to][key].merge(states)
}

// Take implements feeds.Taker. Changes may come again, late, and in another order.
func (d *Dossiers) Take(ctx context.Context, changes []feeds.Change) error {
	added, moved := batch{}, map[string][]*told{}
	for i := range changes {
		t := read(&changes[i])
		switch {
		case t == nil:
		case t.thing != "":
			id := string(t.change.Service) + "/" + t.thing
			moved[id] = append(moved[id], t)
		default:
			for key, f := range t.lines {
				added.add(place{f.Account, QuarterOf(f.Day)}, key, t.state(&f))
			}
		}
	}
	if err := d.moveThings(ctx, moved, added); err != nil {
		return err
	}
	writing, ctx := errgroup.WithContext(ctx)
	writing.SetLimit(atOnce)
	for to, lines := range added {
		writing.Go(func() error { return d.write(ctx, to, lines) })
	}
	return writing.Wait()
}

func (t *told) state(f *facts) state {
	return state{Service: t.change.Service, Position: t.change.Position, Recorded: t.change.Recorded, Facts: f}
}

// write merges lines into a dossier: each into the page that has it, or else into the last.
func (d *Dossiers) write(ctx context.Context, to place, lines entries) error {
	left := lines.sorted()
	for number := 0; len(left) > 0; number++ {
		var rest []*line
		_, err := d.pages.Upsert(ctx, to.page(number), func(doc *docstore.Doc[dossier]) error {
			rest = doc.Body.take(left)
			doc.Body.Account, doc.Body.Quarter = to.account, int(to.quarter)
			return nil
		})
		if err != nil {
			return fmt.Errorf("write page %d of the dossier of accounts/%s for %s: %w", number, to.account, to.quarter, err)
		}
		left = rest
	}
	return nil
}

// take merges lines into the page, and returns those that there is no room for.
func (d *dossier) take(lines []*line) (rest []*line) {
	index := make(map[string]int, len(d.Lines))
	for i := range d.Lines {
		index[d.Lines[i].Key] = i
	}
	for _, l := range lines {
		i, known := index[l.Key]
		switch {
		case known:
			d.Lines[i].merge(l.States)
		case d.full():
			rest = append(rest, l)
		default:
			d.Lines = append(d.Lines, line{l.Key, slices.Clone(l.States)})
		}
	}
	return rest
}

// open returns the lines of some dossiers; of those that there are none, none.
func (d *Dossiers) open(ctx context.Context, places []place) (map[place][]line, error) {
	ids := make([]string, len(places))
	for i, p := range places {
		ids[i] = p.page(0)
	}
	docs, err := d.pages.GetMany(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read dossiers: %w", err)
	}
	found := make(map[place][]line, len(docs))
	for _, doc := range docs {
		at := place{doc.Body.Account, Quarter(doc.Body.Quarter)}
		lines := doc.Body.Lines
		if doc.Body.full() {
			if lines, err = d.more(ctx, at, lines); err != nil {
				return nil, err
			}
		}
		found[at] = lines
	}
	return found, nil
}

// more adds the lines of the pages behind the first.
func (d *Dossiers) more(ctx context.Context, of place, lines []line) ([]line, error) {
	for doc, err := range d.pages.All(ctx, docstore.Query{From: of.page(1), To: of.page(999_999)}) {
		if err != nil {
			return nil, fmt.Errorf("read the dossier of accounts/%s: %w", of.account, err)
		}
		lines = append(lines, doc.Body.Lines...)
	}
	return lines, nil
}

// ofQuarter visits every dossier of a quarter, by account.
func (d *Dossiers) ofQuarter(ctx context.Context, q Quarter, visit func(account string, lines []line) error) error {
	var account string
	var lines []line
	for doc, err := range d.pages.All(ctx, docstore.Query{Index: byQuarter, Equal: []any{int64(q)}, Limit: 200}) {
		if err != nil {
			return fmt.Errorf("read the dossiers for %s: %w", q, err)
		}
		if doc.Body.Account != account && account != "" {
			if err := visit(account, lines); err != nil {
				return err
			}
			lines = nil
		}
		account, lines = doc.Body.Account, append(lines, doc.Body.Lines...)
	}
	if account == "" {
		return nil
	}
	return visit(account, lines)
}

// first returns the first quarter for which an account has a page of a dossier that is
// wanted; false where it has none.
func (d *Dossiers) first(ctx context.Context, account string, want func(Quarter, []line) bool) (Quarter, bool, error) {
	for doc, err := range d.pages.All(ctx, docstore.Query{From: account + "/", To: account + "0", Limit: 2}) { // 0 follows /
		if err != nil {
			return 0, false, fmt.Errorf("read the dossiers of accounts/%s: %w", account, err)
		}
		if q := Quarter(doc.Body.Quarter); want(q, doc.Body.Lines) {
			return q, true, nil
		}
	}
	return 0, false, nil
}
