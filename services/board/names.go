package board

import (
	"strconv"

	"github.com/evenhand/evenhand/internal/platform/names"
)

// Name returns the resource name of a board.
func Name(id string) string { return names.Join("boards", id) }

// CharterName returns the resource name of a version of a board's charter.
func CharterName(board string, number int) string { return Name(charterID(board, number)) }

// TermID is the id of the term that begins with a rotation on a seat.
func TermID(rotation string, seat int) string { return rotation + "-" + strconv.Itoa(seat) }

// TermName returns the resource name of a term of a board.
func TermName(board, id string) string { return names.Join("boards", board, "terms", id) }

// SeatName returns the resource name of a seat of a board; seats count from 1.
func SeatName(board string, number int) string {
	return names.Join("boards", board, "seats", strconv.Itoa(number))
}

// RotationName returns the resource name of a rotation of a board.
func RotationName(board, id string) string { return names.Join("boards", board, "rotations", id) }

// AccountName returns the resource name of an account.
func AccountName(id string) string { return names.Join("accounts", id) }

// ContactName returns the resource name of a contact of an account.
func ContactName(account, id string) string { return names.Join("accounts", account, "contacts", id) }
