package record

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/services/board/panel"
)

// saltBytes and pseudonymBytes make it hopeless to guess a salt, and to find one by
// which an account would have another's pseudonym.
const saltBytes, pseudonymBytes = 16, 16

// Pseudonym is what an account is called in a record: the first 16 bytes, in
// hexadecimal, of the HMAC-SHA-256 of its id, keyed with the bytes of its salt. It fails
// for a salt that is not hexadecimal.
func Pseudonym(salt, id string) (string, error) {
	key, err := hex.DecodeString(salt)
	if err != nil || len(key) == 0 {
		return "", fmt.Errorf("the salt %q is not hexadecimal: give it as it was told", salt)
	}
	sum := hmac.New(sha256.New, key)
	sum.Write([]byte(id))
	return hex.EncodeToString(sum.Sum(nil)[:pseudonymBytes]), nil
}

// Pseudonyms says which account has which pseudonym. It stays with whoever holds the
// draw, and with auditors; each account is told its own salt.
type Pseudonyms struct{ entries []Entry }

// Entry is the pseudonym of an account.
type Entry struct {
	// Account is the id, Salt what the pseudonym was made with, in hexadecimal.
	Account, Salt string
	Pseudonym     string
}

// NewPseudonyms gives each account a salt of its own from random, which has to be
// unpredictable (crypto/rand.Reader).
func NewPseudonyms(random io.Reader, accounts []string) (*Pseudonyms, error) {
	p := &Pseudonyms{}
	for _, id := range accounts {
		salt := make([]byte, saltBytes)
		if _, err := io.ReadFull(random, salt); err != nil {
			return nil, fmt.Errorf("make a salt: %w", err)
		}
		if err := p.add(id, hex.EncodeToString(salt)); err != nil {
			return nil, err
		}
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return p, nil
}

// PseudonymsOf makes the pseudonyms of known accounts and salts.
func PseudonymsOf(entries []Entry) (*Pseudonyms, error) {
	p := &Pseudonyms{}
	for _, e := range entries {
		if err := p.add(e.Account, e.Salt); err != nil {
			return nil, fmt.Errorf("account %q: %w", e.Account, err)
		}
		if last := p.entries[len(p.entries)-1]; e.Pseudonym != "" && e.Pseudonym != last.Pseudonym {
			return nil, fmt.Errorf("account %q: its salt makes the pseudonym %s, not %s", e.Account, last.Pseudonym, e.Pseudonym)
		}
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Pseudonyms) add(id, salt string) error {
	pseudonym, err := Pseudonym(salt, id)
	if err == nil {
		p.entries = append(p.entries, Entry{id, salt, pseudonym})
	}
	return err
}

// check sorts the entries by account, and fails where an account or a pseudonym is
// there twice.
func (p *Pseudonyms) check() error {
	slices.SortFunc(p.entries, func(a, b Entry) int { return strings.Compare(a.Account, b.Account) })
	accounts := make(map[string]string, len(p.entries))
	for i, e := range p.entries {
		if i > 0 && p.entries[i-1].Account == e.Account {
			return fmt.Errorf("account %q is there twice", e.Account)
		}
		if other, taken := accounts[e.Pseudonym]; taken {
			return fmt.Errorf("accounts %q and %q have the same pseudonym", other, e.Account)
		}
		accounts[e.Pseudonym] = e.Account
	}
	return nil
}

// Entries returns what each account is called, by account.
func (p *Pseudonyms) Entries() []Entry { return slices.Clone(p.entries) }

// Of returns the pseudonym of an account; empty where it has none.
func (p *Pseudonyms) Of(account string) string {
	for _, e := range p.find(account) {
		return e.Pseudonym
	}
	return ""
}

func (p *Pseudonyms) find(account string) []Entry {
	i, found := slices.BinarySearchFunc(p.entries, account, func(e Entry, id string) int { return strings.Compare(e.Account, id) })
	if !found {
		return nil
	}
	return p.entries[i : i+1]
}

// Accounts returns the accounts behind pseudonyms, by pseudonym.
func (p *Pseudonyms) Accounts() map[string]string {
	accounts := make(map[string]string, len(p.entries))
	for _, e := range p.entries {
		accounts[e.Pseudonym] = e.Account
	}
	return accounts
}

// Conceal returns the problem with pseudonyms for ids, and everything in an order that
// tells nothing: the pool by pseudonym, categories and their values by name. It fails
// for an account without a pseudonym.
//
// Who of two accounts alike is on one panel more than the other, after rounding, follows
// from that order, so from the salts alone.
func (p *Pseudonyms) Conceal(problem *panel.Problem) (*panel.Problem, error) {
	concealed := &panel.Problem{Seats: problem.Seats}
	order := sortedOrder(len(problem.Categories), func(i int) string { return problem.Categories[i].Name })
	for _, i := range order {
		c := panel.Category{Name: problem.Categories[i].Name, Values: slices.Clone(problem.Categories[i].Values)}
		slices.SortFunc(c.Values, func(a, b panel.Quota) int { return strings.Compare(a.Value, b.Value) })
		concealed.Categories = append(concealed.Categories, c)
	}
	place := make([]int, len(problem.Pool)) // in the concealed pool
	for to, from := range sortedOrder(len(problem.Pool), func(i int) string { return p.Of(problem.Pool[i].ID) }) {
		member := problem.Pool[from]
		pseudonym := p.Of(member.ID)
		if pseudonym == "" {
			return nil, fmt.Errorf("account %q has no pseudonym", member.ID)
		}
		place[from] = to
		values := make([]string, len(order))
		for j, i := range order {
			values[j] = member.Values[i]
		}
		concealed.Pool = append(concealed.Pool, panel.Member{ID: pseudonym, Values: values})
	}
	for _, c := range problem.Conflicts {
		a, b := place[c[0]], place[c[1]]
		concealed.Conflicts = append(concealed.Conflicts, [2]int{min(a, b), max(a, b)})
	}
	slices.SortFunc(concealed.Conflicts, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	concealed.Conflicts = slices.Compact(concealed.Conflicts)
	return concealed, nil
}

// sortedOrder returns the numbers below n, ascending by what key says of each.
func sortedOrder(n int, key func(int) string) []int {
	keys, order := make([]string, n), make([]int, n)
	for i := range n {
		keys[i], order[i] = key(i), i
	}
	slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(keys[a], keys[b]) })
	return order
}

// WriteCSV writes the pseudonyms as CSV: id,salt,pseudonym.
func (p *Pseudonyms) WriteCSV(w io.Writer) error {
	rows := [][]string{pseudonymColumns}
	for _, e := range p.entries {
		rows = append(rows, []string{e.Account, e.Salt, e.Pseudonym})
	}
	return csv.NewWriter(w).WriteAll(rows)
}

var pseudonymColumns = []string{"id", "salt", "pseudonym"}

// accountPrefix is what names of accounts begin with, before the id.
const accountPrefix = "accounts/"

// ReadPseudonyms reads what WriteCSV wrote, or a list of names of accounts with their
// pseudonyms: a CSV file with the columns id or account, salt and pseudonym in any order,
// in which account has the name, as accounts/acme, of what the pseudonym was made of. It
// fails where a pseudonym does not follow from its account and salt.
func ReadPseudonyms(r io.Reader) (*Pseudonyms, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read pseudonyms: %w", err)
	}
	if len(rows) == 0 {
		return nil, errNoPseudonyms
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	id, account, salt, pseudonym := column("id"), column("account"), column("salt"), column("pseudonym")
	if id < 0 && account < 0 || salt < 0 || pseudonym < 0 {
		return nil, errNoPseudonyms
	}
	entries := make([]Entry, 0, len(rows)-1)
	for _, row := range rows[1:] {
		e := Entry{Salt: row[salt], Pseudonym: row[pseudonym]}
		if id >= 0 {
			e.Account = row[id]
		} else {
			e.Account = strings.TrimPrefix(row[account], accountPrefix)
		}
		entries = append(entries, e)
	}
	return PseudonymsOf(entries)
}

var errNoPseudonyms = errors.New("a file of pseudonyms has the columns id or account, salt and pseudonym, in any order")
