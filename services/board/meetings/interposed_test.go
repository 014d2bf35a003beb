package meetings

import (
	"context"

	"github.com/evenhand/evenhand/internal/docstore"
)

// interposed is a backend that does something once, right before a meeting is changed.
type interposed struct {
	docstore.Backend
	do func()
}

func (b *interposed) Replace(ctx context.Context, collection string, ifVersion int64, r docstore.Record) error {
	if do := b.do; collection == "meetings" && do != nil {
		b.do = nil
		do()
	}
	return b.Backend.Replace(ctx, collection, ifVersion, r)
}
