package board

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/evenhand/evenhand/services/board/panel/record"
)

// DrawMark says what was committed of a draw, and what came of it.
type DrawMark struct {
	// ID is where the record is archived, Hash that of the record.
	ID        string          `bson:"id"`
	Hash      string          `bson:"hash"`
	Committed time.Time       `bson:"committed"`
	Plan      record.SeedPlan `bson:"plan"`
	// Lowest is the lowest probability of anyone who can be drawn.
	Lowest float64 `bson:"lowest"`
	// Unreachable is how many of the pool are on no possible panel.
	Unreachable int `bson:"unreachable,omitempty"`
	// Secrets are what was revealed, by the name of the person.
	Secrets map[string]string `bson:"secrets,omitempty"`
	// Drawn is when the panel was drawn, the zero time before; Round the value of the
	// named round, where it was needed; Seed what follows, and Panel the panel's place.
	Drawn time.Time `bson:"drawn,omitempty"`
	Round string    `bson:"round,omitempty"`
	Seed  string    `bson:"seed,omitempty"`
	Panel int       `bson:"panel,omitempty"`
}

// markOf says what was committed with a record that is archived under an id.
func markOf(committed *record.Record, id string) DrawMark {
	mark := DrawMark{ID: id, Hash: committed.Hash, Committed: committed.Title.Committed, Plan: committed.Seed, Lowest: 1,
		Unreachable: len(committed.Unreachable)}
	for _, m := range committed.Marginals {
		if m.Count > 0 {
			mark.Lowest = min(mark.Lowest, float64(m.Count)/float64(len(committed.Panels)))
		}
	}
	return mark
}

// told is the mark as followers see it: not what was revealed, but that it was.
func (d *DrawMark) told() DrawMark {
	told := *d
	told.Secrets = map[string]string{}
	for person := range d.Secrets {
		told.Secrets[person] = "revealed"
	}
	return told
}

// revealed is the mark with the secret of a person, or what is wrong with that, as a
// clause about whatever is drawn.
func (d *DrawMark) revealed(person, secret string, now time.Time) (mark DrawMark, wrong string) {
	i := slices.IndexFunc(d.Plan.People, func(p record.Person) bool { return p.Name == person })
	switch {
	case i < 0:
		return mark, "does not name " + person + " among those who hold a part of its seed"
	case record.Commitment(secret) != d.Plan.People[i].Commitment:
		return mark, "has another commitment of " + person + ": this is not the secret that was committed"
	case record.CheckSecret(secret) != nil:
		return mark, "cannot take the secret of " + person + ": " + record.CheckSecret(secret).Error() + "; the round takes the place of this one"
	case now.After(d.Plan.Deadline):
		return mark, "took secrets until " + d.Plan.Deadline.Format(time.RFC3339) + ": the round takes the place of this one"
	}
	mark = *d
	mark.Secrets = map[string]string{person: secret}
	maps.Copy(mark.Secrets, d.Secrets)
	return mark, ""
}

// drawn returns the record of a draw, with its outcome once it is drawn.
func (a *archive) drawn(ctx context.Context, d *DrawMark) (*record.Record, error) {
	text, err := a.get(ctx, d.ID)
	if err != nil {
		return nil, err
	}
	committed, err := record.Parse(text)
	if err != nil || d.Drawn.IsZero() {
		return committed, err
	}
	return committed.Draw(record.Values{Time: d.Drawn, Round: d.Round, Secrets: d.Secrets})
}
