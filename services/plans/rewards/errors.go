package rewards

import (
	"slices"
	"strconv"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// The reasons of this package's failures, besides those of package fault.
const (
	ReasonSecondPerson     = "SECOND_PERSON"
	ReasonRulesState       = "POINT_RULES_STATE"
	ReasonRulesConflict    = "POINT_RULES_CONFLICT"
	ReasonFromBookings     = "REWARD_FROM_BOOKINGS"
	ReasonNothingToCorrect = "NOTHING_TO_CORRECT"
	ReasonOwnReward        = "OWN_REWARD"
	ReasonFindingState     = "REWARD_FINDING_STATE"
)

// The API's types of resources.
const (
	rulesType   = "evenhand/PointRules"
	entryType   = "evenhand/RewardEntry"
	findingType = "evenhand/RewardFinding"
)

// RulesName is the resource name of a version of the point rules.
func RulesName(id string) string { return "pointRules/" + id }

// VersionName is the resource name of the version with a number.
func VersionName(number int) string { return RulesName(strconv.Itoa(number)) }

// EntryName is the resource name of an entry of the ledger.
func EntryName(id string) string { return "rewardEntries/" + id }

// FindingName is the resource name of a finding.
func FindingName(id string) string { return "rewardFindings/" + id }

// fromBookings is INVALID_ARGUMENT with REWARD_FROM_BOOKINGS about a field.
func fromBookings(field, word string) error {
	return fault.New(fault.InvalidArgument, ReasonFromBookings,
		"Points are given for relationship work, never for what a customer pays: %q is about that. Reward the work itself, as a touchpoint done or a problem solved.", word).
		WithField(field, "%q is about what a customer pays", word)
}

// wants refuses where a version is in none of these states.
func (p *PointRules) wants(id, what string, states ...State) error {
	if slices.Contains(states, p.State) {
		return nil
	}
	words := make([]string, len(states))
	for i, s := range states {
		words[i] = string(s)
	}
	return fault.Precondition(ReasonRulesState, RulesName(id), "%s is %s, and it can be %s only while it is %s.",
		RulesName(id), p.State, what, strings.Join(words, " or ")).WithResource(rulesType, RulesName(id))
}

// own is FAILED_PRECONDITION with OWN_REWARD.
func own(resourceType, name, who, what string) error {
	return fault.Precondition(ReasonOwnReward, name, "%s is about %s, who cannot %s it: somebody else has to.", name, who, what).
		WithResource(resourceType, name)
}
