package statements

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Issue is a statement as it was issued: all that is needed to make it again, and its
// digest.
type Issue struct {
	Header `bson:",inline"`
	// Positions are those of the feeds up to which it counts.
	Positions map[feeds.Service]int64 `bson:"positions"`
	// Digest is the statement's, and By the resource name of the principal who issued it.
	Digest string `bson:"digest"`
	// DigestVersion says how the digest was made.
	DigestVersion  int    `bson:"digest_version"`
	By             string `bson:"by"`
	resource.Times `bson:",inline"`
}

// id is the id of the statement of an account for a quarter.
func id(account string, q Quarter) string { return account + "/" + q.String() }

// Kind is how issued statements are stored and told.
var Kind = resource.Kind[Issue]{
	Type: statementType,
	Name: func(id string) string {
		account, quarter := id[:len(id)-len("/2026-q3")], id[len(id)-len("2026-q3"):]
		return "accounts/" + account + "/valueStatements/" + quarter
	},
	Tell: func(i Issue) any { return i },
	Spec: docstore.Spec{Name: "value_statements", Indexes: []docstore.Index{{Name: byQuarter, Fields: []string{"quarter"}}}},
}

// run is what a request to issue statements was begun with, so that the same request, come
// again, goes on with it.
type run struct {
	docstore.CreatedBy `bson:",inline"`
	Positions          map[feeds.Service]int64 `bson:"positions"`
	Known              time.Time               `bson:"known"`
	// Company, Currency and Zone are what the company had settled.
	Company  string `bson:"company,omitempty"`
	Currency string `bson:"currency,omitempty"`
	Zone     string `bson:"zone,omitempty"`
}

// Wanted says which statements to issue.
type Wanted struct {
	Quarter Quarter
	// Accounts are ids; none means every account that was a customer in the quarter.
	Accounts []string
	// Check issues none, and says how many there would be.
	Check bool
}

// Progress is how far issuing is.
type Progress struct {
	// Done is how many accounts were looked at, of Total.
	Done, Total int
	// Issued is how many statements were issued, There how many had been before, and None how
	// many accounts were no customers in the quarter.
	Issued, There, None int
}

// inOne is how many statements are written at a time.
const inOne = 200

// Issue issues statements for a quarter that has ended, and tells after each some how far
// it is. It can be interrupted and asked for again: what was issued stays as it is.
// ErrQuarterOpen; NOT_FOUND for an account; UNAVAILABLE while a copy is behind its feed.
func (s *Service) Issue(ctx context.Context, call resource.Call, wanted Wanted, tell func(Progress) error) (Progress, error) {
	_, zone, err := s.company(ctx)
	if err != nil {
		return Progress{}, err
	}
	current := s.current(zone)
	if wanted.Quarter >= current {
		return Progress{}, ErrQuarterOpen.Saying("%s ends on %s: its statements can be issued from the day after.", wanted.Quarter, wanted.Quarter.Last())
	}
	begun, err := s.begin(ctx, call, wanted.Check)
	if err != nil {
		return Progress{}, err
	}
	if zone, err = zoneOf(begun.Zone); err != nil {
		return Progress{}, err
	}
	header := Header{Quarter: wanted.Quarter, Company: begun.Company, Currency: begun.Currency, Zone: begun.Zone, Known: begun.Known}
	w := &writer{service: s, call: call, check: wanted.Check, begun: begun, header: header, zone: zone, current: current}
	err = w.all(ctx, wanted.Accounts, tell)
	return w.progress, err
}

// begin freezes the positions of the feeds; those of the same request, where it came
// before.
func (s *Service) begin(ctx context.Context, call resource.Call, check bool) (run, error) {
	if check || call.RequestID == "" {
		return s.freeze(ctx)
	}
	request := call.Request()
	before, err := s.runs.Get(ctx, request.DocumentID())
	if err == nil {
		_, err = call.Repeats(before.Body.Request)
		return before.Body, err
	}
	if !errors.Is(err, docstore.ErrNotFound) {
		return run{}, err
	}
	now, err := s.freeze(ctx)
	if err != nil {
		return run{}, err
	}
	doc, err := s.runs.Upsert(ctx, request.DocumentID(), func(d *docstore.Doc[run]) error {
		if d.Version == 0 {
			d.Body = now
			d.Body.CreatedBy = docstore.CreatedBy{Request: request}
		}
		return nil
	})
	if err == nil {
		_, err = call.Repeats(doc.Body.Request)
	}
	return doc.Body, err
}

// freeze returns positions of the feeds up to which everything is taken over, after waiting
// for what was acknowledged before it was called; UNAVAILABLE where that does not come.
func (s *Service) freeze(ctx context.Context) (run, error) {
	frozen := run{Positions: map[feeds.Service]int64{}, Known: s.now().UTC().Truncate(time.Millisecond)}
	waiting, stop := context.WithTimeout(ctx, s.opts.Patience)
	defer stop()
	for _, f := range s.followers {
		lag, err := f.Lag(waiting)
		if err != nil && waiting.Err() != nil && ctx.Err() == nil { // a stuck relay, say
			lag.Unreachable, err = err, nil
		}
		switch {
		case err != nil:
			return run{}, err
		case lag.Unreachable != nil:
			return run{}, fault.New(fault.Unavailable, fault.ReasonUnavailable, "The %s service is not reached, so nobody knows whether all is here: try again.", f.Service()).
				Because(lag.Unreachable).WithRetry(retryAfter)
		}
		frozen.Positions[f.Service()] = lag.Head
	}
	for _, f := range s.followers {
		if err := await(ctx, waiting, f, frozen.Positions[f.Service()]); err != nil {
			return run{}, err
		}
	}
	company, _, err := s.company(ctx)
	frozen.Company, frozen.Currency, frozen.Zone = company.Name, company.Currency, company.Zone
	return frozen, err
}

// lookEvery is how often it is looked whether a copy has come on.
const lookEvery = 20 * time.Millisecond

// await waits until a feed is taken over up to a position, and no longer than waiting is.
func await(ctx, waiting context.Context, f Follower, position int64) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		applied, err := f.Applied(ctx)
		if err != nil || applied >= position {
			return err
		}
		select {
		case <-look.C:
		case <-waiting.Done():
			if err := ctx.Err(); err != nil {
				return err
			}
			return fault.New(fault.Unavailable, fault.ReasonUnavailable, "%d changes of the %s feed are not here yet: try again. (`evenhand plan following` says how far it is.)",
				position-applied, f.Service()).WithRetry(retryAfter)
		}
	}
}

const retryAfter = 5 * time.Second

// writer issues statements.
type writer struct {
	service  *Service
	call     resource.Call
	check    bool
	begun    run
	header   Header
	zone     civil.Zone
	current  Quarter
	progress Progress
}

func (w *writer) all(ctx context.Context, ids []string, tell func(Progress) error) error {
	if len(ids) > 0 {
		var list []feeds.Account
		for _, id := range ids {
			a, err := w.service.opts.Accounts.Get(ctx, id)
			if err != nil {
				return err
			}
			list = append(list, a)
		}
		w.progress.Total = len(list)
		for at := 0; at < len(list); at += inOne {
			if err := w.some(ctx, list[at:min(len(list), at+inOne)], tell); err != nil {
				return err
			}
		}
		return nil
	}
	for _, err := range w.service.opts.Accounts.All(ctx, "") {
		if err != nil {
			return fmt.Errorf("count accounts: %w", err)
		}
		w.progress.Total++
	}
	for some, err := range inParts(w.service.opts.Accounts.All(ctx, ""), inOne) {
		if err != nil {
			return err
		}
		if err := w.some(ctx, some, tell); err != nil {
			return err
		}
	}
	return nil
}

// some issues the statements of some accounts, unless they were before.
func (w *writer) some(ctx context.Context, accounts []feeds.Account, tell func(Progress) error) error {
	ids := make([]string, len(accounts))
	for i := range accounts {
		ids[i] = id(accounts[i].ID, w.header.Quarter)
	}
	there, err := w.service.issues.GetMany(ctx, ids)
	if err != nil {
		return err
	}
	var left []feeds.Account
	for i := range accounts {
		if _, known := there[ids[i]]; known {
			w.progress.There++
			continue
		}
		left = append(left, accounts[i])
	}
	var states []Issue
	for few := range slices.Chunk(left, inHand) {
		more, err := w.made(ctx, few)
		if err != nil {
			return err
		}
		states = append(states, more...)
	}
	if err := w.write(ctx, states); err != nil {
		return err
	}
	w.progress.Done = min(w.progress.Done+len(accounts), w.progress.Total)
	return tell(w.progress)
}

// made makes the statements of those of a few accounts that were customers.
func (w *writer) made(ctx context.Context, accounts []feeds.Account) ([]Issue, error) {
	places := make([]place, len(accounts))
	for i := range accounts {
		places[i] = place{accounts[i].ID, w.header.Quarter}
	}
	opened, err := w.service.Dossiers.open(ctx, places)
	if err != nil {
		return nil, err
	}
	var states []Issue
	for i := range accounts {
		issue, has, err := w.one(ctx, &accounts[i], opened[places[i]])
		if err != nil {
			return nil, err
		}
		if !has {
			w.progress.None++
			continue
		}
		states = append(states, issue)
	}
	return states, nil
}

// one makes the statement of an account; false where it was no customer.
func (w *writer) one(ctx context.Context, a *feeds.Account, lines []line) (Issue, bool, error) {
	has, err := w.service.customer(ctx, a, w.header.Quarter, lines, asOf{w.zone, w.current, Horizon{Positions: w.begun.Positions}})
	if err != nil || !has {
		return Issue{}, false, err
	}
	header := w.header
	header.Account, header.DisplayName = a.ID, a.DisplayName
	statement, err := w.service.fold(ctx, header, w.zone, lines, Horizon{Positions: w.begun.Positions})
	if err != nil {
		return Issue{}, false, err
	}
	digest, err := statement.Digest(digestVersion)
	return Issue{Header: header, Positions: maps.Clone(w.begun.Positions), Digest: digest, DigestVersion: digestVersion, By: w.call.Principal}, true, err
}

func (w *writer) write(ctx context.Context, states []Issue) error {
	if w.check || len(states) == 0 {
		w.progress.Issued += len(states)
		return nil
	}
	ids := make([]string, len(states))
	for i := range states {
		ids[i] = id(states[i].Account, w.header.Quarter)
	}
	failed, err := w.service.issues.CreateMany(ctx, w.call, ids, states, "value_statement.issued")
	if err != nil {
		return fmt.Errorf("issue statements: %w", err)
	}
	w.progress.There += len(failed) // by somebody else, in this moment
	w.progress.Issued += len(ids) - len(failed)
	return nil
}
