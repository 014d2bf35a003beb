package signals

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// read is what expressions read as `account`; Joined is 0 where it is not known.
type read struct {
	Name       string            `cel:"name"`
	Joined     civil.Day         `cel:"joined"`
	Attributes map[string]string `cel:"attributes"`
}

// costLimit is the most that one expression may cost to evaluate, in steps of CEL: some
// dozens of comparisons and a text of some hundred characters. Nobody's rule can hold up
// the others.
const costLimit = 2000

// maxReason is how many characters the words of a suggestion may have.
const maxReason = 500

// languages are the environments in which the expressions about each kind of facts are
// compiled. There is no function that tells the time, or anything at random.
var languages = func() map[Kind]*cel.Env {
	all := map[Kind]*cel.Env{}
	for kind, shape := range shapes {
		env, err := cel.NewEnv(
			ext.NativeTypes(shape, reflect.TypeFor[read](), ext.ParseStructTags(true)),
			cel.Variable("fact", cel.ObjectType(shape.String())),
			cel.Variable("account", cel.ObjectType(reflect.TypeFor[read]().String())),
			cel.Function("money", cel.Overload("money_int_string", []*cel.Type{cel.IntType, cel.StringType}, cel.StringType,
				cel.BinaryBinding(func(minor, code ref.Val) ref.Val {
					return types.String(amountInWords(int64(minor.(types.Int)), string(code.(types.String))))
				}))),
			cel.Function("day", cel.Overload("day_int", []*cel.Type{cel.IntType}, cel.StringType,
				cel.UnaryBinding(func(day ref.Val) ref.Val {
					d := day.(types.Int)
					if d < types.Int(civil.FirstDay) || d > types.Int(civil.LastDay) {
						return types.NewErr("%d is no day", d)
					}
					return types.String(civil.Day(d).Words())
				}))),
		)
		if err != nil {
			panic(fmt.Sprintf("make the language of rules about %s: %v", kind, err))
		}
		all[kind] = env
	}
	return all
}()

// program is a rule that can be asked.
type program struct {
	condition, reason, weight cel.Program
}

// compile makes a program of what a rule says. It has passed lint.
func compile(c *Content) (*program, error) {
	var p program
	env := languages[c.Fact]
	for i, into := range []*cel.Program{&p.condition, &p.reason, &p.weight} {
		e := c.expressions()[i]
		tree, issues := env.Compile(e.text)
		if err := issues.Err(); err != nil {
			return nil, fmt.Errorf("%s: %w", e.field, err)
		}
		var err error
		if *into, err = env.Program(tree, cel.CostLimit(costLimit)); err != nil {
			return nil, fmt.Errorf("%s: %w", e.field, err)
		}
	}
	return &p, nil
}

// verdict is what a rule says about a fact: Reason and Weight only where it Holds.
type verdict struct {
	holds  bool
	reason string
	weight float64
}

// ask asks the rule about a fact of an account.
func (p *program) ask(fact Fact, account *feeds.Account) (verdict, error) {
	joined := account.Joined
	if joined == civil.Never {
		joined = 0
	}
	vars := map[string]any{"fact": fact, "account": read{account.DisplayName, joined, account.Attributes}}
	holds, _, err := p.condition.Eval(vars)
	if err != nil {
		return verdict{}, fmt.Errorf("condition: %w", err)
	}
	if holds != types.True {
		return verdict{}, nil
	}
	v := verdict{holds: true}
	words, _, err := p.reason.Eval(vars)
	if err != nil {
		return verdict{}, fmt.Errorf("reason: %w", err)
	}
	v.reason = strings.TrimSpace(string(words.(types.String)))
	switch n := utf8.RuneCountInString(v.reason); {
	case n == 0:
		return verdict{}, errors.New("reason: there are no words")
	case n > maxReason:
		return verdict{}, fmt.Errorf("reason: %d characters are more than %d", n, maxReason)
	}
	weight, _, err := p.weight.Eval(vars)
	if err != nil {
		return verdict{}, fmt.Errorf("weight: %w", err)
	}
	switch w := weight.(type) {
	case types.Int:
		v.weight = float64(w)
	case types.Double:
		v.weight = float64(w)
	}
	if math.IsNaN(v.weight) {
		return verdict{}, errors.New("weight: is no number")
	}
	v.weight = max(0, min(100, v.weight))
	return v, nil
}
