package board

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/outbox"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// PoolNotice is the kind of the letters that tell an account its pseudonym in the record
// of a draw, and the salt. What is in them is for the account, and for those who may read
// pseudonyms.
const PoolNotice = "pool-notice"

// tell makes sure that everybody who stands in the record of a committed draw is written
// which pseudonym is theirs: the pool, nominees, and members who stay. Once all letters
// are in the outbox that is noted in the archive, so that they are not made anew whenever
// the rotation is settled.
func (r *Rotations) tell(ctx context.Context, board string, s resource.Stored[Rotation]) error {
	if s.State.Draw == nil {
		return nil
	}
	note := s.State.Draw.ID + "/told"
	if _, err := r.archive.get(ctx, note); !errors.Is(err, docstore.ErrNotFound) {
		return err
	}
	b, err := r.boards.Get(ctx, board)
	if err != nil {
		return err
	}
	taken, err := r.pool(ctx, s.State)
	if err != nil {
		return err
	}
	var notices []outbox.Message
	for _, e := range taken.Salts {
		if contact := taken.Contacts[e.Account]; contact != "" { // or there is nobody to write to
			notices = append(notices, poolNotice(b.State, s, e, contact))
		}
	}
	if err := r.letters.Put(ctx, notices...); err != nil {
		return err
	}
	_, err = r.archive.put(ctx, note, nil)
	return err
}

// poolNotice is what an account is written that stands in the record of a draw.
func poolNotice(b Board, s resource.Stored[Rotation], e record.Entry, contact string) outbox.Message {
	board, rotation, _ := strings.Cut(s.ID, "/rotations/")
	d := s.State.Draw
	body := fmt.Sprintf(`The seats of %[1]s that change on %[2]s are given by a draw. Its record is made, and
nothing in it changes any more: the rules, everybody's chances, and all panels that can
be drawn. It was made before the number that decides, which nobody controls: that follows
from %[3]s.

The record names no account. Each has a pseudonym in it, and only you and those of us
who hold or audit the draw can tell which is yours. Keep this letter to yourself.

  Account    %[4]s
  Pseudonym  %[5]s
  Salt       %[6]s
  Record     %[7]s

To check it, ask us for the record, which is public. Whoever may read our server gets it
with

  evenhand board rotations record %[8]s %[9]s > record.json

Then, on your own machine and without our server,

  evenhand panel verify record.json --hash %[7]s --id %[4]s --salt %[6]s

replays the draw, and says on how many of the panels you are and, once that is known,
whether you were drawn. A record with another hash is not the one that is drawn from.

Your pseudonym is the first 32 hexadecimal digits of the HMAC-SHA-256 of your account,
keyed with the bytes of the salt. Without our software:

  printf %%s %[4]s | openssl dgst -sha256 -mac HMAC -macopt hexkey:%[6]s
`, b.DisplayName, s.State.Day.Words(), d.Plan.Describe(), e.Account, e.Pseudonym, e.Salt, d.Hash, board, rotation)
	return outbox.Message{
		ID:   PoolNotice + "-" + digest([]byte(s.ID), []byte(e.Account)),
		Kind: PoolNotice, About: Name(s.ID), Account: e.Account, Contact: contact,
		Subject: "Your pseudonym in a draw of " + b.DisplayName, Body: body,
	}
}
