package rpc

import (
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/accounts"
)

// Faults says what the domain's errors mean to callers.
var Faults = fault.Table{fault.As(tell)}

// meanings are the kind and the reason of each of the domain's reasons.
var meanings = map[accounts.Reason]struct {
	kind   fault.Kind
	reason string
}{
	accounts.Invalid:           {fault.InvalidArgument, fault.ReasonInvalidArgument},
	accounts.HandSetLevel:      {fault.InvalidArgument, fault.ReasonHandSetLevel},
	accounts.NotFound:          {fault.NotFound, fault.ReasonNotFound},
	accounts.Exists:            {fault.AlreadyExists, fault.ReasonAlreadyExists},
	accounts.SlugCollision:     {fault.AlreadyExists, "SLUG_COLLISION"},
	accounts.Stale:             {fault.Aborted, fault.ReasonStaleEtag},
	accounts.Conflict:          {fault.Aborted, fault.ReasonConflict},
	accounts.RequestReused:     {fault.InvalidArgument, "REQUEST_ID_REUSED"},
	accounts.WrongState:        {fault.FailedPrecondition, "ACCOUNT_STATE"},
	accounts.LastAdministrator: {fault.FailedPrecondition, "LAST_ADMINISTRATOR"},
	accounts.AlreadyReversed:   {fault.FailedPrecondition, "ALREADY_REVERSED"},
	accounts.NotReversible:     {fault.FailedPrecondition, "NOT_REVERSIBLE"},
	accounts.WrongCurrency:     {fault.FailedPrecondition, fault.ReasonCurrency},
	accounts.BatchChanged:      {fault.Aborted, "BATCH_CHANGED"},
	accounts.NotYet:            {fault.Unavailable, fault.ReasonUnavailable},
	accounts.OutOfRange:        {fault.OutOfRange, "FEED_OUT_OF_RANGE"},
}

// soon is when to ask again for what is on its way.
const soon = 20 * time.Millisecond

func tell(e *accounts.Error) *fault.Error {
	meaning, known := meanings[e.Reason]
	if !known {
		return nil
	}
	told := fault.New(meaning.kind, meaning.reason, "%s.", strings.TrimSuffix(e.Error(), "."))
	for _, f := range e.Fields {
		told = told.WithField(f.Field, "%s", f.Text)
	}
	if kind := resourceType(e.Resource); kind != "" {
		told = told.WithResource(kind, e.Resource)
	}
	if meaning.kind == fault.FailedPrecondition {
		told = told.WithCondition(meaning.reason, e.Resource, "%s", e.Error())
	}
	switch e.Reason {
	case accounts.RequestReused:
		told = told.WithField("request_id", "%s", e.Error())
	case accounts.NotYet:
		told = told.WithRetry(soon)
	}
	return told
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
