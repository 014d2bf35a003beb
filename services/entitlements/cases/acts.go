package cases

import (
	"context"

	"github.com/evenhand/evenhand/internal/resource"
)

// Patch is what is changed of a case; nil leaves a field as it is.
type Patch struct {
	Issue, Channel, Subject, Description *string
	Facts                                *map[string]string
}

// set puts a new value in place of an old one, where there is one.
func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// Update changes what a case is about: NOT_FOUND, STALE_ETAG, INVALID_ARGUMENT,
// CASE_STATE where it is resolved, since a remedy was chosen by these facts.
func (s *Cases) Update(ctx context.Context, call Call, id, etag string, patch Patch) (resource.Stored[Case], error) {
	return s.act(ctx, call, id, etag, "case.updated", false, func(t turn, c *Case) error {
		if err := c.wants(t.name, "it is changed", ": reopen it first", Open, Waiting); err != nil {
			return err
		}
		set(&c.Issue, patch.Issue)
		set(&c.Channel, patch.Channel)
		set(&c.Subject, patch.Subject)
		set(&c.Description, patch.Description)
		set(&c.Facts, patch.Facts)
		if err := c.checkFields("case."); err != nil {
			return err
		}
		t.done(c, ActUpdated, "")
		return nil
	})
}

// Assign gives a case to a principal, by id, or, where that is empty, to nobody:
// NOT_FOUND, STALE_ETAG, CASE_STATE, NOT_STAFF, and NOT_ACKNOWLEDGED where the principal
// has not acknowledged the baseline in force. With check, nothing is written.
func (s *Cases) Assign(ctx context.Context, call Call, id, etag, assignee string, check bool) (resource.Stored[Case], error) {
	if earlier, known, err := s.table.Replay(ctx, call.Call, id); known || err != nil {
		return earlier, err
	}
	if assignee != "" {
		if err := s.mayBeAssigned(ctx, assignee, "assignee"); err != nil {
			return resource.Stored[Case]{}, err
		}
	}
	return s.act(ctx, call, id, etag, "case.assigned", check, func(t turn, c *Case) error { return t.assign(c, assignee) })
}

// Reply records that staff replied to the customer: the first reply stops its clocks, and
// a reply of the accountable person answers an escalation. NOT_FOUND, STALE_ETAG,
// INVALID_ARGUMENT, CASE_STATE.
func (s *Cases) Reply(ctx context.Context, call Call, id, etag, note string) (resource.Stored[Case], error) {
	if err := checkNote("note", note); err != nil {
		return resource.Stored[Case]{}, err
	}
	return s.act(ctx, call, id, etag, "case.replied", false, func(t turn, c *Case) error { return t.reply(c, note) })
}

// Wait says that a case waits for the customer: its clocks stand still. NOT_FOUND,
// STALE_ETAG, INVALID_ARGUMENT, CASE_STATE unless it is open and was replied to.
func (s *Cases) Wait(ctx context.Context, call Call, id, etag, note string) (resource.Stored[Case], error) {
	if err := checkNote("note", note); err != nil {
		return resource.Stored[Case]{}, err
	}
	return s.act(ctx, call, id, etag, "case.waited", false, func(t turn, c *Case) error { return t.wait(c, note) })
}

// Answered says that the customer answered: the clocks go on. NOT_FOUND, STALE_ETAG,
// INVALID_ARGUMENT, CASE_STATE unless the case waits for that.
func (s *Cases) Answered(ctx context.Context, call Call, id, etag, note string) (resource.Stored[Case], error) {
	if err := checkNote("note", note); err != nil {
		return resource.Stored[Case]{}, err
	}
	return s.act(ctx, call, id, etag, "case.answered", false, func(t turn, c *Case) error { return t.answered(c, note) })
}

// Reopen takes the resolution of a case back. NOT_FOUND, STALE_ETAG, INVALID_ARGUMENT,
// CASE_STATE unless it is resolved.
func (s *Cases) Reopen(ctx context.Context, call Call, id, etag, reason string) (resource.Stored[Case], error) {
	if err := checkReason(reason); err != nil {
		return resource.Stored[Case]{}, err
	}
	return s.act(ctx, call, id, etag, "case.reopened", false, func(t turn, c *Case) error { return t.reopen(c, reason) })
}

// Escalate calls in the accountable person of the escalation path, the same for every
// account. NOT_FOUND, STALE_ETAG, INVALID_ARGUMENT, CASE_STATE where the case is resolved or
// escalated already, NO_ESCALATION_PATH.
func (s *Cases) Escalate(ctx context.Context, call Call, id, etag, reason string) (resource.Stored[Case], error) {
	if err := checkReason(reason); err != nil {
		return resource.Stored[Case]{}, err
	}
	if earlier, known, err := s.table.Replay(ctx, call.Call, id); known || err != nil {
		return earlier, err
	}
	path, err := s.EscalationPath(ctx)
	if err != nil {
		return resource.Stored[Case]{}, err
	}
	return s.act(ctx, call, id, etag, "case.escalated", false, func(t turn, c *Case) error { return t.escalate(c, path.State, reason) })
}

// RecordSurvey records what the customer said of a resolved case, once. NOT_FOUND,
// STALE_ETAG, INVALID_ARGUMENT, CASE_STATE.
func (s *Cases) RecordSurvey(ctx context.Context, call Call, id, etag string, survey Survey) (resource.Stored[Case], error) {
	p := problems{}
	if survey.Score < 1 || survey.Score > 5 {
		p.add("score", "is %d: it is 1 to 5, 5 being the best", survey.Score)
	}
	p.text("comment", survey.Comment, maxNote)
	if err := p.err(); err != nil {
		return resource.Stored[Case]{}, err
	}
	return s.act(ctx, call, id, etag, "case.surveyed", false, func(t turn, c *Case) error { return t.survey(c, survey) })
}

func checkNote(field, note string) error {
	p := problems{}
	p.text(field, note, maxNote)
	return p.err()
}

func checkReason(reason string) error {
	p := problems{}
	p.needed("reason", reason, maxNote)
	return p.err()
}
