package usage

import (
	"fmt"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// The reasons of this package's failures, besides those of package fault; values of
// evenhand.type.v1.ErrorReason.
const (
	ReasonNotEntitled      = "NOT_ENTITLED"
	ReasonUsageLimit       = "USAGE_LIMIT"
	ReasonReservationState = "RESERVATION_STATE"
	ReasonNotMetered       = "NOT_METERED"
	ReasonNotReleasable    = "NOT_RELEASABLE"
	ReasonReservationLimit = "RESERVATION_LIMIT"
)

// The API's types of resources.
const (
	balanceType     = "evenhand/Balance"
	reservationType = "evenhand/Reservation"
	entryType       = "evenhand/UsageEntry"
)

// refuse is FAILED_PRECONDITION about a resource: what has to be true first, and how to
// get there.
func refuse(reason, resourceType, name, format string, args ...any) *fault.Error {
	return fault.Precondition(reason, name, format, args...).WithResource(resourceType, name)
}

func notEntitled(account, benefit string) error {
	return refuse(ReasonNotEntitled, balanceType, BalanceName(account, benefit),
		"accounts/%s does not have the benefit %s now, so that nothing of it can be used.", account, benefit)
}

func notMetered(account, benefit string) error {
	return refuse(ReasonNotMetered, balanceType, BalanceName(account, benefit),
		"%s is no metered benefit: it is had or not had, and has no units to reserve and no balance. Record its use with consume.", benefit)
}

// tooMuch refuses units beyond what is left.
func tooMuch(account, benefit string, units int64, s *Standing) error {
	unit := s.Holding.Benefit.Unit
	return refuse(ReasonUsageLimit, balanceType, BalanceName(account, benefit),
		"%s has %d left (unit: %s), and %d were asked for: use less, release what was not used, or wait until more come back.",
		BalanceName(account, benefit), s.Left, unit, units).With("left", fmt.Sprint(s.Left))
}
