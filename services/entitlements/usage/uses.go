package usage

import (
	"context"
	"fmt"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Adds is how many units the entry adds to what was used: below 0 where units came back,
// 0 where they were only set aside, or came back without having been used.
func (e *Entry) Adds() int64 {
	switch e.Type {
	case Used, Committed:
		return e.Units
	case Released:
		return -e.Units
	case Reserved, Cancelled, Expired:
	}
	return 0
}

// Uses calls visit with each entry by which units were used or came back, once and in no
// order: those of an account, or of all accounts where it is empty. What is recorded
// meanwhile may or may not be among them. Visit must not keep the entry.
func (u *Usage) Uses(ctx context.Context, account string, visit func(*Entry)) error {
	q := docstore.Query{Limit: usesPage}
	if account != "" {
		q.From, q.To = account+"/", account+"0" // 0 follows /
	}
	for {
		page, err := u.balances.Find(ctx, q)
		if err != nil {
			return fmt.Errorf("read balances: %w", err)
		}
		if err := u.usesOf(ctx, page.Docs, visit); err != nil {
			return err
		}
		if q.After = page.Next; q.After == nil {
			return nil
		}
	}
}

// usesPage is how many balances, and how many pages of the ledger, Uses reads at a time.
const usesPage = 500

// usesOf visits the entries of some balances: the latest, which the balances hold, and
// those of the ledger up to where each balance moved them when it was read, so that none
// is visited twice though entries move meanwhile.
func (u *Usage) usesOf(ctx context.Context, balances []docstore.Doc[balance], visit func(*Entry)) error {
	moved := map[string]int64{}
	var first, last string
	for i := range balances {
		b := &balances[i].Body
		if err := b.latest().uses(visit); err != nil {
			return err
		}
		if b.Moved == 0 {
			continue
		}
		id := balances[i].ID
		if len(moved) == 0 || pageID(id, 0) < first {
			first = pageID(id, 0)
		}
		last = max(last, pageID(id, b.Moved+1))
		moved[id] = b.Moved
	}
	if len(moved) == 0 {
		return nil
	}
	for d, err := range u.ledger.All(ctx, docstore.Query{From: first, To: last, Limit: usesPage}) {
		if err != nil {
			return fmt.Errorf("read the ledger of usage: %w", err)
		}
		p := &d.Body
		if p.First > moved[balanceID(p.Account, p.Benefit)] {
			continue // of a later balance, or still in this one
		}
		if err := p.run().uses(visit); err != nil {
			return err
		}
	}
	return nil
}

// uses visits those by which units were used or came back.
func (r run) uses(visit func(*Entry)) error {
	list, err := r.entries(nil)
	for i := range list {
		if list[i].Adds() != 0 {
			visit(&list[i])
		}
	}
	return err
}
