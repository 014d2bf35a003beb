package test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// A board is made on the command line, read over REST, and dissolved for good.
func TestABoardFromItsCreationToItsEnd(t *testing.T) {
	stores(t, func(t *testing.T, storeArgs []string) {
		s := serve(t, storeArgs...)
		created := s.cli("board", "create", "--id", "advisory", "--display-name", "Customer Advisory Board",
			"--time-zone", "America/New_York", "--manager", "mara")
		require.Equal(t, "boards/advisory", value(t, created, "Board"))
		require.Contains(t, s.cli("board", "list", "--manager", "mara", "-o", "csv"), "boards/advisory,Customer Advisory Board,active")
		require.NotContains(t, s.cli("board", "list", "--manager", "ines"), "advisory")

		wrong := s.try("board", "create", "--display-name", "Lost", "--time-zone", "Middle/Earth")
		require.Equal(t, 1, wrong.code)
		require.Contains(t, wrong.stderr, "Middle/Earth")

		s.cli("board", "update", "advisory", "--purpose", "Tells us what to build.")
		var board map[string]any
		require.NoError(t, json.Unmarshal(s.get("/v1/boards/advisory", http.StatusOK), &board))
		require.Equal(t, "Tells us what to build.", board["purpose"])

		require.Equal(t, "closed", value(t, s.cli("board", "close", "advisory", "--reason", "Its work is done."), "State"))
		again := s.try("board", "update", "advisory", "--purpose", "More.")
		require.Equal(t, 1, again.code)
		require.Contains(t, again.stderr, "closed")
	})
}
