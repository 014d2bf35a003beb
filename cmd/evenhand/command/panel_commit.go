package command

import (
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/evenhand/evenhand/services/board/panel"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// commit solves the problem of the files and writes the committed record.
func (c *PanelDraw) commit(env *Env) error {
	plan, err := c.plan(env)
	if err != nil {
		return err
	}
	if err := differentFiles(c.Commit, c.Pseudonyms); err != nil {
		return err
	}
	for _, name := range []string{c.Commit, c.Pseudonyms} {
		if err := refuseExisting(name, "what was committed once stays: name another file, if this is another draw"); err != nil {
			return err
		}
	}
	whole, err := c.read()
	if err != nil {
		return err
	}
	if _, err := places(whole, c.Nominate, "--nominate"); err != nil {
		return err
	}
	names, err := record.NewPseudonyms(rand.Reader, accounts(whole))
	if err != nil {
		return err
	}
	draft, err := c.draft(env, whole, names)
	if err != nil {
		return err
	}
	draft.Seed = *plan
	draft.Title = record.Title{Board: c.Board, Rotation: c.Rotation, Charter: c.Charter, Committed: env.Now()}
	committed, err := record.Commit(*draft)
	if err != nil {
		return &failure{message: "this draw cannot be committed", details: strings.Split(err.Error(), "\n"), cause: err}
	}
	var out written
	if err := out.add(c.Pseudonyms, 0o600, names.WriteCSV); err != nil {
		return err
	}
	if err := out.add(c.Commit, 0o644, writeRecord(committed)); err != nil {
		return err
	}
	if err := out.commit(); err != nil {
		return err
	}
	if !committed.Certificate.Proven {
		env.note("not proven to be the fairest: the time limit was reached, and the record shows it")
	}
	return c.printCommitted(env, committed)
}

// plan reads how the seed will be made.
func (c *PanelDraw) plan(env *Env) (*record.SeedPlan, error) {
	source, number, _ := strings.Cut(strings.TrimSpace(c.Round), " ")
	plan := &record.SeedPlan{Deadline: c.Deadline, Round: record.Round{Source: source, Number: strings.TrimSpace(number), Known: c.RoundTime}}
	people, err := named(c.RevealHash, "--reveal-hash")
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		plan.People = append(plan.People, record.Person{Name: p[0], Commitment: strings.ToLower(p[1])})
	}
	if err := plan.CheckAt(env.Now()); err != nil {
		return nil, &usageError{strings.ReplaceAll(err.Error(), "\n", "; ")}
	}
	return plan, nil
}

func accounts(p *panel.Problem) []string {
	ids := make([]string, len(p.Pool))
	for i, m := range p.Pool {
		ids[i] = m.ID
	}
	return ids
}

// draft conceals the problem and solves what nominated members leave over of it.
func (c *PanelDraw) draft(env *Env, whole *panel.Problem, names *record.Pseudonyms) (*record.Draft, error) {
	concealed, err := names.Conceal(whole)
	if err != nil {
		return nil, err
	}
	pseudonyms := make([]string, len(c.Nominate))
	for i, id := range c.Nominate {
		pseudonyms[i] = names.Of(id)
	}
	nominated, err := places(concealed, pseudonyms, "--nominate")
	if err != nil {
		return nil, err
	}
	d := &record.Draft{BoardSeats: whole.Seats, BoardQuotas: concealed.Categories, Problem: concealed, Panels: c.DrawFrom}
	if len(nominated) > 0 {
		if d.Problem, _, err = concealed.Residual(nominated); err != nil {
			return nil, &failure{message: "those nominated cannot sit together", details: strings.Split(err.Error(), "\n"), cause: err}
		}
	}
	for _, i := range nominated {
		m := concealed.Pool[i]
		d.Seated = append(d.Seated, record.Seated{Member: record.Member{ID: m.ID, Values: m.Values}, As: record.AsNominated})
	}
	result, err := solve(env, d.Problem, panel.ModeLeximin, panel.ModeOptions{Options: panel.Options{TimeLimit: c.TimeLimit}})
	known := revealed(d.Problem, names)
	if err != nil {
		return nil, explainSolve(known, err)
	}
	d.Solution = result.Solution
	tellUnreachable(env, known, d.Solution.Unreachable)
	tellUnsettled(env, known, d.Solution.Unsettled())
	return d, nil
}

// revealed is a concealed problem with the accounts' own ids, to tell of it.
func revealed(p *panel.Problem, names *record.Pseudonyms) *panel.Problem {
	accounts := names.Accounts()
	known := *p
	known.Pool = make([]panel.Member, len(p.Pool))
	for i, m := range p.Pool {
		known.Pool[i] = panel.Member{ID: accounts[m.ID], Values: m.Values}
	}
	return &known
}

func (c *PanelDraw) printCommitted(env *Env, r *record.Record) error {
	if c.Report == formatJSON {
		return printPlainJSON(env.Stdout, map[string]any{
			"record": c.Commit, "hash": r.Hash, "pseudonyms": c.Pseudonyms, "panels": len(r.Panels),
			"largestLoss": r.Certificate.LargestLoss, "proven": r.Certificate.Proven,
		})
	}
	err := printPairs(env.Stdout, []pair{
		{"Record", c.Commit},
		{"Hash", r.Hash},
		{"Pseudonyms", c.Pseudonyms},
		{"Panels", strconv.Itoa(len(r.Panels))},
		{"Largest loss", fmt.Sprintf("%.9f", r.Certificate.LargestLoss)},
	})
	if err == nil {
		env.note("publish the record now, or at least its hash: a draw convinces only those who saw it before there was a seed")
	}
	return err
}

func readPseudonyms(name string) (*record.Pseudonyms, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	p, err := record.ReadPseudonyms(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}
