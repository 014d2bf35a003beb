package decision

import (
	"context"
	"time"
)

// Accounts are all accounts, as they are known at an instant.
type Accounts struct {
	// Book decides about them, and At is the instant.
	Book *Book
	At   time.Time
	// Workers is from how many goroutines Each calls.
	Workers int
	// Each calls visit with every account, in no order and from several goroutines, which
	// worker numbers from 0; what visit gets of an account is used again afterwards. It calls
	// tell, where that is not nil, from one goroutine at a time with how many parts of all
	// accounts are done. An error of either ends it.
	Each func(ctx context.Context, visit func(worker int, id string, a Account) error, tell func(done, total int) error) error
}
