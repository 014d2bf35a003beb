package signals

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// mortal is a database on which all writes fail from one on: before it is made, or after it
// was made and before anybody was told.
type mortal struct {
	docstore.Backend
	mu    sync.Mutex
	armed bool
	after bool
	left  int // writes before the fatal one
}

var errDied = fmt.Errorf("%w: the process died", docstore.ErrUnavailable)

func (m *mortal) arm(armed bool, left int, after bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.armed, m.left, m.after = armed, left, after
}

func (m *mortal) write(call func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.armed {
		m.left--
	}
	dead := m.armed && m.left < 0
	if dead && (m.left < -1 || !m.after) {
		return errDied
	}
	if err := call(); err != nil || !dead {
		return err
	}
	return errDied
}

func (m *mortal) Insert(ctx context.Context, collection string, records []docstore.Record) error {
	return m.write(func() error { return m.Backend.Insert(ctx, collection, records) })
}

func (m *mortal) Replace(ctx context.Context, collection string, ifVersion int64, r docstore.Record) error {
	return m.write(func() error { return m.Backend.Replace(ctx, collection, ifVersion, r) })
}

// Whichever write a process dies at that carries out a decision, before it or after it: the
// next look of the same day leaves what is there without a death, or else without the
// decision.
func TestR7ADeathDuringADecisionLeavesNothingHalfDone(t *testing.T) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) {
			m := &mortal{Backend: open(t)}
			f := start(t, m)
			// By so much that what was decided of one account ranks none of another otherwise.
			for rule, weight := range map[string]string{"light": "5", "middle": "30", "heavy": "80"} {
				c := content()
				c.Weight = weight
				f.published(t, rule, c)
			}
			until := day(t, "2026-06-18")
			for decision, test := range map[string]struct {
				rule   string
				decide func(id string) error
			}{
				"accept":  {"middle", func(id string) error { _, err := f.Accept(t.Context(), anna, id, "", 0, false); return err }},
				"dismiss": {"heavy", func(id string) error { _, err := f.Dismiss(t.Context(), anna, id, "", BadTime, ""); return err }},
				"snooze":  {"heavy", func(id string) error { _, err := f.Snooze(t.Context(), anna, id, "", until); return err }},
				"vain acceptance": {"heavy", func(id string) error {
					f.refused = fault.Precondition("PLAN_STATE", "plans/acme", "plans/acme is closed.")
					_, err := f.Accept(t.Context(), anna, id, "", 0, false)
					return err
				}},
			} {
				t.Run(decision, func(t *testing.T) {
					f.refused = nil
					account := func(n int) string { return fmt.Sprintf("%c%d", decision[0], n) }
					decide := func(n int) error { return test.decide(suggestionID(test.rule, account(n), "accounts/cases/c1")) }
					before := f.stands(t, account(0))
					_ = decide(0)
					want := f.stands(t, account(0))
					n := 0
					for at, survived := 0, false; !survived; at++ {
						for _, after := range []bool{false, true} {
							n++
							f.refused = nil
							require.Equal(t, before, f.stands(t, account(n)))
							m.arm(true, at, after)
							err := decide(n)
							m.mu.Lock()
							survived = m.left >= 0
							m.mu.Unlock()
							m.arm(false, 0, false)
							require.True(t, survived || err != nil)
							f.open(t, f.store)
							f.on(t, "2026-06-15")
							got := f.stands(t, account(n))
							if at == 0 && !after {
								require.Equal(t, before, got)
								continue
							}
							require.Equal(t, want, got, "died at write %d, after it: %t", at, after)
						}
					}
					require.Greater(t, n, 2, "there is more than one write")
				})
			}
		})
	}
}

// shared is a database before one of whose writes another process does something.
type shared struct {
	docstore.Backend
	mu        sync.Mutex
	meanwhile func()
	left      int // writes before that
}

func (b *shared) Replace(ctx context.Context, collection string, ifVersion int64, r docstore.Record) error {
	b.mu.Lock()
	meanwhile := b.meanwhile
	if b.left--; b.left >= 0 {
		meanwhile = nil
	}
	if meanwhile != nil {
		b.meanwhile = nil
	}
	b.mu.Unlock()
	if meanwhile != nil {
		meanwhile()
	}
	return b.Backend.Replace(ctx, collection, ifVersion, r)
}

// kept is a database that another process closes.
type kept struct{ docstore.Backend }

func (kept) Close() error { return nil }

// Whenever a process decides while another looks, what is shown in the end follows from the
// decision.
func TestR7ADecisionDuringALookIsRanked(t *testing.T) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) {
			b := &shared{Backend: open(t)}
			f := start(t, b)
			other := start(t, kept{b.Backend})
			other.world = f.world
			other.open(t, other.store)
			for rule, weight := range map[string]string{"light": "5", "middle": "30", "heavy": "80"} {
				c := content()
				c.Weight = weight
				f.published(t, rule, c)
			}
			dismiss := func(account string) {
				_, err := other.Dismiss(t.Context(), anna, suggestionID("heavy", account, "accounts/cases/c1"), "", BadTime, "")
				require.NoError(t, err)
			}
			f.stands(t, "quiet")
			dismiss("quiet")
			want := f.stands(t, "quiet")
			for at, done := 0, true; done; at++ {
				account := fmt.Sprint("a", at)
				f.stands(t, account)
				a := f.accounts[account]
				a.Owner = "nora" // so that all are written
				f.accounts[account] = a
				f.observe(t, account, AccountChanged{})
				b.mu.Lock()
				b.left, b.meanwhile = at, func() { dismiss(account) }
				b.mu.Unlock()
				f.on(t, "2026-06-15")
				b.mu.Lock()
				done, b.meanwhile = b.meanwhile == nil, nil
				b.mu.Unlock()
				if done {
					require.Equal(t, want, f.stands(t, account), "decided before write %d", at)
				}
				require.True(t, done || at > 3, "a look writes each")
			}
		})
	}
}

// standsAs is how a suggestion stands.
type standsAs struct {
	State    State
	Shown    bool
	StoodFor string
	Others   []string
	Planned  bool
}

// stands says how each rule's suggestion about the one cause of an account stands, by the
// rules instead of ids; the account is made where there is none.
func (f *fixture) stands(t *testing.T, account string) map[string]standsAs {
	t.Helper()
	if _, ok := f.accounts[account]; !ok {
		f.customer(t, account)
		f.observe(t, account, Broken{Case: "accounts/cases/c1", Commitment: "first-reply", Day: day(t, "2026-06-15")})
		f.on(t, "2026-06-15")
	}
	rules := map[string]string{}
	all := f.all(t, account)
	for _, x := range all {
		rules[x.ID] = x.State.Rule
	}
	found := map[string]standsAs{}
	for _, x := range all {
		s := standsAs{State: x.State.State, Shown: x.State.Shown, StoodFor: rules[x.State.StoodFor], Planned: x.State.Touchpoint != ""}
		for _, other := range x.State.Others {
			s.Others = append(s.Others, rules[other])
		}
		found[x.State.Rule] = s
	}
	require.Len(t, found, 3)
	return found
}
