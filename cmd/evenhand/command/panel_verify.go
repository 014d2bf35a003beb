package command

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/evenhand/evenhand/services/board/panel/record"
)

// PanelVerify is `evenhand panel verify`.
type PanelVerify struct {
	Record     string `arg:"" placeholder:"RECORD.json" help:"The published record, committed or drawn."`
	Hash       string `placeholder:"HASH" help:"The hash that was published before there was a seed: fail if the record has another."`
	ID         string `name:"id" placeholder:"ID" help:"An account, as acme or accounts/acme, to be told what the record says of it; with --salt."`
	Salt       string `placeholder:"SALT" help:"The salt that the account was told."`
	Pseudonyms string `placeholder:"FILE" help:"The file of pseudonyms, for auditors: names the accounts. One of panel draw, or of board rotations pseudonyms --output csv."`
	Report     Format `default:"table" enum:"table,json" help:"How to print: ${enum} (${default})."`
}

// Help implements kong.HelpProvider.
func (*PanelVerify) Help() string {
	return `Replays a draw from its public record alone, without a server and without a solver: every byte and hash, each panel against seats, quotas and conflicts, everybody's count, the certificate, what was revealed against what was committed, the seed, the drawn panel and the order of the alternates. Any change is named with its line. What needs a solver is taken from the record: that no lottery is fairer, and that nobody else can be seated. So is the value of the public round: compare it with what its source published.

Examples:

  evenhand panel verify drawn.json --hash 437fc6d74a2d8bbb…
  evenhand panel verify drawn.json --id acme --salt 8d3f0c…
  evenhand board rotations pseudonyms advisory 2027-03-09 --output csv > pseudonyms.csv
  evenhand panel verify drawn.json --pseudonyms pseudonyms.csv`
}

// maxRecord is the largest record that is read, in bytes.
const maxRecord = 1 << 30

func readRecord(name string) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxRecord+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, bare(err))
	}
	if len(text) > maxRecord {
		return nil, fmt.Errorf("%s is no record: it has more than %d bytes", name, maxRecord)
	}
	return text, nil
}

// doesNotVerify names everything that is wrong with a record.
func doesNotVerify(name string, report *record.Report) error {
	f := &failure{message: name + " does not verify", cause: report.Err()}
	for _, p := range report.Problems {
		f.details = append(f.details, p.Error())
	}
	return f
}

// Run verifies and prints.
func (c *PanelVerify) Run(env *Env) error {
	if (c.ID == "") != (c.Salt == "") {
		return &usageError{"--id and --salt belong together"}
	}
	if c.Report == formatJSON && (c.ID != "" || c.Pseudonyms != "") {
		return &usageError{"--id and --pseudonyms name accounts in the table: leave out --report json"}
	}
	text, err := readRecord(c.Record)
	if err != nil {
		return err
	}
	r, report := record.Verify(text)
	if c.Hash != "" && r != nil && !strings.EqualFold(c.Hash, r.Hash) {
		report.Problems = append(report.Problems, &record.Problem{Section: "record", Text: fmt.Sprintf("the published hash is %s, and the record has %s: it is another one", c.Hash, r.Hash)})
	}
	if c.Report == formatJSON {
		return c.printJSON(env, r, report)
	}
	for _, check := range report.Checks {
		if _, err := fmt.Fprintln(env.Stdout, "ok ", check); err != nil {
			return err
		}
	}
	if !report.OK() {
		return doesNotVerify(c.Record, report)
	}
	if c.Hash == "" {
		env.note("compare the hash %s with the one that was published before there was a seed", r.Hash)
	}
	return c.printMore(env, r)
}

// printMore prints who was drawn, and what the record says of an account.
func (c *PanelVerify) printMore(env *Env, r *record.Record) error {
	if c.ID != "" {
		line, err := account(r, c.ID, c.Salt)
		if id, named := strings.CutPrefix(c.ID, "accounts/"); named && err != nil {
			line, err = account(r, id, c.Salt)
		}
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(env.Stdout, line); err != nil {
			return err
		}
	}
	if r.Outcome == nil {
		return nil
	}
	var names map[string]string
	if c.Pseudonyms != "" {
		p, err := readPseudonyms(c.Pseudonyms)
		if err != nil {
			return err
		}
		names = p.Accounts()
	}
	return newDrawReport(r, names).print(env, formatTable)
}

// account says what a record says of an account.
func account(r *record.Record, id, salt string) (string, error) {
	pseudonym, err := record.Pseudonym(salt, id)
	if err != nil {
		return "", &usageError{err.Error()}
	}
	text := id + " is " + pseudonym + ": "
	for _, s := range r.Seated {
		if s.ID == pseudonym {
			return text + "seated without a draw, " + s.As, nil
		}
	}
	for _, u := range r.Unreachable {
		if u.ID == pseudonym {
			return text + "in the pool, and on no possible panel, because " + u.Reason, nil
		}
	}
	for _, m := range r.Marginals {
		if m.ID != pseudonym {
			continue
		}
		text += fmt.Sprintf("in the pool, on %d of %d panels", m.Count, len(r.Panels))
		if r.Outcome == nil {
			return text, nil
		}
		if slices.Contains(r.Outcome.Members, pseudonym) {
			return text + ", drawn", nil
		}
		if i := slices.Index(r.Outcome.Alternates, pseudonym); i >= 0 {
			return text + ", alternate number " + strconv.Itoa(i+1), nil
		}
		return text + ", neither drawn nor an alternate", nil
	}
	return "", &failure{
		message: text + "not in the record",
		fix:     "give id and salt as they were told",
	}
}

func (c *PanelVerify) printJSON(env *Env, r *record.Record, report *record.Report) error {
	answer := struct {
		Verified bool             `json:"verified"`
		Hash     string           `json:"hash"`
		Sealed   string           `json:"sealed"`
		Round    *drawnRound      `json:"round,omitempty"` // once it is drawn
		Drawn    []string         `json:"drawn"`
		Checks   []string         `json:"checks"`
		Problems []map[string]any `json:"problems"`
	}{Verified: report.OK(), Drawn: []string{}, Checks: append([]string{}, report.Checks...), Problems: []map[string]any{}}
	if r != nil {
		answer.Hash = r.Hash
		if r.Outcome != nil {
			answer.Sealed, answer.Round, answer.Drawn = r.Outcome.Hash, newDrawnRound(r), r.Outcome.Members
		}
	}
	for _, p := range report.Problems {
		answer.Problems = append(answer.Problems, map[string]any{"line": p.Line, "section": p.Section, "text": p.Text})
	}
	if err := printPlainJSON(env.Stdout, answer); err != nil {
		return err
	}
	if !report.OK() {
		return doesNotVerify(c.Record, report)
	}
	return nil
}

// drawReport says who was drawn.
type drawReport struct {
	Hash       string        `json:"hash"`
	Sealed     string        `json:"sealed"`
	Seed       string        `json:"seed"`
	Round      *drawnRound   `json:"round"`
	Panel      int           `json:"panel"`
	Members    []drawnMember `json:"members"`
	Alternates []drawnMember `json:"alternates"`
}

// drawnRound is the value of public randomness with which was drawn, as whoever drew gave it.
type drawnRound struct {
	Source string `json:"source"`
	Number string `json:"number"`
	Value  string `json:"value"` // empty where all secrets were revealed
}

func newDrawnRound(r *record.Record) *drawnRound {
	return &drawnRound{r.Seed.Round.Source, r.Seed.Round.Number, r.Outcome.Round}
}

type drawnMember struct {
	Pseudonym string `json:"pseudonym"`
	Account   string `json:"account"` // empty where it is not known
}

func newDrawReport(r *record.Record, names map[string]string) *drawReport {
	known := func(pseudonyms []string) []drawnMember {
		members := make([]drawnMember, len(pseudonyms))
		for i, p := range pseudonyms {
			members[i] = drawnMember{p, names[p]}
		}
		return members
	}
	o := r.Outcome
	return &drawReport{r.Hash, o.Hash, o.Seed, newDrawnRound(r), o.Panel, known(o.Members), known(o.Alternates)}
}

// shownAlternates is how many alternates a table shows.
const shownAlternates = 10

func (r *drawReport) print(env *Env, format Format) error {
	if format == formatJSON {
		return printPlainJSON(env.Stdout, r)
	}
	lines := func(members []drawnMember) string {
		var text []string
		for _, m := range members[:min(len(members), shownAlternates)] {
			text = append(text, strings.TrimSpace(m.Pseudonym+"  "+m.Account))
		}
		if more := len(members) - len(text); more > 0 {
			text = append(text, fmt.Sprintf("and %d more", more))
		}
		return strings.Join(text, "\n")
	}
	drawn := ""
	for _, m := range r.Members {
		drawn += "\n" + strings.TrimSpace(m.Pseudonym+"  "+m.Account)
	}
	return printPairs(env.Stdout, slices.Concat(
		[]pair{{"Hash", r.Hash}, {"Sealed", r.Sealed}, {"Seed", r.Seed}},
		roundPairs(r.Round.Source, r.Round.Number, r.Round.Value),
		[]pair{{"Panel", strconv.Itoa(r.Panel)}, {"Drawn", strings.TrimPrefix(drawn, "\n")}, {"Alternates", lines(r.Alternates)}},
	))
}
