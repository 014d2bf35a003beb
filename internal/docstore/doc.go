// Package docstore is the one storage contract of Evenhand: typed collections of
// documents, each document one aggregate, with the events of every change written
// in the same write as the change itself.
//
// # Document shape
//
// A stored document is
//
//	{_id, v, body, out: [{n, type, at, who, data}], pend}
//
// where body is the aggregate as BSON, v its version, out the events that have not
// yet reached the feed, and pend true while out is not empty (a partial index on
// pend is what the relay scans).
//
// # Versions
//
// A version counts events: a change that appends k events raises v by k, and a
// change that appends none raises it by one. An event's n is the version of the
// document right after that event, so (collection/id, n) names an event for ever,
// and the pair (aggregate, version) a writer gets back is also what a reader can
// wait for in the feed.
//
// # The feed
//
// A relay, under a lease, moves events from the documents into the service's feed:
// positions start at 1 and have no gaps, an aggregate's events come in order of n,
// nothing comes twice. Across aggregates only the relay's order holds.
//
// # Use
//
// OpenStore takes a Backend; OpenCollection declares a collection and gives its typed
// view. Collection.Update is how documents change: read, change, write if nobody was
// faster. What a change tells others it emits with it (Doc.Emit). One goroutine of
// the process runs Store.RunRelay; Feed().Follow reads what it relays. Work that only
// one process should do runs in Store.WithLease. Calls that may come again go through
// CreateOnce and UpdateOnce.
//
// An index may carry a field (Index.Carries): Collection.Entries then reads ids and that
// field of many documents without reading the documents. It is written with the document,
// so the two never differ.
//
// # What is assumed of a database
//
// Only that a single-document write is atomic and durable. No multi-document
// transaction and no change stream is used, so that MongoDB, its managed
// relatives and the embedded SQLite backend all serve.
package docstore
