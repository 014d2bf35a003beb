// Package resource is the one way in which the aggregates of a service are created,
// changed, read and listed in its document store: every change is stamped, guarded by
// an etag or a version, recognised by its request id when it comes again, and told as an
// event with who made it.
//
// A service opens Requests once for its store, and with it a Table for each kind of
// aggregate. Its errors are those of package fault; callers of a table tell them apart
// with errors.Is and the Err values of this package.
package resource
