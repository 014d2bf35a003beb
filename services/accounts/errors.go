package accounts

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// The failures that callers tell apart, with errors.Is, besides those of package
// resource. What is returned says more: what is wrong, where, and, where it can be said,
// how to mend it.
var (
	// ErrInvalid says that fields of the request break a rule; its Fields name them.
	ErrInvalid = fault.New(fault.InvalidArgument, fault.ReasonInvalidArgument, "The request is not valid.")
	// ErrHandSetLevel says that a level was given, which can only be earned by rule.
	ErrHandSetLevel = fault.New(fault.InvalidArgument, fault.ReasonHandSetLevel, "A level cannot be set.")
	// ErrSlugCollision says that two different outside ids would be one id here.
	ErrSlugCollision = fault.New(fault.AlreadyExists, "SLUG_COLLISION", "Two ids would be one.")
	// ErrWrongState says that the account is in a state that does not allow this.
	ErrWrongState = fault.New(fault.FailedPrecondition, "ACCOUNT_STATE", "The account's state does not allow this.")
	// ErrLastAdministrator says that nobody would be left who can administer.
	ErrLastAdministrator = fault.New(fault.FailedPrecondition, "LAST_ADMINISTRATOR", "Nobody would be left who can administer.")
	// ErrAlreadyReversed says that a revenue entry was reversed before.
	ErrAlreadyReversed = fault.New(fault.FailedPrecondition, "ALREADY_REVERSED", "The entry was reversed already.")
	// ErrNotReversible says that a revenue entry is itself a reversal.
	ErrNotReversible = fault.New(fault.FailedPrecondition, "NOT_REVERSIBLE", "The entry is itself a reversal.")
	// ErrWrongCurrency says that a currency is not the one it has to be, or has no rate.
	ErrWrongCurrency = fault.New(fault.FailedPrecondition, fault.ReasonCurrency, "The currency cannot be used.")
	// ErrBatchChanged says that an import's batch is known with another file, or, of
	// revenue, from another source or by other ids.
	ErrBatchChanged = fault.New(fault.Aborted, "BATCH_CHANGED", "The batch is known as another.")
	// ErrNotYet says that what is asked for will be there shortly; try again.
	ErrNotYet = fault.New(fault.Unavailable, fault.ReasonUnavailable, "It is not there yet.").WithRetry(soon)
	// ErrOutOfRange says that the feed does not reach back that far any more.
	ErrOutOfRange = fault.New(fault.OutOfRange, "FEED_OUT_OF_RANGE", "The feed does not reach back that far.")
)

// soon is when to ask again for what is on its way.
const soon = 20 * time.Millisecond

// fail makes a failure about a resource, of whose name the type is made; none is
// empty. The text is a sentence without its full stop.
func fail(as *fault.Error, name, format string, args ...any) *fault.Error {
	text := fmt.Sprintf(format, args...)
	told := as.Saying("%s.", text)
	if kind := resourceType(name); kind != "" {
		told = told.WithResource(kind, name)
	}
	if as.Kind == fault.FailedPrecondition {
		told = told.WithCondition(as.Reason, name, "%s", text)
	}
	return told
}

// failFields makes a failure about a resource, or none, and fields of the request.
func failFields(as *fault.Error, name string, fields ...fault.Field) *fault.Error {
	texts := make([]string, len(fields))
	for i, f := range fields {
		texts[i] = f.Path + ": " + f.Description
	}
	return fail(as, name, "%s", strings.TrimSuffix(strings.Join(texts, "; "), ".")).WithFields(fields...)
}

// invalid makes a failure about one field.
func invalid(field, format string, args ...any) error {
	return failFields(ErrInvalid, "", fault.Field{Path: field, Description: fmt.Sprintf(format, args...)})
}

// textOf is the text that fail was given, or that of another error.
func textOf(err error) string {
	var told *fault.Error
	if !errors.As(err, &told) {
		return err.Error()
	}
	return strings.TrimSuffix(told.Message, ".")
}

// resourceType is the API's type of the resource with a name, or empty.
func resourceType(name string) string {
	parts := strings.Split(strings.TrimPrefix(name, "company/"), "/")
	collection := parts[0]
	if len(parts) > 2 {
		collection = parts[2]
	}
	return map[string]string{
		"accounts": "evenhand/Account", "contacts": "evenhand/Contact", "reach": "evenhand/Reach",
		"revenueEntries": "evenhand/RevenueEntry", "attributeKeys": "evenhand/AttributeKey", "imports": "evenhand/Import",
		"principals": "evenhand/Principal", "apiTokens": "evenhand/ApiToken", "company": "evenhand/Company",
		"exchangeRates": "evenhand/ExchangeRate",
	}[collection]
}
