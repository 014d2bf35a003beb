package signals

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// The API's types of these resources.
const (
	ruleType       = "evenhand/SignalRule"
	versionType    = "evenhand/SignalRuleVersion"
	suggestionType = "evenhand/Suggestion"
)

// The reasons of this package's failures that are its own, or shared with others that have
// drafts.
const (
	reasonRuleInvalid     = "SIGNAL_RULE_INVALID"
	reasonRuleState       = "SIGNAL_RULE_STATE"
	reasonSuggestionState = "SUGGESTION_STATE"
	reasonSecondPerson    = "SECOND_PERSON"
	reasonPlanState       = "PLAN_STATE"
)

// RuleName returns the resource name of a rule.
func RuleName(id string) string { return names.Join("signalRules", id) }

// VersionName returns the resource name of a version of a rule.
func VersionName(rule string, number int) string {
	return fmt.Sprintf("%s/versions/%d", RuleName(rule), number)
}

// versionName is that of the id under which a version is stored.
func versionName(id string) string {
	rule, number, _ := strings.Cut(id, "/")
	return RuleName(rule) + "/versions/" + strings.TrimLeft(number, "0")
}

// versionID is the id under which a version is stored, which sorts by number.
func versionID(rule string, number int) string { return fmt.Sprintf("%s/%09d", rule, number) }

// SuggestionName returns the resource name of a suggestion, whose id is that of the
// account, a slash and its own.
func SuggestionName(id string) string {
	account, own, _ := strings.Cut(id, "/")
	return names.Join("accounts", account) + "/suggestions/" + own
}

var idEncoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// suggestionID is the id of the one suggestion that a rule makes to an account for a cause.
func suggestionID(rule, account, cause string) string {
	digest := sha256.Sum256(fmt.Appendf(nil, "%q", []string{rule, account, cause}))
	return account + "/" + idEncoding.EncodeToString(digest[:15])
}

func ruleState(id, format string, args ...any) error {
	return fault.Precondition(reasonRuleState, RuleName(id), format, args...).WithResource(ruleType, RuleName(id))
}

func suggestionState(id, format string, args ...any) error {
	return fault.Precondition(reasonSuggestionState, SuggestionName(id), format, args...).WithResource(suggestionType, SuggestionName(id))
}
