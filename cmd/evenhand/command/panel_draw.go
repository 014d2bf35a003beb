package command

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/evenhand/evenhand/services/board/panel/record"
)

// PanelDraw is `evenhand panel draw`.
type PanelDraw struct {
	Record string `arg:"" optional:"" placeholder:"RECORD.json" help:"The committed record to draw from."`
	PanelFiles
	commitFlags
	Reveal     []string `sep:"none" placeholder:"NAME=SECRET" group:"drawing" help:"What a person revealed; may be repeated."`
	Value      string   `placeholder:"VALUE" group:"drawing" help:"The value of the named round, in lower-case hexadecimal or decimal digits."`
	Output     string   `placeholder:"FILE" group:"drawing" help:"Where to write the record with the draw."`
	Pseudonyms string   `placeholder:"FILE" help:"Which account has which pseudonym, as CSV: written by --commit, read by a draw to name the accounts. Keep it to yourself."`
	Report     Format   `default:"table" enum:"table,json" help:"How to print: ${enum} (${default})."`
}

// commitFlags are what a commitment takes.
type commitFlags struct {
	Commit     string        `placeholder:"RECORD.json" group:"commitment" help:"Solve, and write the record to be published before there is a seed."`
	Round      string        `placeholder:"\"SOURCE NUMBER\"" group:"commitment" help:"The round of public randomness that will be the seed, or replace what is not revealed; as \"drand 12345\"."`
	RoundTime  time.Time     `placeholder:"INSTANT" group:"commitment" help:"From when the value of the round is known, as its source says: after the commitment, and after the deadline."`
	RevealHash []string      `sep:"none" placeholder:"NAME=SHA256" group:"commitment" help:"A person who will reveal a secret, and its SHA-256; twice or more."`
	Deadline   time.Time     `placeholder:"INSTANT" group:"commitment" help:"Until when secrets may be revealed, as 2026-12-01T12:00:00Z."`
	Board      string        `placeholder:"TEXT" group:"commitment" help:"The board's name in the record."`
	Rotation   string        `placeholder:"TEXT" group:"commitment" help:"The rotation's name in the record."`
	Charter    string        `placeholder:"TEXT" group:"commitment" help:"The charter's version in the record."`
	Nominate   []string      `sep:"none" placeholder:"ID" group:"commitment" help:"Seat this respondent without a draw; the record shows it. May be repeated."`
	DrawFrom   int           `default:"1000" placeholder:"M" group:"commitment" help:"How many panels to draw from (${default})."`
	TimeLimit  time.Duration `placeholder:"DURATION" group:"commitment" help:"Take the best lottery that is found within this time, and the record shows that it is not proven; as long as it takes, where it is 0 or not given."`
}

// given reports whether any of the flags is given, other than --commit.
func (f *commitFlags) given() bool {
	texts := f.Round + f.Board + f.Rotation + f.Charter + strings.Join(f.RevealHash, "") + strings.Join(f.Nominate, "")
	return texts != "" || !f.RoundTime.IsZero() || !f.Deadline.IsZero() || f.DrawFrom != record.DefaultPanels || f.TimeLimit != 0
}

// Help implements kong.HelpProvider.
func (*PanelDraw) Help() string {
	return `A draw has two steps. First commit: the lottery is computed, and the record of everything that decides it is written and published, before there is a seed. Then draw: with the value of the named round, or with the secrets of the people who committed them, the panel follows, and everybody can replay it with "evenhand panel verify". Accounts stand in the record under pseudonyms; the file of pseudonyms is for you and auditors, and each account may be told its own line.

A person makes a secret and its hash with:

  openssl rand -hex 32 | tr -d '\n' | tee secret.txt | sha256sum

The value of the named round has to become known after the commitment, and after the deadline: otherwise somebody could know the result beforehand, or whoever reveals last choose between two. It is written as lower-case hexadecimal digits or as decimal ones, without prefix or space.

When a secret was revealed is not seen here and not in the record: leave out what comes after the deadline. A server's "evenhand board rotations reveal" refuses it.

Examples:

  evenhand panel draw --categories categories.csv --respondents respondents.csv --seats 12 \
    --commit record.json --pseudonyms pseudonyms.csv --round "drand ROUND" --round-time INSTANT --board "Customer board" --rotation 2027
  evenhand panel draw record.json --value 0f3a9c --output drawn.json --pseudonyms pseudonyms.csv

  evenhand panel draw --categories categories.csv --respondents respondents.csv --seats 12 --commit record.json --pseudonyms pseudonyms.csv \
    --reveal-hash "Ana Ruiz=43c31b…" --reveal-hash "Bo Li=c5a338…" --deadline INSTANT --round "drand ROUND" --round-time INSTANT
  evenhand panel draw record.json --reveal "Ana Ruiz=SECRET" --reveal "Bo Li=SECRET" --output drawn.json`
}

// Run commits or draws.
func (c *PanelDraw) Run(env *Env) error {
	commits, draws := c.Commit != "" || c.PanelFiles.given(), c.Record != ""
	switch {
	case commits && draws:
		return &usageError{"either commit, from files with --commit, or draw, from a RECORD.json: not both at once"}
	case draws && c.commitFlags.given():
		return &usageError{"what is drawn, and from which seed, stands in the record: give the flags of a commitment without a RECORD.json"}
	case draws:
		return c.draw(env)
	case c.Commit == "" || c.Pseudonyms == "" || c.Round == "" || c.RoundTime.IsZero():
		return &usageError{"to commit, --commit, --pseudonyms, --round and --round-time are needed; to draw, a RECORD.json"}
	case len(c.Reveal) > 0 || c.Value != "" || c.Output != "":
		return &usageError{"--reveal, --value and --output are for drawing, from a RECORD.json"}
	default:
		return c.commit(env)
	}
}

// draw draws from a committed record.
func (c *PanelDraw) draw(env *Env) error {
	if c.Output == "" {
		return &usageError{"--output is needed: where to write the record with the draw"}
	}
	if err := refuseExisting(c.Output, "a draw is not made twice: name another file, if this is another draw"); err != nil {
		return err
	}
	text, err := readRecord(c.Record)
	if err != nil {
		return err
	}
	committed, report := record.Verify(text)
	if !report.OK() {
		return doesNotVerify(c.Record, report)
	}
	secrets, err := named(c.Reveal, "--reveal")
	if err != nil {
		return err
	}
	names, err := c.names()
	if err != nil {
		return err
	}
	values := record.Values{Time: env.Now(), Round: c.Value, Secrets: map[string]string{}}
	for _, s := range secrets {
		values.Secrets[s[0]] = s[1]
	}
	drawn, err := committed.Draw(values)
	if err != nil {
		return &failure{message: "nothing can be drawn yet", details: []string{err.Error()}, cause: err}
	}
	var out written
	if err := out.add(c.Output, 0o644, writeRecord(drawn)); err != nil {
		return err
	}
	if err := out.commit(); err != nil {
		return err
	}
	return newDrawReport(drawn, names).print(env, c.Report)
}

// names reads who has which pseudonym; empty where that is not given.
func (c *PanelDraw) names() (map[string]string, error) {
	if c.Pseudonyms == "" {
		return nil, nil
	}
	p, err := readPseudonyms(c.Pseudonyms)
	if err != nil {
		return nil, err
	}
	return p.Accounts(), nil
}

// named reads NAME=VALUE flags.
func named(flags []string, flag string) ([][2]string, error) {
	var pairs [][2]string
	seen := map[string]bool{}
	for _, text := range flags {
		name, value, found := strings.Cut(text, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !found || name == "" || value == "" || seen[name] {
			return nil, &usageError{fmt.Sprintf("%s %q: give it as NAME=VALUE, each name once", flag, text)}
		}
		seen[name] = true
		pairs = append(pairs, [2]string{name, value})
	}
	return pairs, nil
}

func writeRecord(r *record.Record) func(io.Writer) error {
	return func(w io.Writer) error {
		text, err := r.Encode()
		if err != nil {
			return err
		}
		_, err = w.Write(text)
		return err
	}
}
