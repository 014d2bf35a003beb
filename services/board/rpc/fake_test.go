package rpc_test

import (
	"context"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/board"
)

// fakeAccounts is an accounts service whose accounts never change; each has a contact
// called ann.
type fakeAccounts []board.AccountChange

func (f fakeAccounts) Watch(ctx context.Context, resume string, apply func(board.Batch) error) error {
	if resume == "" {
		if err := apply(board.Batch{Accounts: f, Position: int64(len(f)), Resume: "all"}); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

func (f fakeAccounts) Head(context.Context) (int64, error) { return int64(len(f)), nil }

func (f fakeAccounts) Reveals(context.Context, string) (bool, error) { return true, nil }

func (f fakeAccounts) Contact(_ context.Context, account, contact string) (board.Contact, error) {
	if contact != "ann" {
		return board.Contact{}, board.ErrNoContact
	}
	return board.Contact{DisplayName: "Ann", Email: "ann@" + account + ".example"}, nil
}

func customer(id string, attributes map[string]string) board.AccountChange {
	return board.AccountChange{ID: id, Account: board.Account{DisplayName: "The " + id, State: board.AccountActive,
		Joined: civil.Never, Closed: civil.Never, Attributes: attributes}}
}
