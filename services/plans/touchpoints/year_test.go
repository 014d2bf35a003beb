package touchpoints

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/calendar/oracle"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans"
)

// yearly are cadences of many rhythms and zones. Their first days and times meet leap days
// and the hours that clocks skip or show twice.
func yearly() []plans.Cadence {
	list := []plans.Cadence{
		cadence("daily", "FREQ=DAILY", "2027-05-01T02:30"),
		cadence("third-day", "FREQ=DAILY;INTERVAL=3", "2026-02-03T09:00"),
		cadence("workdays", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "2027-03-01T01:30"),
		cadence("fortnight", "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", "2026-12-30T17:00"),
		cadence("second-tuesday", "FREQ=MONTHLY;BYDAY=2TU", "2020-01-01T10:00"),
		cadence("last-friday", "FREQ=MONTHLY;BYDAY=-1FR", "2020-01-01T23:30"),
		cadence("last-day", "FREQ=MONTHLY;BYMONTHDAY=-1", "2027-01-31T00:30"),
		cadence("thirty-first", "FREQ=MONTHLY;BYMONTHDAY=31", "2027-01-31T12:00"),
		cadence("quarterly", "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=1,15", "2027-01-01T09:00"),
		cadence("leap-day", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "2024-02-29T09:00"),
		cadence("birthday", "FREQ=YEARLY", "2024-02-29T09:00"),
		cadence("thirteenth", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2027-01-01T13:13"),
	}
	for i, zone := range []string{"", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia"} {
		for j := i; j < len(list); j += 5 {
			list[j].When.Zone = zone
		}
	}
	return list
}

// TestR9NothingIsLostOrDoubledInAYear lays plans out day by day, over a leap day and both
// changes of the clock: by two processes at once, some of whose passes are stopped in the
// middle, and some days without any. Then the touchpoints are exactly those that the rules
// name, each once.
func TestR9NothingIsLostOrDoubledInAYear(t *testing.T) {
	accounts := 4 // with three cadences each: every one of them once
	most := 20    // half of the days without a pass
	long := os.Getenv("EVENHAND_TEST_LONG") != ""
	if long { // as many accounts as there is time for: 1,000 take more than ten minutes
		accounts, most = 100, 10
	}
	if asked := os.Getenv("EVENHAND_TEST_YEAR"); asked != "" {
		n, err := strconv.Atoi(asked)
		require.NoError(t, err)
		accounts = n
	}
	year := func(t *testing.T, f *fixture, from, to civil.Day) {
		random := rand.New(rand.NewPCG(7, 9))
		f.noon(from.String())
		other := reopen(t, f.store, f.world)
		cadences := yearly()
		of := map[string][]plans.Cadence{}
		for i := range accounts {
			account := fmt.Sprintf("a%d", i)
			for j := range 3 {
				of[account] = append(of[account], cadences[(i+4*j)%len(cadences)])
			}
			f.active(t, account, plans.Strategy{Cadences: of[account]})
		}
		f.caughtUp(t)
		for today := from; today <= to; today++ {
			f.noon(today.String())
			switch random.IntN(most) {
			default: // nobody works
			case 1, 2:
				ctx, stop := context.WithTimeout(t.Context(), time.Duration(random.IntN(3000))*time.Microsecond)
				_, _ = f.Pass(ctx) // may be stopped anywhere
				stop()
			case 3, 4:
				both, ctx := errgroup.WithContext(t.Context())
				for _, s := range []*fixture{f, other} { // both believe that they hold the lease
					both.Go(func() error {
						_, _ = s.Pass(ctx) // one may be in the way of the other
						return nil
					})
				}
				require.NoError(t, both.Wait())
			case 5, 6, 7, 8, 9:
				_, err := f.Pass(t.Context())
				require.NoError(t, err)
			}
		}
		_, err := other.Pass(t.Context())
		require.NoError(t, err)

		zone, err := civil.LoadZone(f.zone)
		require.NoError(t, err)
		for account, cadences := range of {
			want := map[string]string{}
			for _, c := range cadences {
				in := zone
				if c.When.Zone != "" {
					in, err = civil.LoadZone(c.When.Zone)
					require.NoError(t, err)
				}
				instants, err := oracle.Instants(c.When.Rule, c.When.Start, in, from, to+Ahead)
				require.NoError(t, err)
				for d, at := range instants {
					want[c.ID+"-"+d.String()] = at.Format(time.RFC3339)
				}
			}
			got := map[string]string{}
			for id, s := range f.all(t, account) {
				require.Equal(t, Planned, s.State.State, id)
				got[id] = s.State.Nominal.Format(time.RFC3339)
			}
			require.Equal(t, want, got, account)
		}
	}
	t.Run("sqlite", func(t *testing.T) {
		year(t, start(t, teststore.SQLite(t)), day("2027-10-01"), day("2028-09-30"))
	})
	t.Run("mongodb", func(t *testing.T) { // slower: the leap day, and the clock changed once
		if long {
			t.Skip("many accounts are laid out on the embedded store alone")
		}
		year(t, start(t, teststore.MongoDB(t)), day("2028-02-20"), day("2028-04-10"))
	})
}
