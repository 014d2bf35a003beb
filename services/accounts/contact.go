package accounts

import (
	"context"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// Contact is a person at an account.
type Contact struct {
	DisplayName string   `bson:"display_name"`
	Email       string   `bson:"email,omitempty"`
	Phone       string   `bson:"phone,omitempty"`
	Roles       []string `bson:"roles,omitempty"`
	// TimeZone is the person's IANA zone, or empty.
	TimeZone string `bson:"time_zone,omitempty"`
	Times    `bson:",inline"`
}

// ContactPatch says what to change of a contact; nil leaves a field as it is.
type ContactPatch struct {
	DisplayName, Email, Phone, TimeZone *string
	Roles                               *[]string
}

// contactID is the id under which a contact is stored, and the tail of its name.
func contactID(account, contact string) string { return account + "/contacts/" + contact }

func openContacts(ctx context.Context, w wiring) (*table[Contact, *Contact], error) {
	// Followers of the feed learn that it changed, not to what: the feed is kept, and a
	// deleted contact must be gone.
	return openTable[Contact](ctx, w, docstore.Spec{Name: "contacts"}, AccountName, func(Contact) any { return nil })
}

// GetContact returns a contact of an account, or NotFound.
func (a *Accounts) GetContact(ctx context.Context, account, contact string) (Stored[Contact], error) {
	return a.contacts.get(ctx, contactID(account, contact))
}

// ListContacts lists the contacts of an account by id; NotFound for the account.
func (a *Accounts) ListContacts(ctx context.Context, account string, size int, after Place) (Page[Contact], error) {
	if _, err := a.Get(ctx, account); err != nil {
		return Page[Contact]{}, err
	}
	// "." follows "/" in no id, and "0" comes right behind "/".
	q := docstore.Query{From: account + "/", To: account + "0", After: after.after()}
	return a.contacts.list(ctx, q, size, byID[Contact], nil)
}

// CreateContact makes a contact; where its id is empty it is the slug of the name.
// NotFound for the account; Exists; Invalid.
func (a *Accounts) CreateContact(ctx context.Context, call Call, account, contact string, s Contact) (Stored[Contact], error) {
	if _, err := a.Get(ctx, account); err != nil {
		return Stored[Contact]{}, err
	}
	if contact == "" {
		contact = slug(s.DisplayName)
	}
	if !names.IsID(contact) {
		return Stored[Contact]{}, invalid("contact_id", "no id can be made of %q: give one of lower-case letters, digits and hyphens", s.DisplayName)
	}
	if err := s.check(); err != nil {
		return Stored[Contact]{}, err
	}
	return a.contacts.create(ctx, call, contactID(account, contact), s, "contact.created")
}

// UpdateContact changes a contact; NotFound, Stale, Invalid.
func (a *Accounts) UpdateContact(ctx context.Context, call Call, account, contact string, etag string, p ContactPatch) (Stored[Contact], error) {
	return a.contacts.update(ctx, call, contactID(account, contact), ifEtag[Contact](etag), "contact.updated", func(s *Contact) error {
		set(&s.DisplayName, p.DisplayName)
		set(&s.Email, p.Email)
		set(&s.Phone, p.Phone)
		set(&s.TimeZone, p.TimeZone)
		set(&s.Roles, p.Roles)
		return s.check()
	})
}

// DeleteContact deletes a contact; NotFound, Stale.
func (a *Accounts) DeleteContact(ctx context.Context, call Call, account, contact string, etag string) error {
	return a.contacts.remove(ctx, call, contactID(account, contact), ifEtag[Contact](etag), "contact.deleted")
}

func (s *Contact) check() error {
	if s.DisplayName == "" {
		return invalid("contact.display_name", "is empty: say who it is")
	}
	if s.TimeZone != "" && !isZone(s.TimeZone) {
		return invalid("contact.time_zone", "%q is not an IANA time zone such as America/New_York", s.TimeZone)
	}
	return nil
}
