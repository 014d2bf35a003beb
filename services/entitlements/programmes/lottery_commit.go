package programmes

import (
	"context"
	"fmt"
	"strconv"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// commit commits the lottery, or finds the one that a process has committed that died
// before it said so. Names can be foreseen, and whoever may run lotteries can take one:
// what is there and is not what would be committed now is passed over, so that nobody
// chooses who takes part, or keeps a programme from being drawn.
func (s *Service) commit(ctx context.Context, p resource.Stored[Programme], today civil.Day) (resource.Stored[Programme], error) {
	for p.State.due(today) {
		d := draftOf(p, lotteryID(p.ID, p.State.Attempts))
		l, why, err := s.committed(ctx, p, d)
		switch {
		case err != nil:
			return p, fmt.Errorf("commit the lottery of %s: %w", Name(p.ID), err)
		case why != "":
			s.log.WarnContext(ctx, "a lottery by the name that a programme's would have is passed over",
				"programme", p.ID, "lottery", l.Name, "why", why)
			p, err = s.mark(ctx, p, today, "programme.lottery_passed_over", func(p *Programme) { p.Attempts++ })
			if err != nil {
				return p, err
			}
			continue
		case l.Name == "":
			return s.unneeded(ctx, p, today)
		}
		return s.mark(ctx, p, today, "programme.lottery_committed", func(p *Programme) {
			p.Drawing = &Drawing{Name: l.Name, Hash: l.Hash, Turn: p.Turns}
		})
	}
	return p, nil
}

// committed returns the lottery of a draft: the one by its name, with why it is another
// than the draft where it is, or else one that it commits; the zero Lottery where nothing
// has to be drawn.
func (s *Service) committed(ctx context.Context, p resource.Stored[Programme], d LotteryDraft) (l Lottery, another string, err error) {
	l, known, err := s.lotteries.Find(ctx, d.ID)
	switch {
	case err != nil:
		return l, "", err
	case known:
		another, err = s.another(ctx, p, l, d)
		return l, another, err
	case p.State.placesForAll():
		return Lottery{}, "", nil
	}
	l, err = s.lotteries.Commit(ctx, d)
	return l, "", err
}

// another says why a lottery is not the one that a draft would be; "" where it is. Those
// who have left may take part in it: they get nothing, and leave the order of the others
// as it is; and what is committed is not to be voided by leaving, perhaps once the value
// of its round is known.
func (s *Service) another(ctx context.Context, p resource.Stored[Programme], l Lottery, d LotteryDraft) (string, error) {
	switch {
	case l.Owner != d.Owner:
		return "it is for " + l.Owner, nil
	case l.State == DrawCancelled:
		return "it was called off", nil
	case l.Places != d.Places:
		return fmt.Sprintf("it is for %d places instead of %d", l.Places, d.Places), nil
	case !l.Round.is(d.Round):
		return fmt.Sprintf("it is drawn by %s %s instead of %s %s", l.Round.Source, l.Round.Number, d.Round.Source, d.Round.Number), nil
	case l.Secrets > 0:
		return fmt.Sprintf("%d people have parts of its seed", l.Secrets), nil
	}
	entrants, err := s.lotteries.Entrants(ctx, d.ID)
	if err != nil {
		return "", fmt.Errorf("read who takes part in %s: %w", l.Name, err)
	}
	return p.State.others(entrants), nil
}

// others says why entrants are not those of the programme's lottery; "" where they are.
func (p *Programme) others(entrants []string) string {
	taking := setOf(entrants)
	applied := 0
	for i := range p.Entries {
		e := &p.Entries[i]
		if taking[e.Account] {
			applied++
		} else if e.Standing == Waiting {
			return "it leaves out accounts/" + e.Account
		}
	}
	if applied < len(taking) {
		return "it has entrants who never applied"
	}
	return ""
}

// draftOf is the lottery of all who wait.
func draftOf(p resource.Stored[Programme], id string) LotteryDraft {
	round := p.State.Round
	d := LotteryDraft{ID: id, Owner: Name(p.ID), Purpose: p.State.Title, Places: p.State.Free(), Round: round,
		RequestID: requestID(id, p.State.Created.String(), round.Source, round.Number, round.Known.String(), strconv.FormatInt(p.Version, 10))}
	for i := range p.State.Entries {
		if e := &p.State.Entries[i]; e.Standing == Waiting {
			d.Entrants = append(d.Entrants, e.Account)
		}
	}
	return d
}
