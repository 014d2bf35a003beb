package board

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/panel"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// LotteryDraft is what a lottery is committed to.
type LotteryDraft struct {
	// Purpose, Owner and Places are as in Lottery.
	Purpose, Owner string
	Places         int
	// Entrants are ids, each once, 2 to 20,000; more than there are places.
	Entrants []string
	// Plan says where the seed comes from; people are named as principals/anna.
	Plan record.SeedPlan
}

func (d *LotteryDraft) check() error {
	for field, text := range map[string]string{"lottery.purpose": d.Purpose, "lottery.owner": d.Owner} {
		switch {
		case strings.TrimSpace(text) == "":
			return fault.Invalid(field, "is missing: it stands in the public record")
		case strings.ContainsAny(text, "\r\n") || len(text) > maxLine:
			return fault.Invalid(field, "has to be one line of at most %d bytes", maxLine)
		}
	}
	switch n := len(d.Entrants); {
	case d.Places < 1:
		return fault.Invalid("lottery.places", "has to be 1 or more")
	case n > maxEntrants:
		return fault.Invalid("entrants", "there are %d, and a lottery takes %d: draw several", n, maxEntrants)
	case n <= d.Places:
		return fault.Invalid("entrants", "there are %d for %d places: everybody can have one without a lottery", n, d.Places)
	}
	sorted := slices.Sorted(slices.Values(d.Entrants))
	for i, id := range sorted {
		if i > 0 && sorted[i-1] == id {
			return fault.Invalid("entrants", "%q is there twice: everybody takes part once", id)
		}
	}
	d.Entrants = sorted
	return nil
}

// Create commits a lottery: its record is stored first, and with the lottery it is
// public. What was stored for the same lottery before, by a process that died, is used.
// INVALID_ARGUMENT; resource.ErrExists. With check, nothing is written, and there is no
// record.
func (l *Lotteries) Create(ctx context.Context, call resource.Call, id string, d LotteryDraft, check bool) (resource.Stored[Lottery], error) {
	var none resource.Stored[Lottery]
	if earlier, known, err := l.created(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if !names.IsID(id) {
		return none, fault.Invalid("lottery_id", "%q is no id: give one of lower-case letters, digits and hyphens", id)
	}
	if err := d.check(); err != nil {
		return none, err
	}
	if err := l.checkPlan(ctx, &d.Plan); err != nil {
		return none, err
	}
	lottery := Lottery{Purpose: d.Purpose, Owner: d.Owner, Places: d.Places, Entrants: len(d.Entrants), State: LotteryCommitted}
	if check {
		lottery.Draw.Plan = d.Plan
		return l.table.Unwritten(id, lottery), nil
	}
	pool := "lotteries/" + id + "/" + digest([]byte(strings.Join(d.Entrants, "\n")))
	committed, at, err := l.publish(ctx, id, pool, &d)
	if err != nil {
		return none, err
	}
	lottery.Pool, lottery.Draw = pool, markOf(committed, at)
	return l.table.Create(ctx, call, id, lottery, "lottery.committed")
}

// created returns a lottery that this request has created before, ahead of checks that
// the time that has passed might fail; resource.ErrExists for one that another has.
func (l *Lotteries) created(ctx context.Context, call resource.Call, id string) (resource.Stored[Lottery], bool, error) {
	_, err := l.table.Get(ctx, id)
	if isNotFound(err) {
		return resource.Stored[Lottery]{}, false, nil
	}
	if err != nil {
		return resource.Stored[Lottery]{}, false, err
	}
	s, err := l.table.Create(ctx, call, id, Lottery{}, "lottery.committed")
	return s, true, err
}

// publish makes the record of a lottery, or finds the one that was made of the same, and
// says where it is archived.
func (l *Lotteries) publish(ctx context.Context, id, pool string, d *LotteryDraft) (*record.Record, string, error) {
	asked, err := json.Marshal([]any{d.Purpose, d.Owner, d.Places, d.Plan})
	if err != nil {
		return nil, "", err
	}
	at := pool + "/record/" + digest(asked)
	text, err := l.archive.get(ctx, at)
	if errors.Is(err, docstore.ErrNotFound) {
		text, err = l.newRecord(ctx, id, pool, at, d)
	}
	if err != nil {
		return nil, "", err
	}
	committed, err := record.Parse(text)
	if err != nil {
		return nil, "", fmt.Errorf("read the record of %s: %w", LotteryName(id), err)
	}
	return committed, at, nil
}

// newRecord makes and archives the record of a lottery. It draws one order: of as many
// panels as there are entrants each has one, so that the first panel drawn and the
// alternates after it are all of them in an order in which every one is equally likely.
// That has the chances exact, whatever the numbers of places and entrants are.
func (l *Lotteries) newRecord(ctx context.Context, id, pool, at string, d *LotteryDraft) ([]byte, error) {
	pseudonyms, err := l.salted(ctx, pool, d.Entrants)
	if err != nil {
		return nil, err
	}
	problem := &panel.Problem{Seats: 1}
	for _, entrant := range d.Entrants {
		problem.Pool = append(problem.Pool, panel.Member{ID: entrant})
	}
	if problem, err = pseudonyms.Conceal(problem); err != nil {
		return nil, fmt.Errorf("conceal the entrants of %s: %w", LotteryName(id), err)
	}
	committed, err := record.Commit(record.Draft{
		Title:      record.Title{Board: LotteryName(id), Rotation: d.Owner + ": " + d.Purpose, Charter: placesOf(d.Places), Committed: l.now()},
		BoardSeats: d.Places, Problem: problem, Solution: panel.Alike(len(problem.Pool)), Panels: len(problem.Pool), Seed: d.Plan,
	})
	if err != nil {
		return nil, fmt.Errorf("make the record of %s: %w", LotteryName(id), err)
	}
	text, err := committed.Encode()
	if err != nil {
		return nil, err
	}
	return l.archive.put(ctx, at, text)
}

// salted gives entrants their pseudonyms, or returns those that they were given before.
func (l *Lotteries) salted(ctx context.Context, pool string, entrants []string) (*record.Pseudonyms, error) {
	made, err := record.NewPseudonyms(l.random, entrants)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(made.Entries())
	if err != nil {
		return nil, err
	}
	if _, err := l.archive.put(ctx, pool, text); err != nil {
		return nil, err
	}
	return l.pseudonyms(ctx, pool)
}
