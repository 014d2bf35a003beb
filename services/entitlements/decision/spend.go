package decision

import (
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Spend returns what a ledger holds in a window that ends with a day, in minor units:
// what the conditions of rules read. Joined matters to the
// window since joining only: the day it counts from, -civil.Never for a group's.
func (c Company) Spend(l Ledger, window schedule.Window, joined, day civil.Day) int64 {
	return c.sumOver(l, window, joined, false).on(day)
}
