package accounts

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

func TestFailuresSayWhatAndWhere(t *testing.T) {
	const rate = "company/exchangeRates/eur-2026-01-31"
	told := fail(resource.ErrExists, rate, "%s exists", rate)
	require.Equal(t, &fault.Error{Kind: fault.AlreadyExists, Reason: "ALREADY_EXISTS", Message: rate + " exists.",
		Resource: &fault.Resource{Type: "evenhand/ExchangeRate", Name: rate}}, told)

	told = fail(ErrWrongState, "accounts/a", "it is closed already")
	require.Equal(t, []fault.Condition{{Type: "ACCOUNT_STATE", Subject: "accounts/a", Description: "it is closed already"}}, told.Conditions)
	require.Equal(t, "it is closed already", textOf(told))

	told = failFields(ErrInvalid, "", fault.Field{Path: "a", Description: "is wrong"}, fault.Field{Path: "b", Description: "too. So it is."})
	require.Equal(t, "a: is wrong; b: too. So it is.", told.Message)
	require.Len(t, told.Fields, 2)
	require.Nil(t, told.Resource)

	require.Equal(t, 20*time.Millisecond, fail(ErrNotYet, "revenue/1", "not yet").RetryAfter)
}
