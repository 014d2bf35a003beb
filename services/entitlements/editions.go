package entitlements

import (
	"context"
	"fmt"

	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// ReadSchedule parses the text of an edition that could be published: ErrScheduleInvalid
// with all that is wrong with it.
func (s *Service) ReadSchedule(file []byte) (*schedule.Schedule, error) {
	return Publishing{File: file}.content(s.fed())
}

// LastVersion returns the version published last, by whichever process; nil where there is
// none.
func (s *Service) LastVersion(ctx context.Context) (*Version, error) {
	if err := s.readVersions(ctx); err != nil {
		return nil, fmt.Errorf("read the versions of the schedule: %w", err)
	}
	return s.book.Load().last(), nil
}
