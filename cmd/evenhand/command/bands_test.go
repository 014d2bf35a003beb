package command

import (
	"context"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// dollars is a band of spend from an amount on.
func dollars(id string, units int64) *entitlementsv1.Band {
	return &entitlementsv1.Band{Id: id, Accounts: 2, LowerBound: &entitlementsv1.Band_AtLeastAmount{AtLeastAmount: &money.Money{CurrencyCode: "USD", Units: units}}}
}

// spendBands is the answer of every call on one scale.
var spendBands = &entitlementsv1.BandScale{Name: "bandScales/spend", UnknownAccounts: 3, Bands: []*entitlementsv1.Band{{Id: "small", Accounts: 7}, dollars("large", 1000)}}

// bandsFake answers every call with spendBands, and keeps what it was asked last.
type bandsFake struct {
	entitlementsv1.UnimplementedBandsServiceServer
	accountsv1.UnimplementedAccountsServiceServer

	mu    sync.Mutex
	asked proto.Message
}

func (f *bandsFake) answer(_ context.Context, request any, _ *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
	switch request.(type) {
	case *accountsv1.GetCompanyRequest:
		return &accountsv1.Company{Name: "company", CurrencyCode: "USD"}, nil
	case *entitlementsv1.ListBandScalesRequest:
		f.keep(request)
		return &entitlementsv1.ListBandScalesResponse{BandScales: []*entitlementsv1.BandScale{spendBands}}, nil
	}
	f.keep(request)
	return spendBands, nil
}

func (f *bandsFake) keep(request any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = request.(proto.Message)
}

func TestBandsCommandsAsk(t *testing.T) {
	f := &bandsFake{}
	server := grpc.NewServer(grpc.UnaryInterceptor(f.answer))
	entitlementsv1.RegisterBandsServiceServer(server, f)
	accountsv1.RegisterAccountsServiceServer(server, f)
	address := listen(t, server)
	const table = "OF     BAND     FROM         ACCOUNTS\nspend  small                 7\nspend  large    USD 1000.00  2\nspend  unknown               3\n"
	bound := func(id string, least int64) *entitlementsv1.Band {
		return &entitlementsv1.Band{Id: id, LowerBound: &entitlementsv1.Band_AtLeast{AtLeast: least}}
	}
	exact := dollars("large", 1000)
	exact.Accounts, exact.GetAtLeastAmount().Nanos = 0, 500_000_000
	for _, c := range []struct {
		args []string
		want proto.Message
		told string
	}{
		{[]string{"list", "--as-of", "2026-03-31"}, &entitlementsv1.ListBandScalesRequest{PageSize: 1000, AsOfDate: &date.Date{Year: 2026, Month: 3, Day: 31}}, table},
		{[]string{"get", "spend"}, &entitlementsv1.GetBandScaleRequest{Name: "bandScales/spend"}, table},
		{[]string{"show", "spend", "--output", "csv"}, &entitlementsv1.GetBandScaleRequest{Name: "bandScales/spend"},
			"of,band,from,accounts\nspend,small,,7\nspend,large,USD 1000.00,2\nspend,unknown,,3\n"},
		{[]string{"set", "spend", "small", "large=1000.50", "--validate-only", "--etag", "7"},
			&entitlementsv1.UpdateBandScaleRequest{ValidateOnly: true, BandScale: &entitlementsv1.BandScale{Name: "bandScales/spend", Etag: "7", Bands: []*entitlementsv1.Band{{Id: "small"}, exact}}}, table},
		{[]string{"set", "tenure", "new", "settled=12", "old=60"},
			&entitlementsv1.UpdateBandScaleRequest{BandScale: &entitlementsv1.BandScale{Name: "bandScales/tenure", Bands: []*entitlementsv1.Band{{Id: "new"}, bound("settled", 12), bound("old", 60)}}}, table},
		{[]string{"reset", "reach"}, &entitlementsv1.ResetBandScaleRequest{Name: "bandScales/reach"}, table},
	} {
		got := execute(t, address, "", append([]string{"bands"}, c.args...)...)
		require.Equal(t, 0, got.code, got.stderr)
		require.Empty(t, cmp.Diff(c.want, f.asked, protocmp.Transform(), protocmp.IgnoreFields(&entitlementsv1.UpdateBandScaleRequest{}, "request_id"),
			protocmp.IgnoreFields(&entitlementsv1.ResetBandScaleRequest{}, "request_id")), c.args)
		require.Equal(t, c.told, got.stdout)
	}
	require.Contains(t, execute(t, address, "", "bands", "list", "--output", "json").stdout, `"bandScales": [`)
	for _, args := range [][]string{{"set", "spend", "small=1"}, {"set", "spend", "small", "large"}, {"set", "tenure", "new", "old=x"}, {"set", "spend", "a", "b=x"}, {"show", "volume"}} {
		require.Equal(t, ExitUsage, execute(t, address, "", append([]string{"bands"}, args...)...).code, args)
	}
}
