package rpc

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
	"github.com/evenhand/evenhand/services/entitlements/usage"
)

// That more was used than there is now tells that there was more.
func TestR3AnOverdrawnBalanceTellsNoEarlierLimit(t *testing.T) {
	period, err := civil.ParsePeriod("P1Y")
	require.NoError(t, err)
	s := usage.Standing{Held: true, Limit: 5, Used: 9, Reserved: 2, Overdrawn: 6, Holding: decision.Holding{
		Rule: &schedule.Rule{ID: "spend-500"}, Benefit: &schedule.Benefit{Kind: schedule.Metered, Period: period, Resets: schedule.ByCalendar, Limit: 5}}}
	m := usageWriter{blind: true}.standing(&s, "rich", "hours")
	require.Equal(t, []int64{5, 3, 2, 0, 0}, []int64{m.GetLimit(), m.GetUsed(), m.GetReserved(), m.GetLeft(), m.GetOverdrawn()})
}
