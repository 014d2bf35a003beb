package rpc

import (
	"context"

	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/accounts"
)

// The permission to change contacts, which a role may hold for assigned accounts only.
const updateContacts = "contacts.update"

func contactOf(s resource.Stored[accounts.Contact]) *accountsv1.Contact {
	c := s.State
	return &accountsv1.Contact{
		Name: accounts.AccountName(s.ID), DisplayName: c.DisplayName, Email: c.Email, Phone: c.Phone, Roles: c.Roles,
		TimeZone: c.TimeZone, Etag: s.Etag(), CreateTime: wire.Timestamp(c.Created), UpdateTime: wire.Timestamp(c.Updated),
	}
}

func contactAnswer(s resource.Stored[accounts.Contact], err error) (*accountsv1.Contact, error) {
	if err != nil {
		return nil, err
	}
	return contactOf(s), nil
}

// changing returns the account whose contact is to be changed, if the caller may.
func (s *accountsServer) changing(ctx context.Context, name string) (string, error) {
	account, err := s.domain.Accounts.Get(ctx, names.First(name, "accounts"))
	if err != nil {
		return "", err
	}
	return account.ID, checkAssigned(ctx, updateContacts, account)
}

func (s *accountsServer) GetContact(ctx context.Context, r *accountsv1.GetContactRequest) (*accountsv1.Contact, error) {
	return contactAnswer(s.domain.Accounts.GetContact(ctx, names.First(r.GetName(), "accounts"), names.Last(r.GetName())))
}

func (s *accountsServer) ListContacts(ctx context.Context, r *accountsv1.ListContactsRequest) (*accountsv1.ListContactsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	list, err := s.domain.Accounts.ListContacts(ctx, names.First(r.GetParent(), "accounts"), p.Size, p.After)
	if err != nil {
		return nil, err
	}
	out := &accountsv1.ListContactsResponse{}
	for _, c := range list.Items {
		out.Contacts = append(out.Contacts, contactOf(c))
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}

func (s *accountsServer) CreateContact(ctx context.Context, r *accountsv1.CreateContactRequest) (*accountsv1.Contact, error) {
	account, err := s.changing(ctx, r.GetParent())
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	in := r.GetContact()
	return contactAnswer(s.domain.Accounts.CreateContact(ctx, c, account, r.GetContactId(), accounts.Contact{
		DisplayName: in.GetDisplayName(), Email: in.GetEmail(), Phone: in.GetPhone(), Roles: in.GetRoles(), TimeZone: in.GetTimeZone()}))
}

func (s *accountsServer) UpdateContact(ctx context.Context, r *accountsv1.UpdateContactRequest) (*accountsv1.Contact, error) {
	in := r.GetContact()
	mask, err := fieldmask.Read("contact", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	found, err := request.Name("contact.name", in.GetName(), "accounts", "contacts")
	if err != nil {
		return nil, err
	}
	account, err := s.changing(ctx, in.GetName())
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return contactAnswer(s.domain.Accounts.UpdateContact(ctx, c, account, found[1], in.GetEtag(), accounts.ContactPatch{
		DisplayName: fieldmask.Given(mask, "display_name", in.GetDisplayName()),
		Email:       fieldmask.Given(mask, "email", in.GetEmail()),
		Phone:       fieldmask.Given(mask, "phone", in.GetPhone()),
		TimeZone:    fieldmask.Given(mask, "time_zone", in.GetTimeZone()),
		Roles:       fieldmask.Given(mask, "roles", in.GetRoles()),
	}))
}

func (s *accountsServer) DeleteContact(ctx context.Context, r *accountsv1.DeleteContactRequest) (*emptypb.Empty, error) {
	account, err := s.changing(ctx, r.GetName())
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, s.domain.Accounts.DeleteContact(ctx, c, account, names.Last(r.GetName()), r.GetEtag())
}
