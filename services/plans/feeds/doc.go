// Package feeds follows the feeds of the other services, and the plans service's own, and
// hands what happened to those who keep copies of it: each change at least once, in the
// feed's order, by one process at a time. A taker that remembers the position of the last
// change it took for each thing is right whatever comes late, twice or again.
package feeds
