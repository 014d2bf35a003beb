// Package mongodb keeps documents in MongoDB 7 or later, or in a server that speaks
// its protocol, such as FerretDB 2.7 over PostgreSQL.
//
// # What is asked of the server
//
// Atomic writes of single documents, unique and partial indexes (with $type in the
// partial filter), and no more: neither multi-document transactions, nor change
// streams, nor bulk writes over several collections. Every write waits for a
// majority and the journal, every read is of what a majority has, from the primary.
//
// # When the reply of a write is lost
//
// On a replica set the driver repeats the write under the same number and the server
// sees to it that it is made once. Elsewhere, and where the repetition fails too,
// Insert and Replace look once whether the document stands there at the version, with
// the body and with the events they were to write; only then do they say it was
// written. In every other case they return docstore.ErrUnavailable, which means that
// the write may or may not have been made, or may still be: the caller repeats it
// under the same request id.
package mongodb
