// Package etag makes and checks etags (AIP-154, RFC 9110): opaque texts that change
// with every write.
package etag

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Of returns the etag of a version of a resource. The time it was created sets it
// apart from an earlier resource of the same name that was deleted.
func Of(version int64, created time.Time) string {
	b := binary.AppendVarint(nil, version)
	b = binary.AppendVarint(b, created.UnixMilli())
	return base64.RawURLEncoding.EncodeToString(b)
}

// Check returns ABORTED with STALE_ETAG where an etag was given and is not the
// resource's now. None, and `*`, agree with every version.
func Check(given, now, resourceType, name string) error {
	if given == "" || given == "*" || given == now {
		return nil
	}
	return fault.New(fault.Aborted, fault.ReasonStaleEtag,
		"%s was changed since it was read: read it again, and decide again.", name).WithResource(resourceType, name)
}
