package usage

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

func TestABalanceExplainsItself(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	says := func(parts ...string) {
		t.Helper()
		b, err := f.Get(ctx, "a", "hours", time.Time{})
		require.NoError(t, err)
		text := strings.Join(b.Explain(), " ")
		for _, part := range parts {
			require.Contains(t, text, part)
		}
	}
	year := func(limit int64) schedule.Benefit { return hours(limit, "P1Y", 2, schedule.Anniversary) }
	f.clock.set(noon("2026-01-01"))
	says("never held")
	f.clock.set(noon("2027-03-01"))
	says("rule partner of schedule/versions/1", "limit is 10 (unit: hour) in a period of P1Y", "from 2027-02-01 to 2028-01-31",
		"2 were carried over", "end on 2028-01-31")
	_, err := f.Consume(ctx, someone, use(9), false)
	require.NoError(t, err)
	_, err = f.Reserve(ctx, someone, use(1), 0)
	require.NoError(t, err)
	says("1 are reserved")
	f.grants.grant("hours", holding("2026-02-01", "2027-02-20", 1, year(10)), holding("2027-02-20", "", 2, year(5)))
	says("schedule/versions/2", "limit is 5", "3 more were used or reserved than the limit is now")
	f.grants.grant("hours", holding("2026-02-01", "2027-02-20", 1, year(10)))
	says("is not held", "until 2027-02-20T05:00:00Z", "stays used")
}
