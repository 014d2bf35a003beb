package serve

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/calendar/oracle"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/mongodb"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans/signals"
	"github.com/evenhand/evenhand/services/plans/touchpoints"
)

// shortLease has leases change hands soon after a process was stopped.
const shortLease = time.Second

// stores are the databases that the year is lived through on. What each returns opens the
// store as a process does that starts, and says how to close it: on the embedded store, which
// one process alone can have open, processes share what was opened once.
var stores = map[string]func(t *testing.T) func() (*docstore.Store, func()){
	"sqlite": func(t *testing.T) func() (*docstore.Store, func()) {
		store, closeStore := relayed(t, teststore.SQLite(t))
		t.Cleanup(closeStore)
		return func() (*docstore.Store, func()) { return store, func() {} }
	},
	"mongodb": func(t *testing.T) func() (*docstore.Store, func()) {
		uri, database := teststore.Database(t)
		return func() (*docstore.Store, func()) {
			backend, err := mongodb.Open(t.Context(), uri, database, mongodb.Options{})
			require.NoError(t, err)
			return relayed(t, backend)
		}
	},
}

// relayed opens a store and relays its events until it is closed. Leases go by the real time:
// days of the year pass faster than any process could renew them.
func relayed(t *testing.T, backend docstore.Backend) (store *docstore.Store, closeStore func()) {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{LeaseTerm: shortLease, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- store.RunRelay(ctx) }()
	return store, func() {
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
		require.NoError(t, store.Close())
	}
}

// requireTouchpoints wants those touchpoints that the rules name, and no others, each when it
// is due, planned for whoever owns the plan now. Nothing is due with who is no customer any
// more: what was planned for that time is withdrawn.
func (y *yearOf) requireTouchpoints(r *replica) {
	y.t.Helper()
	for _, c := range y.year.customers {
		want := map[string]string{}
		for _, cadence := range c.cadences() {
			zone := y.year.zone
			if cadence.When.Zone != "" {
				var err error
				zone, err = civil.LoadZone(cadence.When.Zone)
				require.NoError(y.t, err)
			}
			instants, err := oracle.Instants(cadence.When.Rule, cadence.When.Start, zone, c.open, yearEnds+touchpoints.Ahead)
			require.NoError(y.t, err)
			for day, at := range instants {
				if ends, closes := c.closes(); !closes || zone.DayOf(at) < ends {
					want[cadence.ID+"-"+day.String()] = at.Format(time.RFC3339)
				}
			}
		}
		got := map[string]string{}
		for query := (touchpoints.Query{Plan: c.id, Size: 1000}); ; {
			page, err := r.domain.Touchpoints.List(y.t.Context(), query)
			require.NoError(y.t, err)
			for _, s := range page.Items {
				_, own, _ := strings.Cut(s.ID, "/")
				if ends, closes := c.closes(); closes && s.State.State == touchpoints.Withdrawn {
					require.GreaterOrEqual(y.t, s.State.DueDay, ends, s.ID)
					require.Equal(y.t, ends, s.State.Closing, s.ID)
					continue
				}
				got[own] = s.State.Due.UTC().Format(time.RFC3339)
				require.Equal(y.t, touchpoints.Planned, s.State.State, s.ID)
				require.Equal(y.t, c.owner(yearEnds), s.State.Owner, s.ID)
			}
			if query.After = page.Next; query.After == nil {
				break
			}
		}
		require.Equal(y.t, want, got, c.id)
	}
}

// requireSuggestions wants one suggestion for each cause that follows from what happened, and no
// other; it returns all by their ids.
func (y *yearOf) requireSuggestions(r *replica) map[string]spoken {
	y.t.Helper()
	all := map[string]spoken{}
	for _, c := range y.year.customers {
		causes := map[string]bool{}
		for query := (signals.SuggestionQuery{Account: c.id, All: true, Size: 1000}); ; {
			page, err := r.domain.Signals.Suggestions(y.t.Context(), query)
			require.NoError(y.t, err)
			for _, s := range page.Items {
				x := s.State
				said := spoken{x.Account, x.Rule, x.Cause, x.Owner, x.State}
				if x.State == signals.Expired { // it keeps who had the account when it ended, as far as that was told by then
					said.Owner = ""
				}
				all[s.ID] = said
				cause := x.Rule + " " + x.Cause
				require.NotContains(y.t, causes, cause, c.id)
				causes[cause] = true
			}
			if query.After = page.Next; query.After == nil {
				break
			}
		}
		require.Equal(y.t, c.causes(), causes, c.id)
	}
	return all
}

// requireToldOnce wants each touchpoint and each suggestion to be told of as new once.
func (y *yearOf) requireToldOnce(r *replica) {
	y.t.Helper()
	require.NoError(y.t, r.store.Flush(y.t.Context()))
	born := map[string]int{}
	for position := int64(0); ; {
		events, err := r.store.Feed().Read(y.t.Context(), position, 1000)
		require.NoError(y.t, err)
		if len(events) == 0 {
			break
		}
		for i := range events {
			if e := &events[i]; e.Type == "touchpoint.planned" || e.Type == "suggestion.made" {
				born[e.Source]++
			}
			position = events[i].Position
		}
	}
	require.NotEmpty(y.t, born)
	for what, times := range born {
		require.Equal(y.t, 1, times, what)
	}
}
