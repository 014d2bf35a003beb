package audits

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/services/entitlements/parity"
)

// telling is a context that tells when Run itself waits for its end, which it does where
// it waits for its turn.
type telling struct {
	context.Context
	once  sync.Once
	waits chan struct{}
}

func (c *telling) Done() <-chan struct{} {
	if pc, _, _, ok := runtime.Caller(1); ok && strings.HasSuffix(runtime.FuncForPC(pc).Name(), "(*Audits).Run") {
		c.once.Do(func() { close(c.waits) })
	}
	return c.Context.Done()
}

// The same call that comes again while its audit is made waits for that one.
func TestAnAuditAskedForTwiceAtOnceIsMadeOnce(t *testing.T) { onEveryStore(t, askAtOnce) }

func askAtOnce(t *testing.T, backend docstore.Backend) {
	var once sync.Once
	reading, goOn := make(chan struct{}), make(chan struct{})
	s := &source{rows: unequal(), read: func() { once.Do(func() { close(reading) }); <-goOn }}
	a := open(t, backend, s, func() time.Time { return noon.AddDate(0, 2, 0) })
	call := anna
	call.Method, call.RequestID, call.Payload = "audit", uuid.NewString(), []byte("march")
	type answer struct {
		id  string
		err error
	}
	answers := make(chan answer, 2)
	ask := func(ctx context.Context) {
		made, err := a.Run(ctx, call, march(parity.RemedyRate), nil)
		answers <- answer{made.ID, err}
	}
	go ask(t.Context())
	<-reading
	waits := make(chan struct{})
	go ask(&telling{Context: t.Context(), waits: waits})
	<-waits // it has looked, and found nothing
	close(goOn)
	first, second := <-answers, <-answers
	require.NoError(t, first.err)
	require.NoError(t, second.err)
	require.Equal(t, first.id, second.id)
	require.Equal(t, 1, s.asked)
}
