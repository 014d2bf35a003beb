package entitlements

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// second is another edition: thanks from $300 on, hours for nobody, shipping for who spends
// $600.
const second = `
schedule: service-promise
currency: USD
time_zone: America/New_York
commitments:
  - {id: courtesy, promise: Every customer is treated with courtesy.}
benefits:
  - {id: thanks, promise: A note of thanks., kind: feature, unit_cost: 2.50, expected_use_per_year: 4}
  - {id: shipping, promise: Free shipping., kind: feature, unit_cost: 4.00}
rules:
  - id: spend-500
    promise: Who spends $300 within a year is thanked.
    when: {spend: trailing-12-months, at_least: 300.00}
    grants: [thanks]
  - id: spend-600
    promise: Who spends $600 within a year gets free shipping.
    when: {spend: trailing-12-months, at_least: 600.00}
    grants: [shipping, thanks]
notice: {reason: Another}
`

// customers makes accounts that have each spent one dollar more than the one before, the
// last twenty of them in a group of their own with more than $1,000.
func customers(t testing.TB, f *fixture, count int) {
	t.Helper()
	for i := range count {
		id, parent := fmt.Sprintf("a-%04d", i), ""
		if i >= count-20 && i > count-20 {
			parent = fmt.Sprintf("a-%04d", count-20)
		}
		f.source.add(active(id, parent), paid(id, may, int64(i+1)*100))
	}
	f.caughtUp(t)
}

func TestR16ASimulationForetellsWhatPublishingBrings(t *testing.T) {
	ctx := context.Background()
	f := newFixture(t, Options{CacheAccounts: 200})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	customers(t, f, 700)

	steps := 0
	foretold, err := f.Simulate(ctx, Simulating{File: []byte(second), Sample: 3, Tell: func(done, total int) error {
		require.LessOrEqual(t, done, total)
		steps++
		return nil
	}})
	require.NoError(t, err)
	require.Equal(t, walkSteps, steps)
	require.EqualValues(t, 700, foretold.Accounts)
	require.EqualValues(t, 700*701/2*100, foretold.Revenue)
	require.Equal(t, noon, foretold.From)

	before := map[string]int64{}
	d, err := f.AsOf(time.Time{})
	require.NoError(t, err)
	for _, id := range []string{"thanks", "hours"} {
		before[id], err = d.CountHolders(ctx, id)
		require.NoError(t, err)
	}
	_, _, err = f.Publish(ctx, Publishing{File: []byte(second), Publisher: "principals/ann"})
	require.NoError(t, err)
	d, err = f.AsOf(time.Time{})
	require.NoError(t, err)
	for _, b := range foretold.Benefits {
		require.Equal(t, before[b.ID], b.Now, b.ID)
		after, err := d.CountHolders(ctx, b.ID)
		require.NoError(t, err)
		require.Equal(t, after, b.Then, b.ID)
		require.Equal(t, b.Then-b.Now, b.Gaining-b.Losing, b.ID)
	}
	byID := map[string]SimulatedBenefit{}
	for _, b := range foretold.Benefits {
		byID[b.ID] = b
	}
	thanks := byID["thanks"]
	require.EqualValues(t, 201, thanks.Now)
	require.EqualValues(t, 401, thanks.Then)
	require.Equal(t, []string{"a-0299", "a-0300", "a-0301"}, thanks.Gainers)
	require.Equal(t, big.NewInt(401*4*250), thanks.CostThen)
	require.Equal(t, big.NewInt(201*4*250), thanks.CostNow)
	require.Equal(t, big.NewInt(401*4), thanks.Use)
	require.EqualValues(t, 20, byID["hours"].Losing, "a group of twenty")
	require.Equal(t, []string{"a-0680", "a-0681", "a-0682"}, byID["hours"].Losers)
	require.Nil(t, byID["shipping"].CostThen, "its use is not stated")
	require.Equal(t, []string{"shipping", "hours"}, foretold.Unstated)
	require.Equal(t, big.NewInt(401*4*250), foretold.CostThen)
}

func TestR22ASimulationSaysWhoMeetsARuleAndWhatThatCosts(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	customers(t, f, 700)
	s, err := f.Simulate(context.Background(), Simulating{File: []byte(second), Sample: 2, Rules: []string{"spend-500", "spend-600"}, Account: "a-0350"})
	require.NoError(t, err)
	require.EqualValues(t, 401, s.Chosen.Holders)
	require.EqualValues(t, 301, s.Chosen.Newly, "200 get thanks, 101 shipping")
	require.Equal(t, []string{"a-0299", "a-0300"}, s.Chosen.Newcomers)
	require.True(t, s.Chosen.Account)
	changed, added := s.Rule("spend-500"), s.Rule("spend-600")
	require.True(t, changed.Changed)
	require.EqualValues(t, 401, changed.Holders)
	require.EqualValues(t, 200, changed.Newly)
	require.Equal(t, big.NewInt(200*4*250), changed.Cost)
	require.True(t, added.New)
	require.EqualValues(t, 101, added.Holders)
	require.EqualValues(t, 101, added.Newly)
	require.Equal(t, []string{"a-0599", "a-0600"}, added.Newcomers)
	require.Nil(t, added.Cost, "the use of shipping is not stated")
	require.Nil(t, s.Rule("no-such-rule"))
}

func TestASimulationKeepsWhatWasEarnedForItsTerm(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	kept := strings.Replace(fmt.Sprintf(promise, "1997-01-01", "First edition"), "grants: [thanks]", "grants: [thanks]\n    lasts: P12M", 1)
	_, _, err := f.Publish(context.Background(), Publishing{File: []byte(kept), Publisher: "principals/ann"})
	require.NoError(t, err)
	customers(t, f, 700)
	harder := strings.Replace(second, "at_least: 300.00", "at_least: 650.00", 1)
	harder = strings.Replace(strings.Replace(harder, "$300", "$650", 1), "[shipping, thanks]", "[shipping]", 1)
	s, err := f.Simulate(context.Background(), Simulating{File: []byte(harder)})
	require.NoError(t, err)
	require.EqualValues(t, 201, s.Benefits[0].Then)
	require.EqualValues(t, 150, s.Benefits[0].Kept)
	require.Zero(t, s.Benefits[0].Losing)
	require.Empty(t, s.Benefits[0].Losers)
}

func TestASimulationOfAFirstEdition(t *testing.T) {
	ctx := context.Background()
	f := newFixture(t, Options{})
	start(t, f.Service)
	customers(t, f, 700)
	file := strings.Replace(second, "{reason", "{effective: 1997-01-01, reason", 1)
	day := civil.Date(1998, time.April, 30)
	for _, tt := range []struct {
		day  civil.Day
		want int64
	}{{day, 0}, {may, 401}, {may.AddMonths(13), 0}} {
		s, err := f.Simulate(ctx, Simulating{File: []byte(file), Day: &tt.day})
		require.NoError(t, err)
		require.Equal(t, tt.want, s.Benefits[0].Then, tt.day.String())
		require.Zero(t, s.Benefits[0].Now)
		require.Equal(t, time.Date(1997, 1, 1, 5, 0, 0, 0, time.UTC), s.From)
		require.True(t, s.Rules[0].New)
	}
	require.Empty(t, f.Versions(), "nothing was published")
	require.Zero(t, f.source.adopted)
}

func TestASimulationIsRefused(t *testing.T) {
	ctx := context.Background()
	f := newFixture(t, Options{})
	start(t, f.Service)
	_, err := f.Simulate(ctx, Simulating{File: []byte("schedule: x")})
	require.ErrorIs(t, err, ErrScheduleInvalid)
	_, err = f.Simulate(ctx, Simulating{File: []byte(second), Sample: MaxSample + 1})
	require.ErrorContains(t, err, "sample_size")
	_, err = f.Simulate(ctx, Simulating{File: []byte(second), At: time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)})
	require.ErrorContains(t, err, "2199")
	f.publish(t, "1997-01-01", "First edition")
	_, err = f.Simulate(ctx, Simulating{File: []byte(strings.Replace(second, "USD", "EUR", 1))})
	require.ErrorIs(t, err, ErrCurrency)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err = f.Simulate(ended, Simulating{File: []byte(second)})
	require.ErrorIs(t, err, context.Canceled)
	stopped := fmt.Errorf("nobody listens")
	_, err = f.Simulate(ctx, Simulating{File: []byte(second), Tell: func(int, int) error { return stopped }})
	require.ErrorIs(t, err, stopped)
}
