package command

import (
	"fmt"
	"strings"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// printPlan prints a plan: its goals with where they stand, how the company keeps in
// touch, and what is missing.
func (o Output) printPlan(env *Env, p *plansv1.Plan, err error) error {
	if err != nil {
		return err
	}
	pairs := append([]pair{
		{"Plan", p.GetName()},
		{"Owner", p.GetOwner()},
		{"Team", strings.Join(p.GetTeam(), ", ")},
		{"State", showEnum(p.GetState(), "STATE_")},
		{"Goals", lines(p.GetGoals(), showPlanGoal)},
		{"Customer effect", p.GetCustomerEffect()},
		{"Contribution", p.GetContribution()},
	}, strategyPairs(p.GetStrategy())...)
	return o.printOne(env.Stdout, p, append(pairs,
		pair{"Template", p.GetTemplateVersion()},
		pair{"Missing", showGaps(p.GetGaps())},
		pair{"History", lines(p.GetHistory(), showTurn)},
		pair{"Etag", p.GetEtag()},
		pair{"Created", showTime(p.GetCreateTime())},
		pair{"Updated", showTime(p.GetUpdateTime())}))
}

// lines has a line for each of a list.
func lines[T any](list []T, show func(T) string) string {
	var all []string
	for _, item := range list {
		all = append(all, show(item))
	}
	return strings.Join(all, "\n")
}

func strategyPairs(s *plansv1.Strategy) []pair {
	pairs := []pair{{"Contacts", lines(s.GetCadences(), showCadence)}}
	if days := s.GetGapDays(); days > 0 {
		pairs = append(pairs, pair{"Gap", fmt.Sprintf("%d days at least between two contacts with one person", days)})
	} else {
		pairs = append(pairs, pair{"Gap", ""})
	}
	return append(pairs, pair{"Quiet hours", s.GetQuietHours()}, pair{"Calendar", s.GetCalendar()})
}

// showGaps says what a plan lacks to become active.
func showGaps(gaps []*plansv1.PlanGap) string {
	return lines(gaps, func(g *plansv1.PlanGap) string { return g.GetField() + ": " + g.GetDescription() })
}

func showTurn(t *plansv1.Plan_Turn) string {
	from, to := showEnum(t.GetOldState(), "STATE_"), showEnum(t.GetNewState(), "STATE_")
	if t.GetNewOwner() != "" {
		from, to = t.GetOldOwner(), t.GetNewOwner()
	}
	text := fmt.Sprintf("%s %s to %s by %s", showTime(t.GetTurnTime()), from, to, t.GetPrincipal())
	if t.GetReason() != "" {
		text += ": " + t.GetReason()
	}
	return text
}
