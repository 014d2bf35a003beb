package fieldmask_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

func before() *accountsv1.Account {
	return &accountsv1.Account{Name: "accounts/acme", DisplayName: "Acme", ExternalId: "ACME", Source: "crm", Owner: "principals/jane",
		JoinedDate: &date.Date{Year: 2020, Month: 1, Day: 1}, Attributes: map[string]string{"sector": "steel", "region": "east"},
		Goals: []*accountsv1.Goal{{Statement: "grow"}}, CreateTime: timestamppb.Now()}
}

func TestApply(t *testing.T) {
	for name, test := range map[string]struct {
		mask *fieldmaskpb.FieldMask
		src  *accountsv1.Account
		want func(*accountsv1.Account)
	}{
		"no mask: what is set": {nil,
			&accountsv1.Account{Name: "accounts/other", DisplayName: "Acme Inc", Etag: "x", State: accountsv1.Account_STATE_CLOSED},
			func(a *accountsv1.Account) { a.DisplayName = "Acme Inc" }},
		"one field":     {mask("display_name"), &accountsv1.Account{DisplayName: "A", Owner: "principals/joe"}, func(a *accountsv1.Account) { a.DisplayName = "A" }},
		"cleared":       {mask("owner", "joined_date"), &accountsv1.Account{}, func(a *accountsv1.Account) { a.Owner = ""; a.JoinedDate = nil }},
		"one key":       {mask("attributes.sector"), &accountsv1.Account{Attributes: map[string]string{"sector": "glass", "x": "y"}}, func(a *accountsv1.Account) { a.Attributes["sector"] = "glass" }},
		"a key removed": {mask("attributes.sector"), &accountsv1.Account{}, func(a *accountsv1.Account) { delete(a.Attributes, "sector") }},
		"a key added":   {mask("attributes.size"), &accountsv1.Account{Attributes: map[string]string{"size": "big"}}, func(a *accountsv1.Account) { a.Attributes["size"] = "big" }},
		"whole map":     {mask("attributes"), &accountsv1.Account{Attributes: map[string]string{"size": "big"}}, func(a *accountsv1.Account) { a.Attributes = map[string]string{"size": "big"} }},
		"list":          {mask("goals"), &accountsv1.Account{Goals: []*accountsv1.Goal{{Statement: "a"}, {Statement: "b"}}}, func(a *accountsv1.Account) { a.Goals = []*accountsv1.Goal{{Statement: "a"}, {Statement: "b"}} }},
		"part of one":   {mask("joined_date.day"), &accountsv1.Account{JoinedDate: &date.Date{Day: 9}}, func(a *accountsv1.Account) { a.JoinedDate.Day = 9 }},
		"the whole of it": {mask("*"), &accountsv1.Account{DisplayName: "Only this", ExternalId: "ACME"}, func(a *accountsv1.Account) {
			*a = accountsv1.Account{Name: a.Name, DisplayName: "Only this", ExternalId: "ACME", Source: "crm", CreateTime: a.CreateTime}
		}},
		"the etag is no change":                  {mask("etag", "display_name"), &accountsv1.Account{Etag: "x", DisplayName: "A"}, func(a *accountsv1.Account) { a.DisplayName = "A" }},
		"what was read and is sent back, output": {nil, before(), func(*accountsv1.Account) {}},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := fieldmask.Read("account", test.mask, test.src)
			require.NoError(t, err)
			got, want := before(), before()
			got.CreateTime, want.CreateTime = nil, nil
			test.want(want)
			require.NoError(t, m.Apply(got, test.src))
			require.Empty(t, cmp.Diff(want, got, protocmp.Transform()))
		})
	}
}

func TestPathsThatAreRefused(t *testing.T) {
	for path, why := range map[string]string{
		"name": "never changes", "create_time": "output only", "state": "output only", "external_id": "after creation",
		"colour": "it has display_name, joined_date", "displayName": "is not a field", "goals.statement": "as a whole", "display_name.x": "as a whole",
		"attributes.": "one key", "attributes.a.b": "one key", "joined_date.hour": "is not a field", "": "is not a field",
	} {
		_, err := fieldmask.Read("account", mask("display_name", path), &accountsv1.Account{})
		require.ErrorContains(t, err, why, path)
		require.ErrorContains(t, err, "INVALID_ARGUMENT")
	}
	_, err := fieldmask.Read("account", mask("tier"), &accountsv1.Account{})
	require.ErrorContains(t, err, "HAND_SET_LEVEL")
}

func TestAnImmutableFieldIsNotIgnored(t *testing.T) {
	src := &accountsv1.Account{DisplayName: "A", ExternalId: "OTHER"}
	m, err := fieldmask.Read("account", nil, src)
	require.NoError(t, err)
	require.ErrorContains(t, m.Apply(before(), src), "account.external_id: cannot be changed")
}

func TestHasAndTouches(t *testing.T) {
	m, err := fieldmask.Read("account", mask("attributes.sector", "goals", "goals"), &accountsv1.Account{})
	require.NoError(t, err)
	require.Equal(t, []string{"attributes.sector", "goals"}, m.Paths())
	require.True(t, m.Has("goals"))
	require.False(t, m.Has("attributes"))
	require.True(t, m.Has("attributes.sector"))
	require.True(t, m.Touches("attributes"))
	require.False(t, m.Touches("owner"))
	require.True(t, fieldmask.Mask{}.Empty())
}
