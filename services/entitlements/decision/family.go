package decision

// Family is an account with those whose spend counts together with its own: its group,
// or it alone.
type Family struct {
	// IDs are the accounts, and Ledgers what each paid and was refunded.
	IDs     []string
	Ledgers []Ledger
	// Self is the place of the account in them.
	Self int
	// Grouped says that rules read the spend of the group, too.
	Grouped bool
	// As is the account with another ledger of its own, and of the group where that counts.
	As func(own, group Ledger) Account
}

// Refunded says whether anything was refunded in the ledger.
func (l Ledger) Refunded() bool {
	for _, b := range l {
		if b.Minor < 0 {
			return true
		}
	}
	return false
}
