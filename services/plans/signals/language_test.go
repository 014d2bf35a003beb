package signals

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

func TestLintNamesPlaceAndFix(t *testing.T) {
	for name, test := range map[string]struct {
		field, text string
		want        Finding
		fix         string
	}{
		"empty":                {"condition", " ", Finding{ID: DoesNotCompile, Line: 1, Column: 1, Message: "is empty"}, "gives true or false"},
		"unknown field":        {"condition", "fact.days_since > 1 &&\n  fact.day_since < 3", Finding{ID: DoesNotCompile, Line: 2, Column: 7, Message: "there is no field day_since"}, "Did you mean days_since?"},
		"unknown variable":     {"condition", "facts.day > 1", Finding{ID: DoesNotCompile, Line: 1, Column: 1, Message: "undeclared reference to 'facts' (in container '')"}, "Only fact and account are known"},
		"the clock":            {"condition", "fact.day > now()", Finding{ID: DoesNotCompile, Line: 1, Column: 15, Message: "undeclared reference to 'now' (in container '')"}, "Only fact and account"},
		"reach":                {"condition", "account.followers > 1000", Finding{ID: DoesNotCompile, Line: 1, Column: 8, Message: "there is no field followers"}, "account has name, joined, attributes"},
		"wrong operand":        {"condition", "fact.day == 'monday'", Finding{ID: DoesNotCompile, Line: 1, Column: 10, Message: "found no matching overload for '_==_' applied to '(int, string)'"}, "gives true or false"},
		"no truth value":       {"condition", "fact.day", Finding{ID: WrongType, Line: 1, Column: 1, Message: "gives int"}, "fact.days_left < 14"},
		"no text":              {"reason", "fact.day", Finding{ID: WrongType, Line: 1, Column: 1, Message: "gives int"}, "a text"},
		"no number":            {"weight", "fact.commitment", Finding{ID: WrongType, Line: 1, Column: 1, Message: "gives string"}, "a number"},
		"looks at nothing":     {"condition", "1 + 1 == 2", Finding{ID: NamesNoField, Line: 1, Column: 1, Message: "looks at no field, so it is the same for every account"}, "days_since"},
		"too heavy":            {"weight", "101", Finding{ID: WeightOutOfRange, Line: 1, Column: 1, Message: "is 101"}, "0 to 100"},
		"walks within a walk":  {"condition", "fact.day > 1 && account.attributes.exists(a,\n account.attributes.exists(b, a != b && account.attributes[a] == account.attributes[b]))", Finding{ID: TooExpensive, Line: 1, Column: 42}, "Walk over account.attributes once"},
		"an amount is no text": {"reason", "'owes ' + money(fact.days_since)", Finding{ID: DoesNotCompile, Line: 1, Column: 16, Message: "found no matching overload for 'money' applied to '(int)'"}, "a text"},
	} {
		t.Run(name, func(t *testing.T) {
			c := content()
			*map[string]*string{"condition": &c.Condition, "reason": &c.Reason, "weight": &c.Weight}[test.field] = test.text
			got := lint(&c)
			require.Len(t, got, 1)
			require.Contains(t, got[0].Fix, test.fix)
			if test.want.ID == TooExpensive {
				require.Contains(t, got[0].Message, "steps, more than 2000")
				test.want.Message = got[0].Message
			}
			test.want.Field, test.want.Fix = test.field, got[0].Fix
			require.Equal(t, test.want, got[0])
			told := requireReason(t, right(&c), "SIGNAL_RULE_INVALID")
			require.Equal(t, "signal_rule."+test.field, told.Fields[0].Path)
		})
	}
}

func TestARuleThatIsRightHasNoFindings(t *testing.T) {
	c := content()
	require.Empty(t, lint(&c))
	c.Weight = "2.5 * 10.0"
	c.Condition = "'sector' in account.attributes && account.attributes['sector'] == 'steel' && account.attributes.exists(a, a.startsWith('s'))"
	require.Empty(t, lint(&c))
}

// What lint estimates is enforced where a rule is asked, whatever got past lint.
func TestARuleCannotCostMoreThanTheLimit(t *testing.T) {
	c := content()
	c.Condition = "account.attributes.all(a, account.attributes.all(b, account.attributes.all(c, a + b + c != fact.commitment)))"
	p, err := compile(&c)
	require.NoError(t, err)
	account := feeds.Account{Attributes: map[string]string{}}
	for _, key := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
		account.Attributes[key] = "x"
	}
	_, err = p.ask(BreachFact{Commitment: "first-reply"}, &account)
	require.ErrorContains(t, err, "condition: operation cancelled: actual cost limit exceeded")
}

func TestWhatCannotBeSaidFails(t *testing.T) {
	ask := func(change func(*Content)) error {
		c := content()
		change(&c)
		p, err := compile(&c)
		require.NoError(t, err)
		_, err = p.ask(BreachFact{Commitment: "first-reply"}, &feeds.Account{})
		return err
	}
	require.ErrorContains(t, ask(func(c *Content) { c.Condition = "account.attributes['sector'] == 'steel'" }), "condition: no such key: sector")
	require.ErrorContains(t, ask(func(c *Content) { c.Reason = "''" }), "there are no words")
	require.ErrorContains(t, ask(func(c *Content) { c.Reason = "'" + strings.Repeat("é", 501) + "'" }), "501 characters are more than 500")
	require.ErrorContains(t, ask(func(c *Content) { c.Weight = "100 / fact.days_since" }), "weight: division by zero")
	require.ErrorContains(t, ask(func(c *Content) { c.Weight = "0.0 / 0.0" }), "is no number")
	require.ErrorContains(t, ask(func(c *Content) { c.Reason = "day(9999999)" }), "9999999 is no day")
}

func TestAmountsAndDaysInWords(t *testing.T) {
	c := Content{Fact: Spend, Condition: "fact.recent > 0", Weight: "1000",
		Reason: "money(fact.recent, fact.currency) + ' until ' + day(fact.day) + ', not ' + money(-5, 'JPY')"}
	p, err := compile(&c)
	require.NoError(t, err)
	v, err := p.ask(SpendFact{Recent: 9_007_199_254_740_993, Currency: "USD", Day: day(t, "2026-06-30")}, &feeds.Account{})
	require.NoError(t, err)
	require.Equal(t, "90071992547409.93 USD until 30 June 2026, not -5 JPY", v.reason, "exact beyond what a float holds")
	require.Equal(t, 100.0, v.weight, "what is beyond counts as the nearer bound")
}

func TestWhatIsKnownOfAnAccount(t *testing.T) {
	c := content()
	c.Condition, c.Reason = "account.joined != -1", "account.name + ' since ' + (account.joined == 0 ? 'some day' : day(account.joined))"
	p, err := compile(&c)
	require.NoError(t, err)
	for want, account := range map[string]feeds.Account{
		"Acme since some day":     {DisplayName: "Acme", Joined: civil.Never},
		"Acme since 15 June 2026": {DisplayName: "Acme", Joined: day(t, "2026-06-15")},
	} {
		v, err := p.ask(BreachFact{}, &account)
		require.NoError(t, err)
		require.Equal(t, want, v.reason)
	}
}

func TestTheBuiltInRulesAreRightAndLookAtEveryKind(t *testing.T) {
	kinds := map[Kind]bool{}
	for _, b := range builtins {
		require.NoError(t, right(&b.Content), b.ID)
		kinds[b.Fact] = true
	}
	for _, kind := range Kinds {
		require.True(t, kinds[kind], kind)
	}
}

// Each built-in rule, at the edge of its condition.
func TestTheBuiltInRulesSpeakInWords(t *testing.T) {
	on := day(t, "2026-06-15")
	spend := SpendFact{Day: on, Currency: "USD", Comparable: true, Recent: 7_500, YearBefore: 10_000, ChangeYear: -25, Average: 9_000, ChangeAverage: -16}
	grown := spend
	grown.Recent, grown.ChangeYear, grown.ChangeAverage = 15_000, 50, 66
	for id, test := range map[string]struct {
		holds, not Fact
		want       string
	}{
		"spend-falls":  {spend, SpendFact{Comparable: true, YearBefore: 100, ChangeYear: -24, ChangeAverage: -16}, "Spent 75.00 USD in the last three months, against 100.00 USD in the same months a year before (-25 %)."},
		"spend-rises":  {grown, spend, "Spent 150.00 USD in the last three months, against 100.00 USD in the same months a year before (+50 %)."},
		"benefit-near": {ThresholdFact{Needs: "spend", Percent: 85, Missing: 7_500, Currency: "USD", Benefit: "thanks", Promise: "A note.", By: on + 7, DaysLeft: 7}, ThresholdFact{Needs: "spend", Percent: 84, DaysLeft: 7}, "75.00 USD more by 22 June 2026 brings thanks: A note."},
		"benefit-unused": {UsageFact{Benefit: "hours", Unit: "hour", Limit: 10, GonePercent: 50, DaysLeft: 182},
			UsageFact{Limit: 10, GonePercent: 49, DaysLeft: 183}, "hours: 0 of 10 used (hour); 182 days of the period are left."},
		"benefit-nearly-used-up": {UsageFact{Benefit: "hours", Unit: "hour", Limit: 10, Used: 8, Left: 2, UsedPercent: 80, DaysLeft: 90},
			UsageFact{Limit: 10, Used: 10, UsedPercent: 100}, "hours: 2 of 10 left (hour), for 90 days."},
		"goal-at-risk": {GoalFact{Statement: "Halve our waste", DonePercent: 10, ExpectedPercent: 30, BehindPercent: 20, TargetDay: on},
			GoalFact{BehindPercent: 19}, "The goal “Halve our waste” is 20 % behind: 10 % is done, 30 % should be; it is due on 15 June 2026."},
		"commitment-broken": {BreachFact{Commitment: "first-reply", Case: "accounts/acme/cases/c1", On: on, DaysSince: 14}, BreachFact{DaysSince: 15},
			"We broke the commitment first-reply on 15 June 2026, in accounts/acme/cases/c1."},
		"clause-in-review": {ClauseFact{Clause: "liability", Citations: 1, LastCited: on, Opened: on}, ClauseFact{DaysOpen: 61},
			"The clause liability was cited to them once, the last time on 15 June 2026, and is in review since 15 June 2026."},
		"board-term-begins": {TermFact{Event: "begins", Board: "advisory", On: on, DaysLeft: 21}, TermFact{Event: "ends"}, "Their term on the board advisory begins on 15 June 2026."},
		"board-term-ends":   {TermFact{Event: "ends", Board: "advisory", On: on, DaysLeft: 30}, TermFact{Event: "ends", DaysLeft: 31}, "Their term on the board advisory ends on 15 June 2026."},
		"anniversary":       {AnniversaryFact{Years: 10, On: on, DaysLeft: 14}, AnniversaryFact{Years: 9}, "They will have been a customer for 10 years on 15 June 2026."},
	} {
		i := -1
		for at, b := range builtins {
			if b.ID == id {
				i = at
			}
		}
		require.GreaterOrEqual(t, i, 0, id)
		p, err := compile(&builtins[i].Content)
		require.NoError(t, err)
		v, err := p.ask(test.holds, &feeds.Account{})
		require.NoError(t, err, id)
		require.True(t, v.holds, id)
		require.Equal(t, test.want, v.reason, id)
		v, err = p.ask(test.not, &feeds.Account{})
		require.NoError(t, err, id)
		require.False(t, v.holds, id)
	}
	require.Len(t, builtins, 11, "each has its case above")
}
