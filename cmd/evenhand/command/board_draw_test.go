package command

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestASecretOfNoUseIsNotHashed(t *testing.T) {
	for secret, told := range map[string]string{"two\nlines": "one line", "a\ttab": "one line", "": "one line"} {
		got := execute(t, "", "", "board", "rotations", "reveal", "a", "2027-03-09", secret, "--hash")
		require.Equal(t, ExitUsage, got.code, "%q", secret)
		require.Contains(t, got.stderr, told)
		require.Empty(t, got.stdout)
	}
	got := execute(t, "", "a secret\n", "board", "rotations", "reveal", "a", "2027-03-09", "-", "--hash")
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, "984ca5162200734c592148f1820b71057f098573d138666b48663e4e30cd8d3a\n", got.stdout)
}
