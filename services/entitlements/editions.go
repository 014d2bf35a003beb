package entitlements

import (
	"context"
	"fmt"

	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// ReadSchedule parses the text of an edition that could be published: ErrScheduleInvalid
// with all that is wrong with it.
func (s *Service) ReadSchedule(ctx context.Context, file []byte) (*schedule.Schedule, error) {
	fed, err := s.fed(ctx)
	if err != nil {
		return nil, fmt.Errorf("read a schedule: %w", err)
	}
	return Publishing{File: file}.content(fed)
}

// LastVersion returns the version published last, by whichever process; nil where there is
// none.
func (s *Service) LastVersion(ctx context.Context) (*Version, error) {
	if err := s.readVersions(ctx); err != nil {
		return nil, fmt.Errorf("read the versions of the schedule: %w", err)
	}
	return s.book.Load().last(), nil
}

// KnowsAccount returns ErrNotFound for an account that is not known here.
func (s *Service) KnowsAccount(ctx context.Context, id string) error {
	known, err := s.current.Load().view(ctx, id, func(*account) {})
	if err == nil && !known {
		err = missingAccount(id)
	}
	return err
}
