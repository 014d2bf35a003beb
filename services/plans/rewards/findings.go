package rewards

import (
	"context"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// Acknowledgement is what somebody who looked at a finding says about it, and its figures
// as they were then.
type Acknowledgement struct {
	Check   Check  `bson:"check"`
	Month   string `bson:"month"`
	Person  string `bson:"person"`
	Subject string `bson:"subject,omitempty"`
	Figures `bson:",inline"`
	// By is the resource name of who looked, and Note what they say.
	By             string `bson:"by"`
	Note           string `bson:"note"`
	resource.Times `bson:",inline"`
}

// FindingKind describes acknowledgements of findings to whoever reads their changes:
// without what people wrote.
var FindingKind = resource.Kind[Acknowledgement]{
	Type: findingType, Name: FindingName,
	Tell: func(a Acknowledgement) any {
		a.Note = ""
		return a
	},
	Spec: docstore.Spec{Name: "reward_findings", Indexes: []docstore.Index{{Name: "month", Fields: []string{"month"}}}},
}

// Findings returns what looks, in the months of a period, as if it were done for the
// points, by month. It is worked out anew each time.
func (s *Service) Findings(ctx context.Context, period Period) ([]Finding, error) {
	versions, err := s.versions(ctx)
	if err != nil {
		return nil, err
	}
	var all []Finding
	for _, month := range period.Months() {
		found, err := s.findings(ctx, month, versions)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// findings are those of a month, by the checks in force at its end.
func (s *Service) findings(ctx context.Context, month Period, versions []version) ([]Finding, error) {
	work, err := s.workBetween(ctx, month.From, month.To)
	if err != nil {
		return nil, err
	}
	checks := DefaultChecks
	if v := at(versions, month.To); v != nil {
		checks = v.Checks
	}
	found := findingsIn(month, work, versions, checks)
	if len(found) == 0 {
		return nil, nil
	}
	acknowledged := map[string]Acknowledgement{}
	for a, err := range s.acknowledged.All(ctx, docstore.Query{Index: "month", Equal: []any{month.ID}, Limit: 1000}) {
		if err != nil {
			return nil, err
		}
		acknowledged[a.ID] = a.State
	}
	entries, err := s.entriesByWork(ctx, month, found)
	if err != nil {
		return nil, err
	}
	for i := range found {
		f := &found[i]
		if a, ok := acknowledged[f.ID]; ok {
			f.Acknowledged = &a
		}
		for _, w := range f.Work {
			f.Entries = append(f.Entries, entries[f.Person][w]...)
		}
		slices.Sort(f.Entries)
	}
	return found, nil
}

// entriesByWork are the ids of the entries of the people whom findings are about, by
// person and the resource name of the work.
func (s *Service) entriesByWork(ctx context.Context, month Period, found []Finding) (map[string]map[string][]string, error) {
	entries := map[string]map[string][]string{}
	for _, f := range found {
		if entries[f.Person] != nil {
			continue
		}
		of := map[string][]string{}
		list, err := s.entriesOf(ctx, "person", f.Person, month)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			of[e.State.Work] = append(of[e.State.Work], e.ID)
		}
		entries[f.Person] = of
	}
	return entries, nil
}

// Acknowledge notes what somebody who looked at a finding says about it. They are another
// person than the one it is about. Where its figures grow, somebody has to look again.
// NOT_FOUND where there is no such finding (any more); INVALID_ARGUMENT;
// FAILED_PRECONDITION with SECOND_PERSON for a machine, with OWN_REWARD for one's own, and
// with REWARD_FINDING_STATE where it was acknowledged as it is.
func (s *Service) Acknowledge(ctx context.Context, call resource.Call, by Caller, id, note string) (Finding, error) {
	name := FindingName(id)
	f, err := s.finding(ctx, id)
	if err != nil {
		return f, err
	}
	if earlier, known, err := s.acknowledged.Replay(ctx, call, id); known || err != nil {
		f.Acknowledged = &earlier.State
		return f, err
	}
	if earlier, known, err := s.acknowledged.Created(ctx, call, id); known || err != nil {
		f.Acknowledged = &earlier.State
		return f, err
	}
	if note == "" {
		return f, fault.Invalid("note", "is empty: say what you found when you looked")
	}
	if err := onlyPeople(by, name, "acknowledge findings"); err != nil {
		return f, err
	}
	if by.Name == plans.PrincipalName(f.Person) {
		return f, own(findingType, name, by.Name, "acknowledge")
	}
	done, err := s.acknowledged.Upsert(ctx, call, id, nil, "reward_finding.acknowledged", func(a *Acknowledgement) error {
		if a.By != "" && a.Count >= f.Count {
			return fault.Precondition(ReasonFindingState, name, "%s was acknowledged by %s already, and has not grown since.", name, a.By).
				WithResource(findingType, name)
		}
		a.Check, a.Month, a.Person, a.Subject, a.Figures = f.Check, f.Month, f.Person, f.Subject, f.Figures
		a.By, a.Note = by.Name, note
		return nil
	})
	if err != nil {
		return f, err
	}
	f.Acknowledged = &done.State
	return f, nil
}

// finding returns the finding with an id, or resource.ErrNotFound.
func (s *Service) finding(ctx context.Context, id string) (Finding, error) {
	none := FindingKind.NotFound(id)
	if len(id) < len("2026-11-x") {
		return Finding{}, none
	}
	month, err := ParsePeriod("name", id[:len("2026-11")])
	if err != nil {
		return Finding{}, none
	}
	found, err := s.Findings(ctx, month)
	if err != nil {
		return Finding{}, fmt.Errorf("look for %s: %w", FindingName(id), err)
	}
	for _, f := range found {
		if f.ID == id {
			return f, nil
		}
	}
	return Finding{}, none
}
