// Package sqlite keeps documents in one SQLite file, embedded in the process.
//
// # Layout
//
//	doc.<collection>          rid, id, v, dead, body     the documents
//	out.<collection>          id, n, type, at, who, data the outboxes, apart from the
//	                                                     bodies so that relaying an event
//	                                                     does not rewrite a document
//	idx.<collection>.<index>  f0, f1, …, [id,] rid       one table per index with native
//	                                                     columns, WITHOUT ROWID; and
//	                                                     carried, where it carries a field
//	feed, meta_indexes                                   the feed; the declared indexes
//
// # Writing
//
// One goroutine owns the one writing connection. It takes all operations that wait,
// runs each under a savepoint of its own in one transaction, and answers all of them
// after the commit, so that concurrent callers share one fsync. Reading connections
// see snapshots and never wait for the writer.
//
// # Large unique indexes
//
// Entries of one document go into an index in the order of their values. Where values
// of many documents are random (hashes), each entry still lands on a page of its own
// once the index has outgrown the cache: of 16-byte keys, 500 to a document, 75,000 a
// second go in at first, and 20,000 to 30,000 with 3 million there, a page of log for
// each. Keys that begin with what the documents come in the order of (a day, an
// account) do not slow down. A larger cache does not help, smaller pages do a little
// and cost others, a longer log (Options.Checkpoint) helps some.
//
// # Durability
//
// Write-ahead log with synchronous=FULL on every connection: a commit returns after
// the log is on disk.
package sqlite
