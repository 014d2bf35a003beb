package paging_test

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/paging"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

type cursor struct {
	Name string `json:"n"`
	At   int64  `json:"t,omitempty"`
}

func TestSizes(t *testing.T) {
	for asked, want := range map[int32]int{0: 50, 1: 1, 1000: 1000, 1001: 1000, 1 << 30: 1000} {
		p, err := paging.Read[cursor](&accountsv1.ListAccountsRequest{PageSize: asked})
		require.NoError(t, err)
		require.Equal(t, want, p.Size)
		require.Nil(t, p.After)
	}
	_, err := paging.Read[cursor](&accountsv1.ListAccountsRequest{PageSize: -1})
	require.ErrorContains(t, err, "page_size")
}

func TestTheNextPageGoesOnWhereThisOneEnds(t *testing.T) {
	first, err := paging.Read[cursor](&accountsv1.ListAccountsRequest{Filter: `source="crm"`})
	require.NoError(t, err)
	token, err := first.Next(cursor{Name: "acme", At: 7})
	require.NoError(t, err)
	second, err := paging.Read[cursor](&accountsv1.ListAccountsRequest{Filter: `source="crm"`, PageSize: 10, PageToken: token})
	require.NoError(t, err)
	require.Equal(t, &cursor{"acme", 7}, second.After)
	require.Equal(t, 10, second.Size)
	again, err := second.Next(cursor{Name: "brk-b"})
	require.NoError(t, err)
	third, err := paging.Read[cursor](&accountsv1.ListAccountsRequest{Filter: `source="crm"`, PageToken: again})
	require.NoError(t, err)
	require.Equal(t, "brk-b", third.After.Name)
}

func TestTokensOfOtherRequestsAreRefused(t *testing.T) {
	p, err := paging.Read[cursor](&accountsv1.ListContactsRequest{Parent: "accounts/acme"})
	require.NoError(t, err)
	token, err := p.Next(cursor{Name: "jane"})
	require.NoError(t, err)
	for name, r := range map[string]paging.Request{
		"another parent": &accountsv1.ListContactsRequest{Parent: "accounts/other", PageToken: token},
		"another method": &accountsv1.ListRevenueEntriesRequest{Parent: "accounts/acme", PageToken: token},
		"another list":   &accountsv1.ListApiTokensRequest{Parent: "accounts/acme", PageToken: token},
		"cut":            &accountsv1.ListContactsRequest{Parent: "accounts/acme", PageToken: token[:len(token)-2]},
		"not ours":       &accountsv1.ListContactsRequest{Parent: "accounts/acme", PageToken: "2"},
		"not base64":     &accountsv1.ListContactsRequest{Parent: "accounts/acme", PageToken: "§"},
	} {
		_, err := paging.Read[cursor](r)
		require.ErrorContains(t, err, "INVALID_PAGE_TOKEN", name)
	}
}

func TestAChangedTokenIsRefused(t *testing.T) {
	p, err := paging.Read[cursor](&accountsv1.ListAccountsRequest{})
	require.NoError(t, err)
	token, err := p.Next(cursor{Name: "acme", At: 7})
	require.NoError(t, err)
	content, err := base64.RawURLEncoding.DecodeString(token)
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		changed := append([]byte(nil), content...)
		changed[rapid.IntRange(0, len(changed)-1).Draw(t, "at")] ^= rapid.ByteRange(1, 255).Draw(t, "by")
		_, err := paging.Read[cursor](&accountsv1.ListAccountsRequest{PageToken: base64.RawURLEncoding.EncodeToString(changed)})
		require.ErrorContains(t, err, "INVALID_PAGE_TOKEN")
	})
}
