package schedule

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/worktime"
)

func (r *reader) schedule(n *yaml.Node) *Schedule {
	s := &Schedule{Notice: Notice{Effective: civil.Never}}
	r.object(n, "",
		field{"schedule", r.text(&s.ID)},
		field{"currency", r.text(&s.Currency)},
		field{"time_zone", r.text(&s.TimeZone)},
		field{"calendars", r.calendars(&s.Calendars)},
		field{"commitments", items(r, &s.Commitments, r.commitment)},
		field{"benefits", items(r, &s.Benefits, r.benefit)},
		field{"bundles", items(r, &s.Bundles, r.bundle)},
		field{"rules", items(r, &s.Rules, r.rule)},
		field{"notice", func(n *yaml.Node, path string) {
			r.object(n, path,
				field{"effective", r.day(&s.Notice.Effective)},
				field{"reason", r.text(&s.Notice.Reason)},
				field{"minimum", r.period(&s.Notice.Minimum)})
		}})
	s.SetDefaults()
	return s
}

// items reads a list of mappings.
func items[T any](r *reader, into *[]T, fields func(*T) []field) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.list(n, path, func(n *yaml.Node, path string) {
			var item T
			r.object(n, path, fields(&item)...)
			*into = append(*into, item)
		})
	}
}

func (r *reader) calendars(into *map[string]worktime.Calendar) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		*into = map[string]worktime.Calendar{}
		r.entries(n, path, func(key, n *yaml.Node, path string) {
			var c worktime.Calendar
			r.object(n, path,
				field{"hours", value(r, &c.Hours, worktime.ParseWeek)},
				field{"holidays", func(n *yaml.Node, path string) {
					r.list(n, path, func(n *yaml.Node, path string) {
						holiday := civil.Never
						if r.day(&holiday)(n, path); holiday != civil.Never {
							c.Holidays = append(c.Holidays, holiday)
						}
					})
				}})
			slices.Sort(c.Holidays)
			c.Holidays = slices.Compact(c.Holidays)
			(*into)[key.Value] = c
		})
	}
}

func (r *reader) commitment(c *Commitment) []field {
	return []field{
		{"id", r.text(&c.ID)},
		{"promise", r.text(&c.Promise)},
		{"clock", func(n *yaml.Node, path string) {
			c.Clock = &Clock{}
			r.object(n, path,
				field{"from", r.text(&c.Clock.From)},
				field{"to", r.text(&c.Clock.To)},
				field{"within", r.within(&c.Clock.Within)},
				field{"calendar", r.text(&c.Clock.Calendar)})
		}},
		{"attest", r.texts(&c.Attest)},
	}
}

func (r *reader) benefit(b *Benefit) []field {
	return []field{
		{"id", r.text(&b.ID)},
		{"promise", r.text(&b.Promise)},
		{"kind", r.text((*string)(&b.Kind))},
		{"unit", r.text(&b.Unit)},
		{"limit", r.count(&b.Limit)},
		{"period", r.period(&b.Period)},
		{"rollover", r.count(&b.Rollover)},
		{"resets", r.text((*string)(&b.Resets))},
		{"notices", func(n *yaml.Node, path string) {
			r.list(n, path, func(n *yaml.Node, path string) {
				var percent int64
				r.count(&percent)(n, path)
				b.Notices = append(b.Notices, int(percent))
			})
		}},
		{"unit_cost", optional(r, &b.UnitCost, r.currency.ParseAmount)},
		{"expected_use_per_year", optional(r, &b.ExpectedUsePerYear, parseCount)},
		{"capacity_per_year", r.count(&b.CapacityPerYear)},
		{"house_rule", r.text(&b.HouseRule)},
	}
}

func (r *reader) bundle(b *Bundle) []field {
	return []field{
		{"id", r.text(&b.ID)},
		{"display_name", r.text(&b.DisplayName)},
		{"benefits", r.texts(&b.Benefits)},
	}
}

func (r *reader) rule(rule *Rule) []field {
	return []field{
		{"id", r.text(&rule.ID)},
		{"promise", r.text(&rule.Promise)},
		{"when", func(n *yaml.Node, path string) { rule.When = r.condition(n, path, 1) }},
		{"grants", r.texts(&rule.Grants)},
		{"lasts", r.period(&rule.Lasts)},
		{"on_refund", r.text((*string)(&rule.OnRefund))},
	}
}

// condition reads a tree of conditions; the outermost has depth 1.
func (r *reader) condition(n *yaml.Node, path string, depth int) Condition {
	var c Condition
	if depth > MaxDepth+1 {
		r.report(n, path, TooComplex, "conditions are nested deeper than %d: split the rule into several", MaxDepth)
		return c
	}
	var atLeast *yaml.Node
	branches := func(into *[]Condition) func(*yaml.Node, string) {
		return func(n *yaml.Node, path string) {
			r.list(n, path, func(n *yaml.Node, path string) {
				*into = append(*into, r.condition(n, path, depth+1))
			})
		}
	}
	fields := []field{
		{"all", branches(&c.All)},
		{"any", branches(&c.Any)},
		{"at_least", func(n *yaml.Node, path string) { atLeast = n }},
		{"scope", r.text((*string)(&c.Scope))},
	}
	for _, subject := range subjects {
		fields = append(fields, field{subject, func(n *yaml.Node, path string) {
			if c.Subject != "" {
				r.report(n, path, NotAllowed, "this condition already measures %s: join two conditions with all or any", c.Subject)
				return
			}
			c.Subject = Subject(subject)
			c.Measure, _ = r.scalar(n, path)
		}})
	}
	r.entries(n, path, func(key, value *yaml.Node, path string) {
		if why := refusal(key.Value); why != "" {
			c.Subject = Subject(key.Value)
			r.report(key, path, RefusedSubject, "%s", why)
			return
		}
		r.dispatch(fields, key, value, path)
	})
	if atLeast != nil {
		read := r.count(&c.AtLeast)
		if c.Subject == Spend {
			read = r.amount(&c.AtLeast)
		}
		read(atLeast, path+".at_least")
	}
	return c
}
