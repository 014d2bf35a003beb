package sessions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// directory knows all but those called nobody; gone is closed.
type directory struct{}

func (directory) look(name string) error {
	if strings.Contains(name, "nobody") {
		return resource.ErrNotFound
	}
	return nil
}

func (d directory) Principal(_ context.Context, id string) error { return d.look(id) }
func (d directory) Contact(_ context.Context, name string) error { return d.look(name) }
func (d directory) Account(_ context.Context, id string) (feeds.Account, error) {
	a := feeds.Account{ID: id, State: feeds.Active}
	if id == "gone" {
		a.State = feeds.Closed
	}
	return a, d.look(id)
}

// asked is a solicitation of the board.
type asked struct {
	Question
	state  SolicitationState
	answer string
	ideas  []Idea
	// changed is what was changed of it.
	changed []Change
}

// board is a board service that keeps request ids, and the lock of an owner.
type board struct {
	mu     sync.Mutex
	asked  map[string]*asked
	seen   map[string]string // what a request did
	locked map[string]error  // by owner
	// away is what every call fails with; lose makes it fail after it did what was asked.
	away error
	lose bool
	// before is called once, at the beginning of the next Ask; looked once, after the next look
	// at where a solicitation stands.
	before func()
	looked func(*asked)
	// bounded says that the last question had a deadline.
	bounded bool
}

var errAway = fault.New(fault.Unavailable, fault.ReasonUnavailable, "A service this one needs cannot be reached now; try again.")

func refusal(reason, subject, text string) error {
	return fmt.Errorf("%w: %w", ErrRefused, fault.Precondition(reason, subject, "%s", text))
}

// once does something unless the request came before.
func (b *board) once(requestID, what string, do func() error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away != nil && !b.lose {
		return b.away
	}
	if was, came := b.seen[requestID]; came {
		if was != what {
			return refusal("REQUEST_ID_REUSED", what, "came with "+was)
		}
	} else {
		if err := do(); err != nil {
			return err
		}
		b.seen[requestID] = what
	}
	if b.lose {
		return b.away
	}
	return nil
}

func (b *board) Ask(ctx context.Context, q Question, check bool) error {
	b.mu.Lock()
	_, b.bounded = ctx.Deadline()
	before := b.before
	b.before = nil
	b.mu.Unlock()
	if before != nil {
		before()
	}
	if check {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.locked[q.Owner]
	}
	return b.once(q.RequestID, fmt.Sprint("ask ", q), func() error {
		if err := b.locked[q.Owner]; err != nil {
			return err
		}
		b.asked[q.ID] = &asked{Question: q, state: Asking}
		return nil
	})
}

func (b *board) State(_ context.Context, id string) (SolicitationState, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away != nil && !b.lose {
		return "", b.away
	}
	a := b.asked[id]
	if looked := b.looked; looked != nil {
		b.looked = nil
		state := a.state
		b.mu.Unlock()
		defer b.mu.Lock()
		looked(a)
		return state, nil
	}
	return a.state, nil
}

func (b *board) Change(_ context.Context, id, requestID string, c Change) error {
	return b.once(requestID, fmt.Sprint("change ", id, c), func() error {
		a := b.asked[id]
		if a.state != Asking && a.state != Deciding {
			return refusal("SOLICITATION_STATE", id, "is "+string(a.state))
		}
		if c.Owner != "" {
			a.Owner = c.Owner
		}
		if c.Closes != 0 {
			a.Closes = c.Closes
		}
		if c.Decides != 0 {
			a.Decides = c.Decides
		}
		a.changed = append(a.changed, c)
		return nil
	})
}

func (b *board) Close(_ context.Context, id, requestID string) error {
	return b.once(requestID, "close "+id, func() error {
		b.asked[id].state = Deciding
		return nil
	})
}

func (b *board) Answer(_ context.Context, id, requestID, answer string) error {
	return b.once(requestID, "answer "+id+answer, func() error {
		for _, i := range b.asked[id].ideas {
			if !i.Decided {
				return refusal("SOLICITATION_STATE", id, "1 idea undecided")
			}
		}
		b.asked[id].state, b.asked[id].answer = Settled, answer
		return nil
	})
}

func (b *board) Withdraw(_ context.Context, id, requestID, reason string) error {
	return b.once(requestID, "withdraw "+id+reason, func() error {
		if len(b.asked[id].ideas) > 0 {
			return refusal("SOLICITATION_STATE", id, "holds ideas")
		}
		b.asked[id].state = Withdrawn
		return nil
	})
}

func (b *board) Ideas(_ context.Context, id string) ([]Idea, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away != nil {
		return nil, b.away
	}
	return slices.Clone(b.asked[id].ideas), nil
}

// is changes the board.
func (b *board) is(change func(*board)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

// only returns the one solicitation of which it is wanted that there is one, and its id.
func (b *board) only(t testing.TB) *asked {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Len(t, b.asked, 1)
	for _, a := range b.asked {
		return a
	}
	return nil
}

// touchpoints keeps what was planned, refuses accounts without a plan, and names that are
// taken.
type touchpoints struct {
	mu      sync.Mutex
	planned map[string]Touchpoint // by name
	by      map[string]string     // request ids, by name
	skipped map[string]string     // reasons, by name
	calls   int
	away    error
	// room is how many are planned before it is away; no matter how many where it is negative.
	room int
	// lose makes the next plan fail after it was made, and before is called at its beginning.
	lose   bool
	before func()
}

func (p *touchpoints) Name(t Touchpoint) string {
	return fmt.Sprintf("%s/touchpoints/%d.%s", plans.Name(t.Account), t.Number, strings.TrimPrefix(t.Session, "strategySessions/"))
}

func (p *touchpoints) Plan(_ context.Context, call resource.Call, t Touchpoint) error {
	p.mu.Lock()
	before := p.before
	p.before = nil
	p.mu.Unlock()
	if before != nil {
		before()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	name := p.Name(t)
	_, there := p.planned[name]
	switch {
	case p.away != nil:
		return p.away
	case t.Account == "planless":
		return fault.Missing("evenhand/Plan", plans.Name(t.Account))
	case there && p.by[name] != call.RequestID:
		return resource.ErrExists.Saying("%s exists already.", name)
	case !there && p.room == 0:
		return errAway
	case !there:
		p.planned[name], p.by[name] = t, call.RequestID
		p.room--
	}
	if p.lose {
		p.lose = false
		return errAway
	}
	return nil
}

func (p *touchpoints) Skip(_ context.Context, _ resource.Call, name, reason string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.away != nil {
		return p.away
	}
	if _, there := p.planned[name]; !there {
		return fault.Missing("evenhand/Touchpoint", name)
	}
	p.skipped[name] = reason
	return nil
}

// clock is the time in a test, which goes on only when told to.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) later(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
