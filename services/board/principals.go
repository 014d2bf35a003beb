package board

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// principalType is the type of principals in the API.
const principalType = "evenhand/Principal"

// Principal returns NOT_FOUND where the accounts service knows no principal of that id.
func (s *Service) Principal(ctx context.Context, id string) error {
	err := s.Boards.source.Principal(ctx, id)
	if errors.Is(err, ErrNoPrincipal) {
		return fault.Missing(principalType, PrincipalName(id)).Because(err)
	}
	return err
}

// principals wants all ids to be those of principals, except known ones, which were when
// they were set. INVALID_ARGUMENT, with their places in a field.
func principals(ctx context.Context, source Source, field string, ids, known []string) error {
	for i, id := range ids {
		if slices.Contains(known, id) {
			continue
		}
		err := source.Principal(ctx, id)
		if errors.Is(err, ErrNoPrincipal) {
			return noPrincipal(fmt.Sprintf("%s[%d]", field, i), id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func noPrincipal(field, id string) error {
	return fault.Invalid(field, "%s does not exist: name a principal that does", PrincipalName(id))
}
