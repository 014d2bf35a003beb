package board

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
)

// Finding is something about the members of a board that its charter does not have so,
// and that came about after they were seated. Nobody loses a seat by it.
type Finding struct {
	Kind charter.FindingKind `bson:"kind"`
	// Accounts are ids.
	Accounts []string `bson:"accounts,omitempty"`
	// Subject is the rule of a conflict, or the category and value of a quota.
	Subject string `bson:"subject,omitempty"`
	Text    string `bson:"text"`
	// Opened is when it came up last, Resolved when it was gone, the zero time while it
	// stands.
	Opened         time.Time `bson:"opened"`
	Resolved       time.Time `bson:"resolved,omitempty"`
	resource.Times `bson:",inline"`
}

// FoundVacancy says that a seat is vacant.
const FoundVacancy charter.FindingKind = "vacancy"

// Findings is the use cases of findings.
type Findings struct {
	table     *resource.Table[Finding, *Finding]
	rotations *Rotations
	now       func() time.Time
}

func openFindings(ctx context.Context, w wiring, rotations *Rotations) (*Findings, error) {
	table, err := resource.OpenTable[Finding](ctx, w.requests, resource.Kind[Finding]{
		Type: findingType, Name: Name, Spec: docstore.Spec{Name: "findings"},
		Tell: func(f Finding) any { return f }})
	return &Findings{table: table, rotations: rotations, now: w.now}, err
}

// findingID is the id under which a finding is stored, and the tail of its name.
func findingID(board, finding string) string { return board + "/findings/" + finding }

// Get returns a finding, or resource.ErrNotFound.
func (f *Findings) Get(ctx context.Context, board, finding string) (resource.Stored[Finding], error) {
	return f.table.Get(ctx, findingID(board, finding))
}

// List lists the findings of a board that keep wants, by id; nil wants all.
func (f *Findings) List(
	ctx context.Context, board string, size int, after resource.Place, keep func(resource.Stored[Finding]) bool,
) (resource.Page[Finding], error) {
	q := below(board, "findings")
	q.Limit, q.After = size, after
	return f.table.List(ctx, q, nil, keep)
}

// Standing returns the findings of a board that stand.
func (f *Findings) Standing(ctx context.Context, board string) ([]resource.Stored[Finding], error) {
	var list []resource.Stored[Finding]
	for s, err := range f.table.All(ctx, below(board, "findings")) {
		if err != nil {
			return nil, fmt.Errorf("read the findings of %s: %w", Name(board), err)
		}
		if s.State.Resolved.IsZero() {
			list = append(list, s)
		}
	}
	return list, nil
}

// accountsChanged looks at the boards on which one of these accounts, or one below them
// in its group, sits.
func (f *Findings) accountsChanged(ctx context.Context, ids []string) error {
	for b, err := range f.rotations.boards.table.All(ctx, docstore.Query{}) {
		if err != nil {
			return err
		}
		if b.State.State == Closed {
			continue
		}
		members, err := f.rotations.rosters.Members(ctx, b.ID, f.rotations.boards.Today(b.State))
		if err != nil {
			return err
		}
		seated := make([]string, len(members))
		for i := range members {
			seated[i] = members[i].Account
		}
		above, err := f.rotations.groups(ctx, seated)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(ids, func(id string) bool { _, counts := above[id]; return counts }) {
			if err := f.look(ctx, b.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// look finds out what stands about the members of a board today: it opens what is new,
// and resolves what is gone.
func (f *Findings) look(ctx context.Context, board string) error {
	found, err := f.find(ctx, board)
	if err != nil {
		return fmt.Errorf("look at the members of %s: %w", Name(board), err)
	}
	standing, err := f.Standing(ctx, board)
	if err != nil {
		return err
	}
	call := resource.Call{Principal: serviceName}
	still := map[string]bool{}
	for _, n := range found {
		id := findingID(board, n.ID)
		still[id] = true
		_, err := f.table.Upsert(ctx, call, id, nil, "finding.opened", func(s *Finding) error {
			if s.Opened.IsZero() || !s.Resolved.IsZero() {
				s.Opened, s.Resolved = f.now(), time.Time{}
			}
			s.Kind, s.Accounts, s.Subject, s.Text = n.Kind, n.Accounts, n.Subject, n.Text
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, s := range standing {
		if still[s.ID] {
			continue
		}
		_, err := f.table.Update(ctx, call, s.ID, nil, "finding.resolved", func(s *Finding) error {
			if s.Resolved.IsZero() {
				s.Resolved = f.now()
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// find returns what is not as the charter in force today has it, and which seats are
// vacant; nothing where there is no charter, or the board is closed.
func (f *Findings) find(ctx context.Context, board string) ([]charter.Finding, error) {
	b, err := f.rotations.boards.Get(ctx, board)
	if err != nil || b.State.State == Closed {
		return nil, err
	}
	w, err := f.rotations.world(ctx, board)
	if err != nil {
		return nil, err
	}
	today := f.rotations.boards.Today(w.board)
	versions, err := f.rotations.charters.versions(ctx, board)
	if err != nil {
		return nil, err
	}
	for i := len(versions) - 1; i >= 0; i-- {
		if v := versions[i].State; v.Effective <= today {
			return w.found(&v.Rules, today), nil
		}
	}
	return nil, nil
}

// found returns what is not as a charter has it. Where nobody is a member, only that
// seats are vacant.
func (w *world) found(rules *charter.Charter, today civil.Day) []charter.Finding {
	var found []charter.Finding
	if len(w.roster.running(today)) > 0 {
		found = rules.Findings(today, w.plain(today), w.roster.plain())
	}
	vacant := charter.Vacated(w.terms(), today)
	for _, seat := range slices.Sorted(maps.Keys(vacant)) {
		if seat > rules.Seats { // the charter has it no more: nobody will be seated there
			continue
		}
		left := vacant[seat]
		found = append(found, charter.Finding{ID: fmt.Sprintf("%s-%d-%s", FoundVacancy, seat, left.End), Kind: FoundVacancy,
			Text: fmt.Sprintf("seat %d is vacant since %s, until %s", seat, *left.Ended, left.End)})
	}
	return found
}
