package accounts

import (
	"context"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// Contact is a person at an account.
type Contact struct {
	DisplayName string   `bson:"display_name"`
	Email       string   `bson:"email,omitempty"`
	Phone       string   `bson:"phone,omitempty"`
	Roles       []string `bson:"roles,omitempty"`
	// TimeZone is the person's IANA zone, or empty.
	TimeZone       string `bson:"time_zone,omitempty"`
	resource.Times `bson:",inline"`
}

// ContactPatch says what to change of a contact; nil leaves a field as it is.
type ContactPatch struct {
	DisplayName, Email, Phone, TimeZone *string
	Roles                               *[]string
}

// contactID is the id under which a contact is stored, and the tail of its name.
func contactID(account, contact string) string { return account + "/contacts/" + contact }

func openContacts(ctx context.Context, w wiring) (*resource.Table[Contact, *Contact], error) {
	// Followers of the feed learn that it changed, not to what: the feed is kept, and a
	// deleted contact must be gone.
	return resource.OpenTable(ctx, w.requests, resource.Kind[Contact]{
		Type: "evenhand/Contact", Name: AccountName, Spec: docstore.Spec{Name: "contacts"}})
}

// GetContact returns a contact of an account, or ErrNotFound.
func (a *Accounts) GetContact(ctx context.Context, account, contact string) (resource.Stored[Contact], error) {
	return a.contacts.Get(ctx, contactID(account, contact))
}

// ListContacts lists the contacts of an account by id; ErrNotFound for the account.
func (a *Accounts) ListContacts(ctx context.Context, account string, size int, after resource.Place) (resource.Page[Contact], error) {
	if _, err := a.Get(ctx, account); err != nil {
		return resource.Page[Contact]{}, err
	}
	// "." follows "/" in no id, and "0" comes right behind "/".
	q := docstore.Query{From: account + "/", To: account + "0", After: after, Limit: size}
	return a.contacts.List(ctx, q, nil, nil)
}

// CreateContact makes a contact; where its id is empty it is the slug of the name.
// ErrNotFound for the account; ErrExists; ErrInvalid.
func (a *Accounts) CreateContact(ctx context.Context, call resource.Call, account, contact string, s Contact) (resource.Stored[Contact], error) {
	if _, err := a.Get(ctx, account); err != nil {
		return resource.Stored[Contact]{}, err
	}
	if contact == "" {
		contact = slug(s.DisplayName)
	}
	if !names.IsID(contact) {
		return resource.Stored[Contact]{}, invalid("contact_id", "no id can be made of %q: give one of lower-case letters, digits and hyphens", s.DisplayName)
	}
	if err := s.check(); err != nil {
		return resource.Stored[Contact]{}, err
	}
	return a.contacts.Create(ctx, call, contactID(account, contact), s, "contact.created")
}

// UpdateContact changes a contact; ErrNotFound, ErrStale, ErrInvalid.
func (a *Accounts) UpdateContact(ctx context.Context, call resource.Call, account, contact string, etag string, p ContactPatch) (resource.Stored[Contact], error) {
	return a.contacts.Update(ctx, call, contactID(account, contact), resource.IfEtag[Contact](etag), "contact.updated", func(s *Contact) error {
		set(&s.DisplayName, p.DisplayName)
		set(&s.Email, p.Email)
		set(&s.Phone, p.Phone)
		set(&s.TimeZone, p.TimeZone)
		set(&s.Roles, p.Roles)
		return s.check()
	})
}

// DeleteContact deletes a contact; ErrNotFound, ErrStale.
func (a *Accounts) DeleteContact(ctx context.Context, call resource.Call, account, contact string, etag string) error {
	return a.contacts.Delete(ctx, call, contactID(account, contact), resource.IfEtag[Contact](etag), "contact.deleted")
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
