package requests

import (
	"context"

	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Waiving says whether a benefit waives a house rule in a draft that may still be published.
func (s *Service) Waiving(ctx context.Context, benefit, houseRule string) (bool, error) {
	const size = 100
	query := Newest[Draft]{Size: size, Keep: func(d resource.Stored[Draft]) bool {
		switch d.State.State {
		case Writing, Proposed, Approved:
			return true
		}
		return false
	}}
	for {
		page, err := s.ListDrafts(ctx, query)
		if err != nil {
			return false, err
		}
		for _, d := range page.Items {
			content, err := schedule.Parse([]byte(d.State.YAML))
			if err != nil { // written before the language of schedules changed: it cannot be published
				continue
			}
			for i := range content.Benefits {
				if b := &content.Benefits[i]; b.ID == benefit && b.Kind == schedule.Waiver && b.HouseRule == houseRule {
					return true, nil
				}
			}
		}
		if page.Next == nil {
			return false, nil
		}
		query.After = page.Next
	}
}
