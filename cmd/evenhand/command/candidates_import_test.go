package command

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAnImportOfCandidatesEndsWhereTheServerIsGone(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	got := execute(t, address, "", "board", "candidates", "import", "advisory", file(t, "volunteers.csv", "account\nash\nbirch\nelm\n"))
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, address)
	require.NotContains(t, got.stderr, "line 2", "nothing is wrong with the line")
}
