package changes

import (
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/services/entitlements/programmes"
)

// tellProgramme reads what is told of a programme.
func tellProgramme(t *Told, e *docstore.FeedEvent, id string) error {
	t.Name = programmes.Name(id)
	if len(e.Data) == 0 { // it was deleted
		return nil
	}
	p, err := programmes.Told(*e)
	t.Programme = &p
	return err
}
