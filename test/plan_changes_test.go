package test

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/reflect/protoreflect"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// toldOfPlans are the collections that the feed of the plans service tells of, and which
// state a change of each comes with; empty where a change comes with its name alone.
var toldOfPlans = map[string]protoreflect.Name{
	"plans": "plan", "plan_templates": "plan_template", "touchpoints": "touchpoint", "absences": "absence", "signal_rules": "signal_rule",
	"signal_rule_versions": "", "suggestions": "suggestion", "experts": "expert", "engagements": "engagement", "innovation_projects": "innovation_project",
	"strategy_sessions": "strategy_session", "point_rules": "point_rules", "reward_findings": "", "reward_entries": "reward_entry",
	"value_statements": "", "calendar_feeds": "",
}

// requireToldOfPlans wants every change that plans have told so far to say what it is about,
// on whose behalf it was made, and what came of it; and some of all that there is.
func (w *walk) requireToldOfPlans() {
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+w.token)
	client := plansv1.NewFeedServiceClient(w.conn)
	head, err := client.GetFeed(ctx, &plansv1.GetFeedRequest{})
	require.NoError(w.t, err)
	stream, err := client.WatchChanges(ctx, &plansv1.WatchChangesRequest{})
	require.NoError(w.t, err)
	seen := map[string]bool{}
	for position := int64(0); position < head.GetPosition(); {
		batch, err := stream.Recv()
		require.NoError(w.t, err)
		for _, c := range batch.GetChanges() {
			position = c.GetPosition()
			collection, _, _ := strings.Cut(c.GetSource(), "/")
			seen[collection] = true
			require.NotEmpty(w.t, c.GetName(), "%s of %s", c.GetType(), c.GetSource())
			require.Regexp(w.t, "^principals/.", c.GetPrincipal(), "%s of %s", c.GetType(), c.GetSource())
			if strings.HasSuffix(c.GetType(), ".deleted") {
				continue
			}
			state := protoreflect.Name("")
			m := c.ProtoReflect()
			if field := m.WhichOneof(m.Descriptor().Oneofs().ByName("state")); field != nil {
				state = field.Name()
			}
			require.Equal(w.t, toldOfPlans[collection], state, "%s of %s", c.GetType(), c.GetSource())
		}
	}
	require.Equal(w.t, slices.Sorted(maps.Keys(toldOfPlans)), slices.Sorted(maps.Keys(seen)))
}
