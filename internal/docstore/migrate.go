package docstore

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Migration is a change of stored data that is made once. It must be safe while the
// previous version of the program still serves, and, since a process may die in the
// middle, safe to run again.
type Migration struct {
	// Number is positive and larger than that of every earlier migration.
	Number int
	Name   string
	Run    func(ctx context.Context, s *Store) error
}

type migrated struct {
	Name string    `bson:"name"`
	At   time.Time `bson:"at"`
}

// Migrate runs the migrations that this database has not had yet, in order, under a
// lease, and records each. Migrations it does not know (of a newer version of the
// program) do not disturb it.
func (s *Store) Migrate(ctx context.Context, migrations []Migration) error {
	for i, m := range migrations {
		if m.Number <= 0 || i > 0 && m.Number <= migrations[i-1].Number {
			return fmt.Errorf("migration %d (%s) is out of order", m.Number, m.Name)
		}
	}
	record, err := OpenCollection[migrated](ctx, s, Spec{Name: "migrations", Silent: true})
	if err != nil {
		return err
	}
	missing, err := missingMigrations(ctx, record, migrations)
	if err != nil || len(missing) == 0 {
		return err
	}
	return s.WithLease(ctx, "migrations", func(ctx context.Context) error {
		missing, err := missingMigrations(ctx, record, migrations)
		if err != nil {
			return err
		}
		for _, m := range missing {
			if err := m.Run(ctx, s); err != nil {
				return fmt.Errorf("migration %d (%s): %w", m.Number, m.Name, err)
			}
			if _, err := record.Upsert(ctx, strconv.Itoa(m.Number), func(d *Doc[migrated]) error {
				d.Body = migrated{Name: m.Name, At: s.now()}
				return nil
			}); err != nil {
				return err
			}
		}
		return nil
	})
}

func missingMigrations(ctx context.Context, record *Collection[migrated], migrations []Migration) ([]Migration, error) {
	done := map[string]bool{}
	for d, err := range record.All(ctx, Query{}) {
		if err != nil {
			return nil, err
		}
		done[d.ID] = true
	}
	var missing []Migration
	for _, m := range migrations {
		if !done[strconv.Itoa(m.Number)] {
			missing = append(missing, m)
		}
	}
	return missing, nil
}
