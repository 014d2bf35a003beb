package request_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

func TestACallIsKnownByItsRequest(t *testing.T) {
	without, err := request.Call(t.Context(), &accountsv1.CreateAccountRequest{AccountId: "acme"})
	require.NoError(t, err)
	require.Equal(t, request.Caller(t.Context()), without)

	r := &accountsv1.CreateAccountRequest{AccountId: "acme", RequestId: "r1"}
	one, err := request.Call(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, "evenhand.accounts.v1.CreateAccountRequest", one.Method)
	again, err := request.Call(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, one, again)
	r.AccountId = "other"
	other, err := request.Call(t.Context(), r)
	require.NoError(t, err)
	_, err = other.Repeats(one.Request())
	require.ErrorIs(t, err, resource.ErrRequestIDReused)
}

func TestAPageGoesOnBehindItsPlace(t *testing.T) {
	r := &accountsv1.ListAccountsRequest{PageSize: 2}
	first, err := request.ReadPage(r)
	require.NoError(t, err)
	require.Equal(t, 2, first.Size)
	require.Nil(t, first.After)
	r.PageToken, err = first.Next(resource.Place{int64(7), "acme"})
	require.NoError(t, err)
	second, err := request.ReadPage(r)
	require.NoError(t, err)
	require.Equal(t, resource.Place{int64(7), "acme"}, second.After)
	last, err := second.Next(nil)
	require.NoError(t, err)
	require.Empty(t, last)
	r.PageToken = "made up"
	_, err = request.ReadPage(r)
	require.ErrorIs(t, err, fault.New(fault.InvalidArgument, fault.ReasonInvalidPageToken, ""))
}

func TestANameIsOfItsCollections(t *testing.T) {
	ids, err := request.Name("contact.name", "accounts/acme/contacts/ann", "accounts", "contacts")
	require.NoError(t, err)
	require.Equal(t, []string{"acme", "ann"}, ids)
	_, err = request.Name("account.name", "principals/ann", "accounts")
	var told *fault.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, "account.name", told.Fields[0].Path)
}
