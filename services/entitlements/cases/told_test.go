package cases

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
)

// A breach is told also where the clock was stopped before anybody looked.
func TestR13ABreachThatWasStoppedBeforeTheLookIsTold(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		id := f.opened(t, "c1")
		f.clock.set(local("2026-03-09 13:00").Add(3 * time.Second))
		_, err := f.Reply(ctx, as("anna"), id, "", "")
		require.NoError(t, err)
		f.clock.set(local("2026-03-09 13:05"))
		for range 2 {
			require.NoError(t, f.DueNow(ctx))
			require.Equal(t, []string{"case.opened", "case.replied", "case.breached"}, f.events(t, "cases/"+id))
		}
		c, err := f.Get(ctx, id)
		require.NoError(t, err)
		last := c.State.History[len(c.State.History)-1]
		require.Equal(t, ActBreached, last.What)
		require.Equal(t, "first-reply", last.Note)

		// Of a resolved case, too: the clock to the resolution was due in the meantime.
		f.clock.set(local("2026-03-10 11:31"))
		_, err = f.Resolve(ctx, as("anna"), id, "", Resolution{Attestations: kept}, false)
		require.NoError(t, err)
		for range 2 {
			require.NoError(t, f.DueNow(ctx))
			require.Equal(t, []string{"case.opened", "case.replied", "case.breached", "case.resolved", "case.breached"}, f.events(t, "cases/"+id))
		}
	})
}

// What a calendar takes back is told again when it comes again.
func TestR13ABreachThatACalendarMovedAwayIsToldWhenItComesAgain(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	id := f.opened(t, "c1")
	look := func(at string) {
		t.Helper()
		f.clock.set(local(at))
		require.NoError(t, f.DueNow(ctx))
	}
	look("2026-03-09 13:01")
	require.Equal(t, []string{"case.opened", "case.breached"}, f.events(t, "cases/"+id))
	f.published.publish(t, strings.Replace(promise, "holidays: []", "holidays: ["+holiday+"]", 1), local("2026-03-09 13:02"))
	look("2026-03-09 13:02")
	c, err := f.Get(ctx, id)
	require.NoError(t, err)
	require.Equal(t, "2026-03-10 13:00 running; 2026-03-11 11:30 running", due(t, &c.State, f.Now()))
	look("2026-03-10 12:12")
	look("2026-03-10 13:01")
	look("2026-03-10 13:02")
	require.Equal(t, []string{"case.opened", "case.breached", "case.due_times_reckoned", "case.near_breach", "case.breached"}, f.events(t, "cases/"+id))
}
