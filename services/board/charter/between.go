package charter

// Conflict is a conflict of one account with another.
type Conflict struct {
	// Of and With are ids of accounts.
	Of, With string
	// Text is a clause about both: "both are in the group of globex".
	Text string
}

// Between returns the conflicts that some accounts, by their ids, have with others, by
// the rules by which accounts are kept apart. All are these accounts, and those above
// them in their groups. An account is in no conflict with itself.
func (c *Charter) Between(all []Account, ids, others []string) []Conflict {
	of, with := map[string]bool{}, map[string]bool{}
	var both []string
	for _, id := range ids {
		of[id] = true
		both = append(both, id)
	}
	for _, id := range others {
		with[id] = true
		if !of[id] {
			both = append(both, id)
		}
	}
	var found []Conflict
	for _, k := range c.clashes(index(all), both, ids) {
		if of[k.a] && with[k.b] {
			found = append(found, Conflict{k.a, k.b, k.text})
		}
		if of[k.b] && with[k.a] {
			found = append(found, Conflict{k.b, k.a, k.text})
		}
	}
	return found
}
