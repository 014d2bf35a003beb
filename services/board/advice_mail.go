package board

import (
	"context"

	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/services/board/advice"
	"github.com/evenhand/evenhand/services/board/outbox"
)

// AdviceMail puts what those who gave ideas are told into the service's outbox.
func (s *Service) AdviceMail() advice.Delivery { return adviceMail{s.Outbox} }

type adviceMail struct{ outbox *outbox.Outbox }

// Put implements advice.Delivery. Where a member of the staff passed on what an account
// said, there is nobody to write to.
func (m adviceMail) Put(ctx context.Context, message advice.Message) (bool, error) {
	if message.To.Contact == "" {
		return false, nil
	}
	return true, m.outbox.Put(ctx, outbox.Message{ID: message.ID, Kind: "idea-answered", About: names.Join("ideas", message.Idea),
		Account: message.To.Account, Contact: message.To.Contact, Subject: message.Subject, Body: message.Text})
}
