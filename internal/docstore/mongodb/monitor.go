package mongodb

import (
	"context"
	"sync"

	"go.mongodb.org/mongo-driver/v2/event"
)

// traceMonitor tells trace of the commands on collections, each with its end.
func traceMonitor(trace func(ctx context.Context, command, collection string) func(error)) *event.CommandMonitor {
	var running sync.Map // request id -> func(error)
	ended := func(id int64, err error) {
		if end, ok := running.LoadAndDelete(id); ok {
			end.(func(error))(err)
		}
	}
	return &event.CommandMonitor{
		Started: func(ctx context.Context, e *event.CommandStartedEvent) {
			collection, ok := e.Command.Lookup(e.CommandName).StringValueOK()
			if e.CommandName == "getMore" {
				collection, ok = e.Command.Lookup("collection").StringValueOK()
			}
			if !ok {
				return
			}
			if end := trace(ctx, e.CommandName, collection); end != nil {
				running.Store(e.RequestID, end)
			}
		},
		Succeeded: func(_ context.Context, e *event.CommandSucceededEvent) { ended(e.RequestID, nil) },
		Failed: func(ctx context.Context, e *event.CommandFailedEvent) {
			ended(e.RequestID, translate(ctx, e.Failure))
		},
	}
}
