package rpc_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	typev1 "github.com/evenhand/evenhand/proto/gen/evenhand/type/v1"
	"github.com/evenhand/evenhand/services/accounts"
)

func TestEveryReasonOfTheDomainIsOneOfTheAPI(t *testing.T) {
	for _, told := range []*fault.Error{
		resource.ErrNotFound, resource.ErrExists, resource.ErrStale, resource.ErrConflict, resource.ErrRequestIDReused,
		accounts.ErrInvalid, accounts.ErrHandSetLevel, accounts.ErrSlugCollision, accounts.ErrWrongState,
		accounts.ErrLastAdministrator, accounts.ErrAlreadyReversed, accounts.ErrNotReversible, accounts.ErrWrongCurrency,
		accounts.ErrBatchChanged, accounts.ErrNotYet, accounts.ErrOutOfRange,
	} {
		require.Contains(t, typev1.ErrorReason_value, "ERROR_REASON_"+told.Reason)
	}
}
