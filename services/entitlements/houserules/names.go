package houserules

import (
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// The API's types of these resources.
const (
	ruleType   = "evenhand/HouseRule"
	breachType = "evenhand/Breach"
)

// The reasons of failures that are this package's own.
const (
	reasonRuleState    = "HOUSE_RULE_STATE"
	reasonWaiverNotDue = "WAIVER_NOT_DUE"
)

// Name returns the resource name of a house rule.
func Name(id string) string { return "houseRules/" + id }

// BreachName returns the resource name of a breach, whose id is that of the rule, a slash
// and its own.
func BreachName(id string) string {
	rule, own, _ := strings.Cut(id, "/")
	return Name(rule) + "/breaches/" + own
}

// ruleState is FAILED_PRECONDITION with HOUSE_RULE_STATE about a house rule.
func ruleState(name, format string, args ...any) error {
	return fault.Precondition(reasonRuleState, name, format, args...).WithResource(ruleType, name)
}
