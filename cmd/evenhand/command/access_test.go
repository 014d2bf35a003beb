package command

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// Whatever keeps a token from being made, its file is not there afterwards: the command
// can be repeated as it is.
func TestNoTokenLeavesNoFile(t *testing.T) {
	token := file(t, "token", "t\n")
	for name, args := range map[string][]string{
		"no token to call with": {"--data-dir", "nowhere"},
		"another machine":       {"--server", "192.0.2.1:9090", "--token-file", token},
		"no such authority":     {"--tls-ca", "nowhere.pem", "--token-file", token},
		"nobody there":          {"--server", "127.0.0.1:1", "--token-file", token},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "shop-token")
			args := append([]string{"tokens", "create", "shop", "--file", path}, args...)
			first := execute(t, "", "", args...)
			require.NotZero(t, first.code)
			require.NoFileExists(t, path)
			require.Equal(t, first, execute(t, "", "", args...))
		})
	}
}

func TestASecretThatCannotBeWrittenLeavesNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	f, err := os.Create(path)
	require.NoError(t, err)
	err = (&TokensCreate{File: path}).lost(f, &accountsv1.ApiToken{Name: "principals/p/apiTokens/t"}, io.ErrShortWrite)
	require.ErrorContains(t, err, "the secret of principals/p/apiTokens/t could not be written")
	require.NoFileExists(t, path)
}

func TestTokenFilesAreNew(t *testing.T) {
	kept := file(t, "shop-token", "another secret\n")
	got := execute(t, startFake(t, &fake{}), "", "tokens", "create", "shop", "--file", kept)
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, kept+" exists already")
	text, err := os.ReadFile(kept)
	require.NoError(t, err)
	require.Equal(t, "another secret\n", string(text))
}
