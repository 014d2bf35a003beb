package accounts

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource"
)

func TestCompanyStartsEmptyAndKeepsCurrencyAndZone(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		c, err := f.Company.Get(ctx)
		require.NoError(t, err)
		require.Empty(t, c.State.Currency)
		require.Empty(t, c.State.TimeZone)

		_, err = f.Company.Update(ctx, someone, "", CompanyPatch{Currency: ptr("XXX")})
		wantReason(t, err, ErrInvalid, "not an ISO 4217 currency")
		_, err = f.Company.Update(ctx, someone, "", CompanyPatch{TimeZone: ptr("Mars/Olympus")})
		wantReason(t, err, ErrInvalid, "not an IANA time zone")

		adopted, err := f.Company.Adopt(ctx, someone, "USD", "America/New_York")
		require.NoError(t, err)
		require.Equal(t, "USD", adopted.State.Currency)
		again, err := f.Company.Adopt(ctx, someone, "USD", "America/New_York")
		require.NoError(t, err)
		require.Equal(t, adopted, again, "the same again changes nothing")
		_, err = f.Company.Adopt(ctx, someone, "EUR", "America/New_York")
		wantReason(t, err, ErrWrongCurrency, "currency is USD and stays")
		_, err = f.Company.Update(ctx, someone, "", CompanyPatch{TimeZone: ptr("Europe/Berlin")})
		wantReason(t, err, ErrWrongCurrency, "time zone is America/New_York and stays")

		_, err = f.Company.Update(ctx, someone, c.Etag(), CompanyPatch{DisplayName: ptr("Acme")})
		wantReason(t, err, resource.ErrStale, "read it again")
		named, err := f.Company.Update(ctx, someone, adopted.Etag(), CompanyPatch{DisplayName: ptr("Acme"), FiscalMonth: ptr(7)})
		require.NoError(t, err)
		require.Equal(t, "Acme", named.State.DisplayName)
		_, err = f.Company.Update(ctx, someone, "", CompanyPatch{FiscalMonth: ptr(13)})
		wantReason(t, err, ErrInvalid, "a month is 1 to 12")
	})
}

func TestRequestIDsOfUpdates(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, err := f.Company.Update(ctx, request("r1", "a"), "", CompanyPatch{DisplayName: ptr("One")})
		require.NoError(t, err)
		_, err = f.Company.Update(ctx, someone, "", CompanyPatch{DisplayName: ptr("Two")})
		require.NoError(t, err)
		again, err := f.Company.Update(ctx, request("r1", "a"), "stale", CompanyPatch{DisplayName: ptr("One")})
		require.NoError(t, err, "a retry does not meet its own change as a stale etag")
		require.Equal(t, "Two", again.State.DisplayName, "a retry changes nothing")
		_, err = f.Company.Update(ctx, request("r1", "b"), "", CompanyPatch{DisplayName: ptr("Three")})
		wantReason(t, err, resource.ErrRequestIDReused, "r1")
	})
}

func TestRatesAreDatedAndStay(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		eur := func(date, value string) Rate {
			return Rate{Currency: "EUR", Day: *day(t, date), Value: value, Source: "ECB"}
		}
		_, err := f.Company.CreateRate(ctx, someone, eur("2026-01-01", "1.1"))
		wantReason(t, err, ErrWrongCurrency, "no reporting currency")
		_, err = f.Company.Adopt(ctx, someone, "USD", "UTC")
		require.NoError(t, err)
		for _, bad := range []string{"0", "0.000", "-1", "1,5", "1e3", ".5", "5.", "", "1.0000000000001"} {
			_, err = f.Company.CreateRate(ctx, someone, eur("2026-01-01", bad))
			wantReason(t, err, ErrInvalid, "")
		}
		_, err = f.Company.CreateRate(ctx, someone, Rate{Currency: "USD", Day: 0, Value: "1", Source: "x"})
		wantReason(t, err, ErrWrongCurrency, "needs no rate")

		first, err := f.Company.CreateRate(ctx, request("r", "1"), eur("2026-01-01", "1.1"))
		require.NoError(t, err)
		require.Equal(t, "eur-2026-01-01", first.ID)
		again, err := f.Company.CreateRate(ctx, request("r", "1"), eur("2026-01-01", "1.1"))
		require.NoError(t, err)
		require.Equal(t, first, again)
		_, err = f.Company.CreateRate(ctx, request("r", "2"), eur("2026-02-01", "1.2"))
		wantReason(t, err, resource.ErrRequestIDReused, "")
		_, err = f.Company.CreateRate(ctx, someone, eur("2026-01-01", "1.2"))
		wantReason(t, err, resource.ErrExists, "eur-2026-01-01 exists already")
		_, err = f.Company.CreateRate(ctx, someone, eur("2026-02-01", "1.25"))
		require.NoError(t, err)

		usd, err := LookupCurrency("USD")
		require.NoError(t, err)
		euro, err := LookupCurrency("EUR")
		require.NoError(t, err)
		c := f.Company.converter(usd)
		for _, tt := range []struct {
			date  string
			minor int64
			want  int64
		}{
			{"2026-01-01", 1000, 1100},
			{"2026-01-31", 1000, 1100},
			{"2026-02-01", 1000, 1250},
			{"2026-02-01", 2, 2}, // 2.5 to even
			{"2026-02-01", 6, 8}, // 7.5 to even
			{"2026-02-01", -2, -2},
			{"2026-02-01", -6, -8},
			{"2027-01-01", 0, 0},
		} {
			got, err := c.convert(ctx, Money{tt.minor, euro}, *day(t, tt.date))
			require.NoError(t, err)
			require.Equal(t, tt.want, got, "%+v", tt)
		}
		_, err = c.convert(ctx, Money{1, euro}, *day(t, "2025-12-31"))
		wantReason(t, err, ErrWrongCurrency, "no exchange rate from EUR to USD dated on or before 2025-12-31")

		all, err := f.Company.ListRates(ctx, 1, nil, nil, "EUR")
		require.NoError(t, err)
		require.Len(t, all.Items, 1)
		rest, err := f.Company.ListRates(ctx, 10, all.Next, nil, "")
		require.NoError(t, err)
		require.Len(t, rest.Items, 1)
		require.Equal(t, "eur-2026-02-01", rest.Items[0].ID)
		require.Nil(t, rest.Next)
	})
}
