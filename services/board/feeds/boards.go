package feeds

import (
	"context"
	"slices"

	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board"
)

// Of returns the boards of the board service, with its copy of the accounts.
func Of(domain *board.Service) Boards { return known{domain} }

// pageSize is how many boards are read at once.
const pageSize = 1000

type known struct{ *board.Service }

func (k known) Board(ctx context.Context, id string) (Board, error) {
	b, err := k.Service.Boards.Get(ctx, id)
	return boardOf(b), err
}

func boardOf(b resource.Stored[board.Board]) Board {
	return Board{ID: b.ID, DisplayName: b.State.DisplayName, Zone: b.State.Zone, Managers: b.State.Managers}
}

func (k known) Boards(ctx context.Context) ([]Board, error) {
	var all []Board
	for after := resource.Place(nil); ; {
		page, err := k.Service.Boards.List(ctx, pageSize, after, nil)
		if err != nil {
			return nil, err
		}
		for _, b := range page.Items {
			all = append(all, boardOf(b))
		}
		if after = page.Next; after == nil {
			return all, nil
		}
	}
}

func (k known) Account(ctx context.Context, id string) (displayName string, owners []string, err error) {
	a, err := k.Accounts.Get(ctx, id)
	if a.Owner != "" {
		owners = append(owners, a.Owner)
	}
	return a.DisplayName, slices.Concat(owners, a.Team), err
}
