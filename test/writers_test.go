package test

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// 64 writers of one account and of many, each sending every request twice: the ledger has
// every entry once, and what entitlements makes of it is the same, rebuilt or not.
func TestSixtyFourWriters(t *testing.T) {
	t.Parallel()
	const writers, rounds, accounts = 64, 3, 8
	stores(t, func(t *testing.T, storeArgs []string) {
		s := serve(t, storeArgs...)
		s.publishPromise()
		s.cli("accounts", "create", "--display-name", "Hot")
		for i := range accounts {
			s.cli("accounts", "create", "--display-name", fmt.Sprint("Many ", i))
		}
		token := s.token()
		var group sync.WaitGroup
		for w := range writers {
			group.Go(func() {
				for round := range rounds {
					for to, account := range []string{"hot", fmt.Sprint("many-", w%accounts)} {
						request := fmt.Sprintf("00000000-0000-4000-8000-%04d%04d%04d", w, round, to)
						for range 2 {
							if err := s.record(token, account, request, w+1); err != nil {
								t.Error(err)
							}
						}
					}
				}
			})
		}
		group.Wait()

		const sum = rounds * writers * (writers + 1) / 2 // of each of the two kinds
		var whole string
		s.await("all entries", func() bool {
			whole = s.cli("spend", "--as-of", "2024-12-31")
			return value(t, whole, "Entries") == strconv.Itoa(2*writers*rounds)
		})
		require.Equal(t, fmt.Sprintf("USD %d.00", 2*sum), value(t, whole, "Total"))
		hot := s.cli("spend", "hot", "--as-of", "2024-12-31")
		require.Contains(t, hot, fmt.Sprintf("USD %d.00", sum))
		for i := range accounts {
			want := 0
			for w := i; w < writers; w += accounts {
				want += rounds * (w + 1)
			}
			require.Contains(t, s.cli("spend", fmt.Sprint("many-", i), "--as-of", "2024-12-31"), fmt.Sprintf("USD %d.00", want))
		}

		s.cli("projections", "rebuild")
		require.Equal(t, whole, s.cli("spend", "--as-of", "2024-12-31"))
		require.Equal(t, hot, s.cli("spend", "hot", "--as-of", "2024-12-31"))
		s.kill()
		s.restart()
		require.Equal(t, whole, s.cli("spend", "--as-of", "2024-12-31"))
	})
}

// record posts one entry of so many dollars.
func (s *server) record(token, account, requestID string, dollars int) error {
	body := fmt.Sprintf(`{"date": {"year": 2024, "month": 7, "day": 1}, "amount": {"currencyCode": "USD", "units": "%d"}, "source": "till"}`, dollars)
	url := fmt.Sprintf("http://%s/v1/accounts/%s/revenueEntries?requestId=%s", s.http, account, requestID)
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s %s", url, answer.Status, text)
	}
	return err
}
