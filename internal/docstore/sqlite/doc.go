// Package sqlite keeps documents in one SQLite file, embedded in the process.
//
// # Layout
//
//	doc.<collection>          rid, id, v, dead, body     the documents
//	out.<collection>          id, n, type, at, who, data the outboxes, apart from the
//	                                                     bodies so that relaying an event
//	                                                     does not rewrite a document
//	idx.<collection>.<index>  f0, f1, …, [id,] rid       one table per index with native
//	                                                     columns, WITHOUT ROWID
//	feed, meta_indexes                                   the feed; the declared indexes
//
// # Writing
//
// One goroutine owns the one writing connection. It takes all operations that wait,
// runs each under a savepoint of its own in one transaction, and answers all of them
// after the commit, so that concurrent callers share one fsync. Reading connections
// see snapshots and never wait for the writer.
//
// # Durability
//
// Write-ahead log with synchronous=FULL on every connection: a commit returns after
// the log is on disk.
package sqlite
