package bands

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// someCustomers are seven active ones, one who has gone, and a prospect.
func someCustomers() *world {
	joined := civil.Date
	return &world{currency: "USD", customers: []customer{
		{"a", 0, joined(2026, time.March, 31), -1, false},
		{"b", 0, joined(2026, time.March, 1), 0, false},
		{"c", 100, joined(2026, time.February, 28), 50, false},
		{"d", 200, joined(2025, time.March, 31), 60, false},
		{"e", 300, joined(2025, time.April, 1), 70, false},
		{"f", 400, joined(2024, time.February, 29), 80, false},
		{"g", 500, joined(2016, time.March, 31), -1, false},
		{"gone", 1_000_000, joined(1990, time.January, 1), 9_000_000, true},
		{"prospect", 0, civil.Never, -1, false},
	}}
}

func TestR36AccountsAreSortedIntoQuartiles(t *testing.T) {
	onEveryStore(t, someCustomers(), func(t *testing.T, s *Service) {
		sorter, err := s.Sorter(t.Context(), today)
		require.NoError(t, err)
		require.Equal(t, []Band{{"q1-q2", Lowest}, {"q3", 200}, {"q4", 400}}, sorter.Scale(Spend))
		require.Equal(t, []Band{{"q1-q2", Lowest}, {"q3", 11}, {"q4", 25}}, sorter.Scale(Tenure))
		require.Equal(t, []Band{{"q1", Lowest}, {"q2", 50}, {"q3", 60}, {"q4", 70}}, sorter.Scale(Reach))
		for account, want := range map[string]Bands{
			"a": {"q1-q2", "q1-q2", Unknown}, "b": {"q1-q2", "q1-q2", "q1"}, "c": {"q1-q2", "q1-q2", "q2"}, "d": {"q3", "q3", "q3"}, "e": {"q3", "q3", "q4"},
			"f": {"q4", "q4", "q4"}, "g": {"q4", "q4", Unknown}, "gone": {"q4", "q4", "q4"}, "prospect": {"q1-q2", Unknown, Unknown}, "stranger": {Unknown, Unknown, Unknown},
		} {
			got, err := sorter.Of(t.Context(), account, today)
			require.NoError(t, err)
			require.Equal(t, want, got, account)
		}
	})
}

func TestDeclaredBands(t *testing.T) {
	onEveryStore(t, someCustomers(), func(t *testing.T, s *Service) {
		ctx := t.Context()
		declared := []Band{{"small", Lowest}, {"medium", 200}, {"large", 401}}
		d := Declaration{Subject: Spend, Bands: declared, Currency: "USD", ValidateOnly: true}
		shown, err := s.Update(ctx, anna, d)
		require.NoError(t, err)
		require.Equal(t, []Count{{declared[0], 3}, {declared[1], 3}, {declared[2], 1}}, shown.Bands)
		before, err := s.Get(ctx, Spend, civil.Never)
		require.NoError(t, err)
		require.False(t, before.Declared, "a preview keeps nothing")
		require.Zero(t, before.Updated)

		d.ValidateOnly, d.Etag = false, before.Etag
		updated, err := s.Update(ctx, anna, d)
		require.NoError(t, err)
		require.True(t, updated.Declared)
		require.NotZero(t, updated.Updated)
		require.Equal(t, shown.Bands, updated.Bands)
		require.EqualValues(t, 0, updated.Unknown)
		_, err = s.Update(ctx, anna, d)
		require.ErrorIs(t, err, resource.ErrStale)
		d.ValidateOnly = true
		_, err = s.Update(ctx, anna, d)
		require.ErrorIs(t, err, resource.ErrStale)

		sorter, err := s.Sorter(ctx, today)
		require.NoError(t, err)
		got, err := sorter.Of(ctx, "d", today)
		require.NoError(t, err)
		require.Equal(t, Bands{"medium", "q3", "q3"}, got, "the others are quartiles still")
		got, err = sorter.Of(ctx, "d", today-1)
		require.NoError(t, err)
		require.Equal(t, "q3", got.Tenure, "eleven months: the scale is that of the sorter's day")
		got, err = sorter.Of(ctx, "f", civil.Date(2024, time.March, 29))
		require.NoError(t, err)
		require.Equal(t, "q1-q2", got.Tenure)

		_, err = s.Reset(ctx, anna, Spend, before.Etag)
		require.ErrorIs(t, err, resource.ErrStale)
		reset, err := s.Reset(ctx, anna, Spend, updated.Etag)
		require.NoError(t, err)
		require.False(t, reset.Declared)
		require.Equal(t, before.Bands, reset.Bands)
		_, err = s.Reset(ctx, anna, Spend, "")
		require.NoError(t, err, "there is nothing to take back")
		_, err = s.Reset(ctx, anna, Spend, updated.Etag)
		require.ErrorIs(t, err, resource.ErrStale)
	})
}

func TestARetryChangesNothing(t *testing.T) {
	onEveryStore(t, someCustomers(), func(t *testing.T, s *Service) {
		ctx := t.Context()
		call := anna
		call.RequestID, call.Payload = "8d3f0c", []byte("first")
		d := Declaration{Subject: Tenure, Bands: []Band{{"new", Lowest}, {"old", 12}}}
		first, err := s.Update(ctx, call, d)
		require.NoError(t, err)
		_, err = s.Update(ctx, anna, Declaration{Subject: Tenure, Bands: []Band{{"all", Lowest}}, Etag: first.Etag})
		require.NoError(t, err)
		again, err := s.Update(ctx, call, d)
		require.NoError(t, err)
		require.Len(t, again.Bands, 1, "what came after stays")
		call.Payload = []byte("second")
		_, err = s.Update(ctx, call, d)
		require.ErrorIs(t, err, resource.ErrRequestIDReused)
	})
}

func TestRefusals(t *testing.T) {
	w := someCustomers()
	s := openOn(t, teststore.SQLite(t), w)
	ctx := t.Context()
	bounds := []Band{{"small", Lowest}, {"large", 100}}
	for _, d := range []Declaration{
		{Subject: Spend, Bands: bounds, Currency: "EUR"},
		{Subject: Spend, Bands: bounds},
		{Subject: Tenure},
	} {
		_, err := s.Update(ctx, anna, d)
		require.Error(t, err)
		var told *fault.Error
		require.ErrorAs(t, err, &told)
	}
	_, err := s.Update(ctx, anna, Declaration{Subject: Spend, Bands: []Band{{"all", Lowest}}})
	require.NoError(t, err, "without bounds no currency is needed")
	for _, subject := range []Subject{"volume", ""} {
		_, err := s.Get(ctx, subject, today)
		require.ErrorIs(t, err, resource.ErrNotFound)
		_, err = s.Update(ctx, anna, Declaration{Subject: subject, Bands: bounds})
		require.ErrorIs(t, err, resource.ErrNotFound)
		_, err = s.Reset(ctx, anna, subject, "")
		require.ErrorIs(t, err, resource.ErrNotFound)
	}
	w.currency = ""
	_, err = s.Update(ctx, anna, Declaration{Subject: Spend, Bands: bounds, Currency: "USD"})
	require.ErrorContains(t, err, "no currency yet")
	w.fail = errors.New("the pages are away")
	_, err = s.Sorter(ctx, today)
	require.ErrorIs(t, err, w.fail)
	_, err = s.List(ctx, today)
	require.ErrorIs(t, err, w.fail)
}

func TestListIsOfTheDay(t *testing.T) {
	s := openOn(t, teststore.SQLite(t), someCustomers())
	views, err := s.List(t.Context(), civil.Date(2024, time.March, 1))
	require.NoError(t, err)
	require.Len(t, views, 3)
	for i, v := range views {
		require.Equal(t, Subjects[i], v.Subject)
		active := v.Unknown
		for _, b := range v.Bands {
			active += b.Accounts
		}
		require.EqualValues(t, 2, active, "f and g had joined, and gone is not active")
	}
	require.Equal(t, "USD", views[1].Currency)
	require.Empty(t, views[2].Currency)
}

func TestMonths(t *testing.T) {
	for _, c := range []struct {
		joined, day string
		want        int64
	}{
		{"2025-03-31", "2026-03-30", 11},
		{"2025-03-31", "2026-03-31", 12},
		{"2024-02-29", "2025-02-28", 12},
		{"2023-01-31", "2023-02-28", 1},
		{"2026-03-31", "2026-03-31", 0},
		{"2026-04-01", "2026-03-31", noValue},
	} {
		joined, err := civil.ParseDay(c.joined)
		require.NoError(t, err)
		day, err := civil.ParseDay(c.day)
		require.NoError(t, err)
		require.Equal(t, c.want, months(joined, day), "%s to %s", c.joined, c.day)
	}
}
