package board

import (
	"context"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// CandidateState says where a candidate stands.
type CandidateState string

// The states of a candidate.
const (
	// Nominated says that nobody has consented yet.
	Nominated CandidateState = "nominated"
	// Consented says that one of its people has.
	Consented CandidateState = "consented"
	// Withdrawn says that it does not want to be a candidate any more.
	Withdrawn CandidateState = "withdrawn"
)

// Candidate is an account that was nominated for a board.
type Candidate struct {
	State CandidateState `bson:"state"`
	// Nominator is the id of a principal.
	Nominator string    `bson:"nominator"`
	Nominated time.Time `bson:"nominated"`
	// Consent is nil where there is none, or the candidate withdrew.
	Consent        *Consent `bson:"consent,omitempty"`
	WithdrawReason string   `bson:"withdraw_reason,omitempty"`
	resource.Times `bson:",inline"`
}

// Consent is a person's consent that the account may be drawn, and that this person will
// come.
type Consent struct {
	// Contact is an id within the account.
	Contact string    `bson:"contact"`
	Given   time.Time `bson:"given"`
	// Until is the last day of it; civil.Never where it holds until it is withdrawn.
	Until civil.Day `bson:"until"`
	// Recorder is the id of a principal.
	Recorder string `bson:"recorder"`
}

// same says whether another consent is of the same person until the same day; false for
// nil.
func (c *Consent) same(other *Consent) bool {
	return c != nil && c.Contact == other.Contact && c.Until == other.Until
}

// NewConsent is a consent about to be recorded.
type NewConsent struct {
	Contact string
	// Given is the zero time for now.
	Given time.Time
	// Until is the last day of it; civil.Never for one without end.
	Until civil.Day
}

// Candidates is the use cases of candidates.
type Candidates struct {
	table    *resource.Table[Candidate, *Candidate]
	boards   *Boards
	accounts *Accounts
	source   Source
	now      func() time.Time
}

func openCandidates(ctx context.Context, w wiring, boards *Boards, accounts *Accounts) (*Candidates, error) {
	table, err := resource.OpenTable[Candidate](ctx, w.requests, resource.Kind[Candidate]{
		Type: candidateType, Name: Name, Spec: docstore.Spec{Name: "candidates"},
		Tell: func(c Candidate) any { return c }})
	return &Candidates{table: table, boards: boards, accounts: accounts, source: w.source, now: w.now}, err
}

// candidateID is the id under which a candidate is stored, and the tail of its name.
func candidateID(board, account string) string { return board + "/candidates/" + account }

// below is the query of what is stored under a board in a collection.
func below(board, collection string) docstore.Query {
	// "0" comes right behind "/".
	return docstore.Query{From: board + "/" + collection + "/", To: board + "/" + collection + "0"}
}

// Get returns a candidate, or resource.ErrNotFound.
func (c *Candidates) Get(ctx context.Context, board, account string) (resource.Stored[Candidate], error) {
	return c.table.Get(ctx, candidateID(board, account))
}

// List lists the candidates of a board that keep wants, by account; nil wants all.
func (c *Candidates) List(
	ctx context.Context, board string, size int, after resource.Place, keep func(resource.Stored[Candidate]) bool,
) (resource.Page[Candidate], error) {
	q := below(board, "candidates")
	q.Limit, q.After = size, after
	return c.table.List(ctx, q, nil, keep)
}

// all returns all candidates of a board by account.
func (c *Candidates) all(ctx context.Context, board string) (map[string]Candidate, error) {
	found := map[string]Candidate{}
	prefix := len(candidateID(board, ""))
	for s, err := range c.table.All(ctx, below(board, "candidates")) {
		if err != nil {
			return nil, fmt.Errorf("read the candidates of %s: %w", Name(board), err)
		}
		found[s.ID[prefix:]] = s.State
	}
	return found, nil
}

// Nominate makes an account a candidate, or again one that withdrew, with the consent
// where one is given. By is the id of the principal. NOT_FOUND for the board, the account
// and the contact; resource.ErrExists where it is a candidate; ErrBoardState for a closed
// board; ErrNotEligible for an account that is no customer any more.
func (c *Candidates) Nominate(
	ctx context.Context, call resource.Call, board, account, by string, consent *NewConsent,
) (resource.Stored[Candidate], error) {
	return c.nominate(ctx, call, board, account, by, consent, false)
}

// NominateAlso is Nominate for one that may be a candidate already, as lists of them name
// it: then only the consent is recorded, where one is given that is of another person or
// until another day. ErrNotEligible besides for one that withdrew.
func (c *Candidates) NominateAlso(
	ctx context.Context, call resource.Call, board, account, by string, consent *NewConsent,
) (resource.Stored[Candidate], error) {
	return c.nominate(ctx, call, board, account, by, consent, true)
}

func (c *Candidates) nominate(
	ctx context.Context, call resource.Call, board, account, by string, consent *NewConsent, also bool,
) (resource.Stored[Candidate], error) {
	var none resource.Stored[Candidate]
	if _, err := c.boards.Open(ctx, board); err != nil {
		return none, err
	}
	a, err := c.accounts.Get(ctx, account)
	if err != nil {
		return none, err
	}
	if a.State == AccountClosed {
		return none, notEligible(AccountName(account), "is not a customer any more")
	}
	given, err := c.consent(ctx, account, by, consent)
	if err != nil {
		return none, err
	}
	id := candidateID(board, account)
	return c.table.Upsert(ctx, call, id, nil, "candidate.nominated", func(s *Candidate) error {
		there := s.State != "" && s.State != Withdrawn
		switch {
		case there && !also:
			return c.table.Kind().Exists(id)
		case s.State == Withdrawn && also:
			return notEligible(Name(id), "withdrew, and is not put back by a list: nominate it by itself if it wants to be a candidate again")
		case there && given != nil && s.Consent.same(given):
			return nil
		case !there:
			*s = Candidate{State: Nominated, Nominator: by, Nominated: c.now(), Times: s.Times}
		}
		if given != nil {
			s.State, s.Consent = Consented, given
		}
		return nil
	})
}

// RecordConsent records that one of the candidate's people consents, in the place of an
// earlier consent. NOT_FOUND for candidate and contact; resource.ErrStale; ErrBoardState
// for a closed board; ErrNotEligible for a candidate that withdrew.
func (c *Candidates) RecordConsent(
	ctx context.Context, call resource.Call, board, account, etag, by string, consent NewConsent,
) (resource.Stored[Candidate], error) {
	var none resource.Stored[Candidate]
	if _, err := c.boards.Open(ctx, board); err != nil {
		return none, err
	}
	given, err := c.consent(ctx, account, by, &consent)
	if err != nil {
		return none, err
	}
	id := candidateID(board, account)
	return c.table.Update(ctx, call, id, resource.IfEtag[Candidate](etag), "candidate.consented", func(s *Candidate) error {
		if s.State == Withdrawn {
			return notEligible(Name(id), "withdrew: nominate it anew")
		}
		s.State, s.Consent = Consented, given
		return nil
	})
}

// consent makes what is kept of a consent, after finding that there is such a person.
func (c *Candidates) consent(ctx context.Context, account, by string, n *NewConsent) (*Consent, error) {
	if n == nil {
		return nil, nil
	}
	if _, err := c.source.Contact(ctx, account, n.Contact); err != nil {
		return nil, contactError(account, n.Contact, err)
	}
	given := n.Given
	if given.IsZero() {
		given = c.now()
	}
	return &Consent{Contact: n.Contact, Given: given.UTC().Truncate(time.Millisecond), Until: n.Until, Recorder: by}, nil
}

// Withdraw takes a candidate out of the pool at its own wish: resource.ErrNotFound;
// resource.ErrStale; ErrNotEligible for one that withdrew before.
func (c *Candidates) Withdraw(ctx context.Context, call resource.Call, board, account, etag, reason string) (resource.Stored[Candidate], error) {
	id := candidateID(board, account)
	return c.table.Update(ctx, call, id, resource.IfEtag[Candidate](etag), "candidate.withdrawn", func(s *Candidate) error {
		if s.State == Withdrawn {
			return notEligible(Name(id), "has withdrawn already")
		}
		s.State, s.Consent, s.WithdrawReason = Withdrawn, nil, reason
		return nil
	})
}
