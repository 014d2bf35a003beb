// Package accounts is the domain of the accounts service: the company, its customers
// and their contacts, the append-only ledger of what they paid, who may call, and
// the feed by which other services follow all of it.
//
// Use cases are grouped by subject (Company, Accounts, Ledger, Imports, Access,
// Feed); New opens the collections and wires them. Amounts are integer minor units,
// days are calendar days without a zone, instants are UTC to the millisecond.
package accounts
