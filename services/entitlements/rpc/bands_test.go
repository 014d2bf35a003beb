package rpc_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

func amount(id string, units int64) *entitlementsv1.Band {
	return &entitlementsv1.Band{Id: id, LowerBound: &entitlementsv1.Band_AtLeastAmount{AtLeastAmount: &money.Money{CurrencyCode: "USD", Units: units}}}
}

func count(id string, least int64) *entitlementsv1.Band {
	return &entitlementsv1.Band{Id: id, LowerBound: &entitlementsv1.Band_AtLeast{AtLeast: least}}
}

// paidWorld is the world, with everything applied and two accounts that are followed.
func paidWorld(t *testing.T) *served {
	s, token := world(t)
	s.accounts.mu.Lock()
	s.accounts.followers = map[string]int64{"rich": 4711, "poor": 12}
	s.accounts.mu.Unlock()
	_, err := s.CheckEntitlement(t.Context(), check("rich", "thanks", token))
	require.NoError(t, err)
	return s
}

func TestR36BandsOfTheDay(t *testing.T) {
	s := paidWorld(t)
	ctx := t.Context()
	list, err := s.bands.ListBandScales(ctx, &entitlementsv1.ListBandScalesRequest{AsOfDate: paidDate})
	require.NoError(t, err)
	require.Len(t, list.GetBandScales(), 3)
	reach, spend := list.GetBandScales()[0], list.GetBandScales()[1]
	require.Equal(t, "bandScales/reach", reach.GetName())
	require.EqualValues(t, 4711, reach.GetBands()[1].GetAtLeast(), "rich and poor are active: their entries were on that day")
	require.EqualValues(t, 900, spend.GetBands()[len(spend.GetBands())-1].GetAtLeastAmount().GetUnits())
	require.False(t, spend.GetDeclared())

	var paged []string
	request := &entitlementsv1.ListBandScalesRequest{AsOfDate: paidDate, PageSize: 2}
	for more := true; more; more = request.GetPageToken() != "" {
		page, err := s.bands.ListBandScales(ctx, request)
		require.NoError(t, err)
		for _, scale := range page.GetBandScales() {
			paged = append(paged, scale.GetName())
		}
		request.PageToken = page.GetNextPageToken()
	}
	require.Equal(t, []string{"bandScales/reach", "bandScales/spend", "bandScales/tenure"}, paged)

	later, err := s.bands.GetBandScale(ctx, &entitlementsv1.GetBandScaleRequest{Name: "bandScales/spend", AsOfDate: &date.Date{Year: 1998, Month: 12, Day: 31}})
	require.NoError(t, err)
	require.Len(t, later.GetBands(), 1, "nobody has spent anything in the 12 months before")
	require.EqualValues(t, 2, later.GetBands()[0].GetAccounts())
}

func TestBandsAreDeclaredAndReset(t *testing.T) {
	s := paidWorld(t)
	ctx := t.Context()
	get := &entitlementsv1.GetBandScaleRequest{Name: "bandScales/spend", AsOfDate: paidDate}
	before, err := s.bands.GetBandScale(ctx, get)
	require.NoError(t, err)
	declared := &entitlementsv1.BandScale{Name: "bandScales/spend", Etag: before.GetEtag(), Bands: []*entitlementsv1.Band{{Id: "small"}, amount("large", 500)}}
	request := &entitlementsv1.UpdateBandScaleRequest{BandScale: declared, RequestId: uuid.NewString()}
	author := s.as(auth.PolicyAuthor)
	updated, err := author.bands.UpdateBandScale(ctx, request)
	require.NoError(t, err)
	require.True(t, updated.GetDeclared())
	again, err := author.bands.UpdateBandScale(ctx, request)
	require.NoError(t, err, "a retry with the etag that has passed")
	require.Equal(t, updated.GetEtag(), again.GetEtag())
	now, err := s.bands.GetBandScale(ctx, get)
	require.NoError(t, err)
	require.Equal(t, "large", now.GetBands()[1].GetId())
	require.EqualValues(t, 1, now.GetBands()[1].GetAccounts())
	require.EqualValues(t, 500, now.GetBands()[1].GetAtLeastAmount().GetUnits())

	stale := &entitlementsv1.UpdateBandScaleRequest{BandScale: declared}
	_, err = author.bands.UpdateBandScale(ctx, stale)
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")
	_, err = author.bands.ResetBandScale(ctx, &entitlementsv1.ResetBandScaleRequest{Name: "bandScales/spend", Etag: "old"})
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")
	reset, err := author.bands.ResetBandScale(ctx, &entitlementsv1.ResetBandScaleRequest{Name: "bandScales/spend", RequestId: uuid.NewString()})
	require.NoError(t, err)
	require.False(t, reset.GetDeclared())

	stream, err := s.feed.WatchChanges(ctx, &entitlementsv1.WatchChangesRequest{StatesOf: []string{"band_scales"}})
	require.NoError(t, err)
	var told []*entitlementsv1.Change
	for len(told) < 2 {
		batch, err := stream.Recv()
		require.NoError(t, err)
		for _, c := range batch.GetChanges() {
			if c.GetName() == "bandScales/spend" {
				told = append(told, c)
			}
		}
	}
	require.Equal(t, "band_scale.updated", told[0].GetType())
	require.Equal(t, "principals/some-policy-author", told[0].GetPrincipal())
	require.EqualValues(t, 500, told[0].GetBandScale().GetBands()[1].GetAtLeastAmount().GetUnits())
	require.Equal(t, "band_scale.reset", told[1].GetType())
	require.Nil(t, told[1].GetState())
}

func TestOnlyBandsThatTheMaskNamesAreDeclared(t *testing.T) {
	s := paidWorld(t)
	update := func(bands []*entitlementsv1.Band, etag string, paths ...string) (*entitlementsv1.BandScale, error) {
		return s.bands.UpdateBandScale(t.Context(), &entitlementsv1.UpdateBandScaleRequest{
			BandScale:  &entitlementsv1.BandScale{Name: "bandScales/reach", Bands: bands, Etag: etag},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
	}
	some := []*entitlementsv1.Band{{Id: "small"}, count("large", 500)}
	before, err := update(some, "", "etag")
	require.NoError(t, err)
	require.False(t, before.GetDeclared(), "the mask names no bands")
	same, err := update(nil, "")
	require.NoError(t, err)
	require.Equal(t, before.GetEtag(), same.GetEtag(), "without a mask what is set is meant, and nothing is")
	_, err = update(nil, "", "bands")
	require.Equal(t, []string{"band_scale.bands"}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")))
	for _, path := range []string{"declared", "name", "colour", "bands.id"} {
		_, err = update(some, "", path)
		require.Equal(t, []string{"update_mask"}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")))
	}
	for _, paths := range [][]string{{"bands", "etag"}, {"*"}, nil} {
		some[1].Id += "r"
		after, err := update(some, "", paths...)
		require.NoError(t, err)
		require.Equal(t, some[1].GetId(), after.GetBands()[1].GetId())
	}
	_, err = update(some, before.GetEtag(), "etag")
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")
}

func TestBandsThatAreRefused(t *testing.T) {
	s := paidWorld(t)
	for _, c := range []struct {
		name  string
		of    string
		bands []*entitlementsv1.Band
		field string
	}{
		{"a count for spend", "spend", []*entitlementsv1.Band{{Id: "a"}, count("b", 5)}, "band_scale.bands[1].at_least"},
		{"an amount for tenure", "tenure", []*entitlementsv1.Band{{Id: "a"}, amount("b", 5)}, "band_scale.bands[1].at_least_amount"},
		{"two currencies", "spend", []*entitlementsv1.Band{{Id: "a"}, amount("b", 5), {Id: "c", LowerBound: &entitlementsv1.Band_AtLeastAmount{AtLeastAmount: &money.Money{CurrencyCode: "EUR", Units: 9}}}},
			"band_scale.bands[2].at_least_amount.currency_code"},
		{"another currency", "spend", []*entitlementsv1.Band{{Id: "a"}, {Id: "c", LowerBound: &entitlementsv1.Band_AtLeastAmount{AtLeastAmount: &money.Money{CurrencyCode: "EUR", Units: 9}}}}, "band_scale.bands"},
		{"none", "reach", nil, "band_scale.bands"},
		{"out of order", "reach", []*entitlementsv1.Band{{Id: "a"}, count("b", 5), count("c", 4)}, "band_scale.bands[2]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := s.bands.UpdateBandScale(t.Context(), &entitlementsv1.UpdateBandScaleRequest{
				BandScale:  &entitlementsv1.BandScale{Name: "bandScales/" + c.of, Bands: c.bands},
				UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"bands"}}})
			require.Equal(t, []string{c.field}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")))
		})
	}
	_, err := s.bands.GetBandScale(t.Context(), &entitlementsv1.GetBandScaleRequest{Name: "bandScales/volume"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	for _, role := range []auth.Role{auth.ServiceAgent} {
		_, err = s.as(role).bands.ListBandScales(t.Context(), &entitlementsv1.ListBandScalesRequest{})
		wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	}
	_, err = s.as(auth.Viewer).bands.UpdateBandScale(t.Context(), &entitlementsv1.UpdateBandScaleRequest{BandScale: &entitlementsv1.BandScale{Name: "bandScales/reach"}})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}

func TestAttributesOfAccounts(t *testing.T) {
	s := paidWorld(t)
	got := map[string]string{}
	keep := func(account, value string) { got[account] = value }
	require.NoError(t, s.source.Attributes(t.Context(), "sector", keep))
	require.Equal(t, map[string]string{"rich": "rich's", "poor": "poor's"}, got)
	clear(got)
	require.NoError(t, s.source.Attributes(t.Context(), "region", keep))
	require.Empty(t, got)
}
