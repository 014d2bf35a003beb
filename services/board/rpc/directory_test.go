package rpc_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/evenhand/evenhand/internal/resource"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/board"
	"github.com/evenhand/evenhand/services/board/rpc"
)

var principals = map[string]*accountsv1.Principal{
	"principals/sam":  {Roles: []accountsv1.Role{accountsv1.Role_ROLE_VIEWER}},
	"principals/ines": {Roles: []accountsv1.Role{accountsv1.Role_ROLE_VIEWER, accountsv1.Role_ROLE_BOARD_SECRETARY}},
	"principals/kim":  {Roles: []accountsv1.Role{accountsv1.Role_ROLE_ADMIN}, Disabled: true},
}

// register is a connection to an accounts service with one of each.
type register struct {
	grpc.ClientConnInterface
	zone  string
	asked int
	err   error
}

func (r *register) Invoke(_ context.Context, _ string, args, reply any, _ ...grpc.CallOption) error {
	r.asked++
	if r.err != nil {
		return r.err
	}
	var answer proto.Message
	switch asked := args.(type) {
	case *accountsv1.GetCompanyRequest:
		answer = &accountsv1.Company{TimeZone: r.zone}
	case *accountsv1.GetAccountRequest:
		if asked.GetName() == "accounts/new" {
			answer = &accountsv1.Account{DisplayName: "New & Co."}
		}
	case *accountsv1.GetContactRequest:
		if asked.GetName() == "accounts/new/contacts/jo" {
			answer = &accountsv1.Contact{DisplayName: "Jo"}
		}
	case *accountsv1.GetPrincipalRequest:
		if p, known := principals[asked.GetName()]; known {
			answer = p
		}
	}
	if answer == nil {
		return status.Error(codes.NotFound, "there is none")
	}
	proto.Merge(reply.(proto.Message), answer)
	return nil
}

func TestTheDirectoryKnowsNames(t *testing.T) {
	domain := serve(t).domain
	_, err := domain.Boards.Create(t.Context(), resource.Call{Principal: "principals/sam"}, "advisory", board.Board{DisplayName: "Advisory", Zone: "UTC"})
	require.NoError(t, err)
	d := rpc.NewDirectory(domain, &register{})
	ask := func(called string, err error) string {
		if errors.Is(err, resource.ErrNotFound) {
			return "not there"
		}
		require.NoError(t, err)
		return called
	}
	require.Equal(t, "New & Co.", ask(d.Account(t.Context(), "new")), "which the copy has not heard of")
	require.Equal(t, "not there", ask(d.Account(t.Context(), "nobody")))
	require.Equal(t, "Jo", ask(d.Contact(t.Context(), "new", "jo")))
	require.Equal(t, "not there", ask(d.Contact(t.Context(), "new", "nobody")))
	require.Equal(t, "principals/sam", ask(d.Principal(t.Context(), "sam")), "who has no other name")
	require.Equal(t, "not there", ask(d.Principal(t.Context(), "nobody")))
	require.Equal(t, "Advisory", ask(d.Board(t.Context(), "advisory")))
	require.Equal(t, "not there", ask(d.Board(t.Context(), "nobody")))
	_, err = rpc.NewDirectory(domain, &register{err: status.Error(codes.Unavailable, "down")}).Principal(t.Context(), "sam")
	require.Equal(t, codes.Unavailable, status.Code(err), "that nobody answers is not that nobody is there")
}

func TestWhoMayRevealAPartOfASeed(t *testing.T) {
	source := rpc.NewSource(&register{})
	for principal, want := range map[string]bool{"ines": true, "sam": false, "kim": false, "nobody": false} {
		may, err := source.Reveals(t.Context(), "principals/"+principal)
		require.NoError(t, err)
		require.Equal(t, want, may, principal)
	}
	_, err := rpc.NewSource(&register{err: status.Error(codes.Unavailable, "down")}).Reveals(t.Context(), "principals/ines")
	require.Equal(t, codes.Unavailable, status.Code(err))
}

func TestTheCompanysZone(t *testing.T) {
	accounts := &register{}
	d := rpc.NewDirectory(serve(t).domain, accounts)
	zone := func() string {
		z, err := d.Zone(t.Context())
		require.NoError(t, err)
		return z.String()
	}
	require.Equal(t, "UTC", zone())
	accounts.zone = "America/New_York"
	require.Equal(t, "America/New_York", zone())
	require.Equal(t, "America/New_York", zone())
	require.Equal(t, 2, accounts.asked, "it never changes once it is there")
}
