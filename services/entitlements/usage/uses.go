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

// usesPage is how many balances Uses reads at a time.
const usesPage = 500

// usesOf visits the entries of some balances: the latest, which the balances hold, and
// those of the ledger up to where each balance moved them when it was read, so that none
// is visited twice though entries move meanwhile.
func (u *Usage) usesOf(ctx context.Context, balances []docstore.Doc[balance], visit func(*Entry)) error {
	moved := map[string]int64{}
	var first, last string
	for i := range balances {
		b := &balances[i].Body
		entries, err := b.entries(0, nil)
		if err != nil {
			return err
		}
		for i := range entries {
			if entries[i].Adds() != 0 {
				visit(&entries[i])
			}
		}
		if b.Moved == 0 {
			continue
		}
		if len(moved) == 0 || b.Account < first {
			first = b.Account
		}
		last = max(last, b.Account)
		moved[balances[i].ID] = b.Moved
	}
	if len(moved) == 0 {
		return nil
	}
	// To is exclusive, and no account's id has a zero byte.
	for d, err := range u.ledger.All(ctx, docstore.Query{Index: byTime, From: first, To: last + "\x00", Limit: ledgerPage}) {
		if err != nil {
			return fmt.Errorf("read the ledger of usage: %w", err)
		}
		if e := d.Body.stored(); e.Adds() != 0 && e.Seq <= moved[balanceID(e.Account, e.Benefit)] {
			visit(&e)
		}
	}
	return nil
}

// ledgerPage is how many entries of the ledger Uses reads at a time.
const ledgerPage = 5000
