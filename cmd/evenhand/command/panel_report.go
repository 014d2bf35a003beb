package command

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/evenhand/evenhand/services/board/panel"
	"github.com/evenhand/evenhand/services/board/panel/files"
)

// panelReport says what a way of drawing gives.
type panelReport struct {
	Mode          string            `json:"mode"`
	Seats         int               `json:"seats"`
	Pool          int               `json:"pool"`
	Panels        int               `json:"panels"` // of the lottery; 0 where there is none
	Lowest        float64           `json:"lowest"`
	Gini          float64           `json:"gini"`
	GeometricMean float64           `json:"geometricMean"`
	AtZero        int               `json:"atZero"`
	Samples       int               `json:"samples"`
	Method        string            `json:"method"`
	Proven        bool              `json:"proven"`
	Gap           float64           `json:"gap"`
	Unreachable   []reportedAccount `json:"unreachable"`
	Unsettled     []string          `json:"unsettled"` // nobody knows whether they can be drawn
	Levels        []reportedLevel   `json:"levels"`
	result        *panel.Result
}

type reportedAccount struct {
	ID        string      `json:"id"`
	Reason    string      `json:"reason"`
	Conflicts [][2]string `json:"conflicts"`
}

type reportedLevel struct {
	Probability float64  `json:"probability"`
	Bound       float64  `json:"bound"`
	Gap         float64  `json:"gap"`
	Members     []string `json:"members"`
}

func newPanelReport(p *panel.Problem, result *panel.Result) *panelReport {
	r := &panelReport{
		Mode: string(result.Mode), Seats: p.Seats, Pool: len(p.Pool), Samples: result.Samples, Method: result.Method,
		Unreachable: reportUnreachable(p, result.Unreachable), Unsettled: []string{}, Levels: []reportedLevel{}, result: result,
	}
	for _, i := range result.Unsettled {
		r.Unsettled = append(r.Unsettled, p.Pool[i].ID)
	}
	for _, l := range result.Levels {
		level := reportedLevel{l.Probability, l.Bound, l.Gap, []string{}}
		for _, m := range l.Members {
			level.Members = append(level.Members, p.Pool[m].ID)
		}
		r.Levels = append(r.Levels, level)
	}
	if result.Lottery != nil {
		r.Panels = len(result.Lottery.Panels)
	}
	kept := result.Marginals
	if s := result.Solution; s != nil {
		r.Proven, r.Gap = s.Proven, s.Gap
		if result.Mode == panel.ModeLeximin {
			kept = nil
			for i, probability := range result.Marginals {
				if !slices.ContainsFunc(s.Unreachable, func(u panel.Unreachable) bool { return u.Member == i }) {
					kept = append(kept, probability)
				}
			}
		}
	}
	f := panel.MeasureFairness(kept)
	r.Lowest, r.Gini, r.GeometricMean, r.AtZero = f.Lowest, f.Gini, f.GeometricMean, f.AtZero
	return r
}

func reportUnreachable(p *panel.Problem, unreachable []panel.Unreachable) []reportedAccount {
	accounts := []reportedAccount{}
	for _, u := range unreachable {
		account := reportedAccount{p.Pool[u.Member].ID, u.Reason, [][2]string{}}
		for _, i := range u.Conflicts {
			c := p.Conflicts[i]
			account.Conflicts = append(account.Conflicts, [2]string{p.Pool[c[0]].ID, p.Pool[c[1]].ID})
		}
		accounts = append(accounts, account)
	}
	return accounts
}

// warn tells on stderr what must not be overlooked.
func (r *panelReport) warn(env *Env, p *panel.Problem) {
	tellUnreachable(env, p, r.result.Unreachable)
	tellUnsettled(env, p, r.result.Unsettled)
	if (r.Mode == string(panel.ModeLeximin) || r.Mode == string(panel.ModeNominated)) && !r.Proven {
		env.note("not proven to be the fairest: the time limit was reached, and probabilities may be %.6f from it", r.Gap)
	}
}

func (r *panelReport) print(env *Env, format Format) error {
	if format == formatJSON {
		return printPlainJSON(env.Stdout, r)
	}
	return Output{format}.printOne(env.Stdout, nil, r.pairs())
}

func (r *panelReport) pairs() []pair {
	pairs := []pair{
		{"Mode", r.Mode},
		{"Seats", strconv.Itoa(r.Seats)},
		{"Pool", strconv.Itoa(r.Pool)},
		{"Unreachable", strconv.Itoa(len(r.Unreachable))},
		{"Panels", strconv.Itoa(r.Panels)},
		{"Lowest", files.Probability(r.Lowest)},
		{"Gini", files.Probability(r.Gini)},
		{"Geometric mean", files.Probability(r.GeometricMean)},
		{"At zero", strconv.Itoa(r.AtZero)},
		{"Method", r.Method},
	}
	if r.Mode == string(panel.ModeLeximin) || r.Mode == string(panel.ModeNominated) {
		pairs = append(pairs, pair{"Levels", strconv.Itoa(len(r.Levels))}, pair{"Proven", yesNo(r.Proven)}, pair{"Gap", files.Probability(r.Gap)})
	}
	return pairs
}

// printPlainJSON prints what has no message in the API, in the style of those.
func printPlainJSON(w io.Writer, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s\n", text)
	return err
}
