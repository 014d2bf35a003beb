package auth_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/platform/auth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestIdentifyTakesOneBearerToken(t *testing.T) {
	keys := &auth.Keyring{}
	keys.Add("secret", someAdmin)
	for header, ok := range map[string]bool{
		"Bearer secret": true, "bearer secret": true, "BEARER secret": true,
		"": false, "secret": false, "Bearer": false, "Bearer ": false, "Basic secret": false,
		"Bearer  secret": false, "Bearer secret, Bearer secret": false, "Bearer other": false,
		"Bearer " + strings.Repeat("x", 5000): false,
	} {
		p, err := auth.Identify(t.Context(), keys, []string{header})
		require.Equal(t, ok, err == nil, "%q: %v", header, err)
		if ok {
			require.Equal(t, someAdmin.Name(), p.Name())
		} else {
			require.NotContains(t, err.Error(), "secret")
		}
	}
	_, err := auth.Identify(t.Context(), keys, []string{"Bearer secret", "Bearer secret"})
	require.Error(t, err)
	_, err = auth.Identify(t.Context(), keys, nil)
	require.ErrorContains(t, err, "carries no token")
}

func TestFailureToAskIsNotARefusal(t *testing.T) {
	down := auth.AuthenticatorFunc(func(context.Context, auth.Hash) (*auth.Principal, error) { return nil, errors.New("down") })
	_, err := auth.Identify(t.Context(), down, []string{"Bearer x"})
	require.ErrorContains(t, err, "UNAVAILABLE")
	require.False(t, auth.Refused(err))
	_, err = auth.Identify(t.Context(), &auth.Keyring{}, []string{"Bearer x"})
	require.True(t, auth.Refused(err))
}

// someAdmin is whom tokens stand for where it does not matter whom.
var someAdmin = auth.NewPrincipal("principals/mara", "Mara", true, auth.Admin)

// store is where tokens are kept, with a count of the questions.
type store struct {
	mu    sync.Mutex
	asked int
	known map[auth.Hash]*auth.Principal
	err   error
	delay time.Duration
}

func (s *store) Authenticate(_ context.Context, h auth.Hash) (*auth.Principal, error) {
	time.Sleep(s.delay)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.err != nil {
		return nil, s.err
	}
	if p, ok := s.known[h]; ok {
		return p, nil
	}
	return nil, auth.ErrUnknownToken
}

func TestARevokedTokenIsRefusedWithinFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := auth.HashOf("t")
		s := &store{known: map[auth.Hash]*auth.Principal{h: someAdmin}, delay: time.Second}
		c := auth.NewCache(s, time.Now)
		_, err := c.Authenticate(t.Context(), h) // asked at 0, answered at 1s
		require.NoError(t, err)
		s.known = nil // revoked
		revoked := time.Now()
		for err == nil {
			time.Sleep(100 * time.Millisecond)
			began := time.Now()
			_, err = c.Authenticate(t.Context(), h)
			require.True(t, err != nil || began.Sub(revoked) < 5*time.Second)
		}
		require.ErrorIs(t, err, auth.ErrUnknownToken)
		require.Equal(t, 2, s.asked)
	})
}

func TestANewTokenIsKnownAtOnceOrWithinFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := auth.HashOf("t")
		s := &store{}
		c := auth.NewCache(s, time.Now)
		for range 10 {
			_, err := c.Authenticate(t.Context(), h)
			require.ErrorIs(t, err, auth.ErrUnknownToken)
		}
		require.Equal(t, 1, s.asked, "unknown tokens are remembered too")
		s.known = map[auth.Hash]*auth.Principal{h: someAdmin}
		time.Sleep(5 * time.Second)
		_, err := c.Authenticate(t.Context(), h)
		require.NoError(t, err)
	})
}

func TestCallersShareOneQuestionAndFailuresAreNotRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{err: errors.New("down"), delay: time.Second}
		c := auth.NewCache(s, time.Now)
		var failed atomic.Int32
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if _, err := c.Authenticate(t.Context(), auth.HashOf("t")); err != nil {
					failed.Add(1)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 50, failed.Load())
		require.Equal(t, 1, s.asked)
		_, err := c.Authenticate(t.Context(), auth.HashOf("t"))
		require.Error(t, err)
		require.Equal(t, 2, s.asked)
	})
}

func TestACallerThatGivesUpDoesNotSpoilItForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := auth.HashOf("t")
		s := &store{known: map[auth.Hash]*auth.Principal{h: someAdmin}, delay: 2 * time.Second}
		c := auth.NewCache(s, time.Now)
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() { _, _ = c.Authenticate(impatient, h) }()
		synctest.Wait()
		_, err := c.Authenticate(t.Context(), h)
		require.NoError(t, err)
	})
}

func TestGuessesDoNotPushGoodTokensOut(t *testing.T) {
	now := time.Unix(0, 0)
	good := auth.HashOf("good")
	s := &store{known: map[auth.Hash]*auth.Principal{good: someAdmin}}
	c := auth.NewCache(s, func() time.Time { return now })
	_, err := c.Authenticate(t.Context(), good)
	require.NoError(t, err)
	for i := range 25_000 {
		_, _ = c.Authenticate(t.Context(), auth.HashOf(strings.Repeat("x", i%50)+string(rune(i))))
	}
	before := s.asked
	_, err = c.Authenticate(t.Context(), good)
	require.NoError(t, err)
	require.Equal(t, before, s.asked)
}

func TestServicesOfOneProcessHaveTokensOfTheirOwn(t *testing.T) {
	keys := &auth.Keyring{}
	token, err := keys.Issue("entitlements", rand.Reader)
	require.NoError(t, err)
	a := auth.FirstOf(&auth.Keyring{}, keys)
	p, err := a.Authenticate(t.Context(), auth.HashOf(token))
	require.NoError(t, err)
	require.Equal(t, "services/entitlements", p.Name())
	require.False(t, p.Person())
	require.Equal(t, auth.All, p.Can("changes.watch"))
	_, err = a.Authenticate(t.Context(), auth.HashOf("guess"))
	require.ErrorIs(t, err, auth.ErrUnknownToken)
}
