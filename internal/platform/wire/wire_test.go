package wire_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/wire"
)

func TestMoneyIsExactBothWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minor := rapid.Int64().Draw(t, "minor")
		code := rapid.SampledFrom([]string{"USD", "JPY", "KWD", "UYW"}).Draw(t, "code")
		got, gotCode, err := wire.Minor("amount", wire.Money(minor, code))
		require.NoError(t, err)
		require.Equal(t, minor, got)
		require.Equal(t, code, gotCode)
	})
}

func TestMoneyThatIsNot(t *testing.T) {
	for name, m := range map[string]*money.Money{
		"currency":   {CurrencyCode: "XXX", Units: 1},
		"none":       nil,
		"half cent":  {CurrencyCode: "USD", Nanos: 5_000_000},
		"cent yen":   {CurrencyCode: "JPY", Nanos: 10_000_000},
		"signs":      {CurrencyCode: "USD", Units: 1, Nanos: -10_000_000},
		"signs 2":    {CurrencyCode: "USD", Units: -1, Nanos: 10_000_000},
		"nanos":      {CurrencyCode: "USD", Nanos: 1_000_000_000},
		"nanos 2":    {CurrencyCode: "USD", Nanos: math.MinInt32},
		"too much":   {CurrencyCode: "USD", Units: math.MaxInt64},
		"just over":  {CurrencyCode: "USD", Units: math.MaxInt64 / 100, Nanos: 80_000_000},
		"just under": {CurrencyCode: "USD", Units: math.MinInt64 / 100, Nanos: -90_000_000},
	} {
		_, _, err := wire.Minor("amount", m)
		require.ErrorContains(t, err, "amount.", name)
	}
	require.Nil(t, wire.Money(1, "XXX"))
}

func TestDaysAreExactBothWays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := rapid.Int32Range(-719162, wire.MaxDay).Draw(t, "day")
		got, err := wire.Day("date", wire.Date(day))
		require.NoError(t, err)
		require.Equal(t, day, got)
	})
	day, err := wire.Day("date", &date.Date{Year: 9999, Month: 12, Day: 31})
	require.NoError(t, err)
	require.EqualValues(t, wire.MaxDay, day)
	day, err = wire.Day("date", &date.Date{Year: 1970, Month: 1, Day: 2})
	require.NoError(t, err)
	require.EqualValues(t, 1, day)
}

func TestDaysThatThereAreNot(t *testing.T) {
	for _, d := range []*date.Date{nil, {}, {Year: 2026}, {Year: 2026, Month: 2}, {Year: 2026, Month: 2, Day: 29}, {Year: 2026, Month: 13, Day: 1},
		{Year: 2026, Month: 4, Day: 31}, {Year: 10000, Month: 1, Day: 1}, {Year: -1, Month: 1, Day: 1}, {Year: 2026, Month: 1, Day: -1}} {
		_, err := wire.Day("date", d)
		require.Error(t, err, "%v", d)
	}
}

func TestTimes(t *testing.T) {
	at, err := wire.Time("as_of", nil)
	require.NoError(t, err)
	require.True(t, at.IsZero())
	require.Nil(t, wire.Timestamp(at))
	now := time.Date(2026, 1, 31, 12, 0, 0, 1, time.UTC)
	at, err = wire.Time("as_of", wire.Timestamp(now))
	require.NoError(t, err)
	require.Equal(t, now, at)
	zero := timestamppb.New(time.Time{}) // would be taken for none
	for _, bad := range []*timestamppb.Timestamp{{Seconds: math.MaxInt64}, {Nanos: -1}, zero} {
		_, err = wire.Time("as_of", bad)
		require.ErrorContains(t, err, "as_of", "%v", bad)
	}
}
