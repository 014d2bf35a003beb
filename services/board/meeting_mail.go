package board

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/services/board/meetings"
	"github.com/evenhand/evenhand/services/board/outbox"
)

// meetingMail puts what meetings have to tell into the outbox. It implements
// meetings.Delivery.
type meetingMail struct {
	outbox    *outbox.Outbox
	directory outbox.Directory
	from      outbox.Address
	now       func() time.Time
}

// Put implements meetings.Delivery.
func (m meetingMail) Put(ctx context.Context, in meetings.Message) error {
	out := outbox.Message{ID: in.ID, Kind: in.Kind, About: in.About, Account: in.Account, Contact: in.Contact, Subject: in.Subject, Body: in.Body}
	if in.Entry != nil {
		to, err := m.directory.Address(ctx, in.Account, in.Contact)
		switch {
		case errors.Is(err, outbox.ErrNoAddress): // it is not delivered, and the outbox says why
		case err != nil:
			return fmt.Errorf("find the address of %s at %s: %w", in.Contact, in.Account, err)
		default:
			if out.Attachment, err = m.attachment(*in.Entry, to); err != nil {
				return err
			}
		}
	}
	return m.outbox.Put(ctx, out)
}

// attachment is what mail programs enter into the calendar of who is written to.
func (m meetingMail) attachment(entry calendar.Invitation, to outbox.Address) (*outbox.Attachment, error) {
	entry.Organizer, entry.Attendee, entry.Written = calendar.Person(m.from), calendar.Person(to), m.now()
	content, err := entry.ICalendar()
	if err != nil {
		return nil, err
	}
	return &outbox.Attachment{Name: "meeting.ics", Type: entry.MediaType(), Content: content}, nil
}
