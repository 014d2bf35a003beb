package plans

import "slices"

// renewed is the strategy as another version of its template has it. What people had set
// otherwise than the version that it was of stays, a cadence that they left out stays left
// out, and so do their own cadences stay; whoever makes a contact goes on making it.
func (s *Strategy) renewed(was *Strategy, to Strategy) Strategy {
	if s.GapDays != was.GapDays {
		to.GapDays = s.GapDays
	}
	if s.Calendar != was.Calendar {
		to.Calendar = s.Calendar
	}
	if s.Quiet != was.Quiet {
		to.Quiet = s.Quiet
	}
	var cadences []Cadence
	for _, c := range to.Cadences {
		switch has, had := s.cadence(c.ID), was.cadence(c.ID); {
		case has == nil && had != nil: // people left it out
		case has == nil:
			cadences = append(cadences, c)
		case !has.same(had):
			cadences = append(cadences, *has)
		default:
			c.Owner = has.Owner
			cadences = append(cadences, c)
		}
	}
	for _, c := range s.Cadences {
		if to.cadence(c.ID) == nil && (c.Template == "" || !c.same(was.cadence(c.ID))) {
			cadences = append(cadences, c)
		}
	}
	to.Cadences = cadences
	return to
}

// same says whether a cadence asks for the same as another, whoever makes the contact. None is
// the same as nil.
func (c *Cadence) same(other *Cadence) bool {
	return other != nil && c.Purpose == other.Purpose && c.Channel == other.Channel && c.When == other.When && slices.Equal(c.Roles, other.Roles)
}

// apart names what differs from a version of the template that the strategy is of, but for
// cadences that the template never had.
func (s *Strategy) apart(version *Strategy) []string {
	var parts []string
	add := func(part string, differs bool) {
		if differs {
			parts = append(parts, part)
		}
	}
	add("gap_days", s.GapDays != version.GapDays)
	add("calendar", s.Calendar != version.Calendar)
	add("quiet_hours", s.Quiet != version.Quiet)
	for i := range version.Cadences {
		c := &version.Cadences[i]
		add("cadences/"+c.ID, !c.same(s.cadence(c.ID)))
	}
	for i := range s.Cadences {
		c := &s.Cadences[i]
		add("cadences/"+c.ID, c.Template != "" && version.cadence(c.ID) == nil)
	}
	return parts
}
