package changes_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/calendarfeed"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/feed"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/calendars"
	"github.com/evenhand/evenhand/services/plans/changes"
	"github.com/evenhand/evenhand/services/plans/engagements"
	"github.com/evenhand/evenhand/services/plans/innovation"
	"github.com/evenhand/evenhand/services/plans/rewards"
	"github.com/evenhand/evenhand/services/plans/sessions"
	"github.com/evenhand/evenhand/services/plans/signals"
	"github.com/evenhand/evenhand/services/plans/statements"
	"github.com/evenhand/evenhand/services/plans/touchpoints"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errSeen = errors.New("all was seen")

// written makes a resource of a kind, and then deletes it.
func written[T any, P resource.Aggregate[T]](kind resource.Kind[T]) func(context.Context, *resource.Requests) error {
	return func(ctx context.Context, requests *resource.Requests) error {
		table, err := resource.OpenTable[T, P](ctx, requests, kind)
		if err != nil {
			return err
		}
		var state T
		call := resource.Call{Principal: "principals/anna"}
		if _, err := table.Create(ctx, call, "acme/one", state, "made"); err != nil {
			return err
		}
		return table.Delete(ctx, call, "acme/one", nil, "deleted")
	}
}

// states are the names of those fields of what is told that are there.
func states(told *changes.Told) (found []string) {
	v := reflect.ValueOf(told).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Pointer && !f.IsNil() {
			found = append(found, v.Type().Field(i).Name)
		}
	}
	return found
}

// relayed is a store whose changes reach its feed.
func relayed(t *testing.T) *docstore.Store {
	store, err := docstore.OpenStore(t.Context(), teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- store.RunRelay(ctx) }()
	t.Cleanup(func() {
		stop()
		<-ended
		require.NoError(t, store.Close())
	})
	return store
}

// told are all changes of a store so far.
func told(t *testing.T, store *docstore.Store) (all []feed.Change[changes.Told]) {
	t.Helper()
	opened := changes.Open(store)
	head, _, err := opened.Head(t.Context())
	require.NoError(t, err)
	err = opened.Watch(t.Context(), "", nil, func(b feed.Batch[changes.Told]) error {
		if all = append(all, b.Changes...); int64(len(all)) == head {
			return errSeen
		}
		return nil
	})
	require.ErrorIs(t, err, errSeen)
	return all
}

// A change of every kind of resource is told with its name and with who made it; and with
// its state, unless it was deleted or only its name is told.
func TestR20EveryKindOfResourceIsTold(t *testing.T) {
	calendar := resource.Kind[calendarfeed.Feed]{Type: calendars.Kind.Type, Name: calendars.Kind.Name, Spec: docstore.Spec{Name: calendarfeed.Collection}}
	for collection, tt := range map[string]struct {
		states []string
		write  func(context.Context, *resource.Requests) error
	}{
		plans.Kind.Spec.Name:              {[]string{"Plan"}, written(plans.Kind)},
		plans.TemplateKind.Spec.Name:      {[]string{"Template"}, written(plans.TemplateKind)},
		touchpoints.Kind.Spec.Name:        {[]string{"Touchpoint"}, written(touchpoints.Kind)},
		touchpoints.AbsenceKind.Spec.Name: {[]string{"Absence"}, written(touchpoints.AbsenceKind)},
		signals.RuleKind.Spec.Name:        {[]string{"SignalRule"}, written(signals.RuleKind)},
		signals.VersionKind.Spec.Name:     {nil, written(signals.VersionKind)},
		signals.SuggestionKind.Spec.Name:  {[]string{"Suggestion"}, written(signals.SuggestionKind)},
		engagements.ExpertKind.Spec.Name:  {[]string{"Expert"}, written(engagements.ExpertKind)},
		engagements.Kind.Spec.Name:        {[]string{"Engagement"}, written(engagements.Kind)},
		innovation.Kind.Spec.Name:         {[]string{"Project"}, written(innovation.Kind)},
		sessions.Kind.Spec.Name:           {[]string{"Session"}, written(sessions.Kind)},
		rewards.RulesKind.Spec.Name:       {[]string{"PointRules"}, written(rewards.RulesKind)},
		rewards.LedgerKind.Spec.Name:      {[]string{"RewardEntry"}, written(rewards.LedgerKind)},
		rewards.FindingKind.Spec.Name:     {nil, written(rewards.FindingKind)},
		statements.Kind.Spec.Name:         {nil, written(statements.Kind)},
		calendarfeed.Collection:           {nil, written(calendar)},
	} {
		t.Run(collection, func(t *testing.T) {
			store := relayed(t)
			requests, err := resource.OpenRequests(t.Context(), store, time.Now)
			require.NoError(t, err)
			require.NoError(t, tt.write(t.Context(), requests))
			all := told(t, store)
			require.Len(t, all, 2)
			for _, c := range all {
				require.Equal(t, collection+"/acme/one", c.Source)
				require.Equal(t, "principals/anna", c.Principal)
				require.NotEmpty(t, c.State.Name)
			}
			require.Equal(t, tt.states, states(&all[0].State))
			require.Empty(t, states(&all[1].State), "of what was deleted")
		})
	}
}
