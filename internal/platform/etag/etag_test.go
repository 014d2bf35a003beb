package etag_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/etag"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

func TestEtagsChange(t *testing.T) {
	created := time.UnixMilli(1_700_000_000_123)
	one := etag.Of(1, created)
	require.Equal(t, one, etag.Of(1, created))
	require.NotEqual(t, one, etag.Of(2, created))
	require.NotEqual(t, one, etag.Of(1, created.Add(time.Millisecond)), "created again after a deletion")
	require.Regexp(t, `^[A-Za-z0-9_-]+$`, one, "fits a header as it is")
}

func TestCheck(t *testing.T) {
	require.NoError(t, etag.Check("", "b", "t", "n"))
	require.NoError(t, etag.Check("*", "b", "t", "n"))
	require.NoError(t, etag.Check("b", "b", "t", "n"))
	var f *fault.Error
	require.True(t, errors.As(etag.Check("a", "b", "evenhand/Account", "accounts/acme"), &f))
	require.Equal(t, fault.Aborted, f.Kind)
	require.Equal(t, "STALE_ETAG", f.Reason)
	require.Equal(t, "accounts/acme", f.Resource.Name)
}
