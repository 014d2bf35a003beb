package rpc_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/fault"
	typev1 "github.com/evenhand/evenhand/proto/gen/evenhand/type/v1"
	"github.com/evenhand/evenhand/services/accounts"
	"github.com/evenhand/evenhand/services/accounts/rpc"
)

func TestEveryReasonOfTheDomainIsOneOfTheAPI(t *testing.T) {
	for reason := accounts.Invalid; reason <= accounts.OutOfRange; reason++ {
		told := rpc.Faults.Find(&accounts.Error{Reason: reason, Resource: "company/exchangeRates/eur-2026-01-31", Text: "it is so"})
		require.NotNil(t, told, "reason %d", reason)
		require.Contains(t, typev1.ErrorReason_value, "ERROR_REASON_"+told.Reason)
		require.Equal(t, "it is so.", told.Message)
		require.Equal(t, "evenhand/ExchangeRate", told.Resource.Type)
		require.Equal(t, told.Kind == fault.FailedPrecondition, len(told.Conditions) == 1, told.Reason)
	}
}
