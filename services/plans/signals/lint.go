package signals

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/checker"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Finding is something about a rule that its author should know.
type Finding struct {
	// ID is one of the Finding values.
	ID string
	// Warning says that the rule can be used all the same.
	Warning bool
	// Field is condition, reason or weight; Line and Column say where in it, from 1.
	Field        string
	Line, Column int
	// Message says what is wrong, Fix what to do.
	Message, Fix string
}

// The findings.
const (
	// DoesNotCompile is an expression that cannot be read.
	DoesNotCompile = "does-not-compile"
	// WrongType is one that gives something else than what is needed.
	WrongType = "wrong-type"
	// TooExpensive is one that may cost more than the limit.
	TooExpensive = "may-cost-too-much"
	// NamesNoField is a condition that looks at nothing, and so is the same for all.
	NamesNoField = "names-no-field"
	// WeightOutOfRange is a weight that is always beyond 0 to 100.
	WeightOutOfRange = "weight-out-of-range"
	// NeverTrue and AlwaysTrue are a condition that was so on the whole of the history it was
	// tried on, Fails one that could not be evaluated on some of it.
	NeverTrue  = "never-true"
	AlwaysTrue = "always-true"
	Fails      = "fails"
)

// wanted are the types that the expressions give.
var wanted = map[string]struct {
	types []*cel.Type
	what  string
}{
	"condition": {[]*cel.Type{cel.BoolType}, "true or false, as fact.days_left < 14"},
	"reason":    {[]*cel.Type{cel.StringType}, "a text, as 'Due in ' + string(fact.days_left) + ' days'"},
	"weight":    {[]*cel.Type{cel.IntType, cel.DoubleType}, "a number from 0 to 100"},
}

// lint says what is wrong with the expressions of a rule, by themselves.
func lint(c *Content) []Finding {
	env := languages[c.Fact]
	var all []Finding
	for _, e := range c.expressions() {
		tree, issues := env.Compile(e.text)
		if issues.Err() != nil {
			all = append(all, unreadable(c.Fact, e, issues)...)
			continue
		}
		at := func(id, message, fix string) {
			all = append(all, Finding{ID: id, Field: e.field, Line: 1, Column: 1, Message: message, Fix: fix})
		}
		want := wanted[e.field]
		if !slices.ContainsFunc(want.types, func(t *cel.Type) bool { return t.IsExactType(tree.OutputType()) }) {
			at(WrongType, fmt.Sprintf("gives %s", tree.OutputType()), "Write an expression that gives "+want.what+".")
			continue
		}
		if cost, err := env.EstimateCost(tree, sizes{}); err != nil || cost.Max > costLimit {
			f := costliest(tree)
			f.Field, f.Message = e.field, fmt.Sprintf("may cost %d steps, more than %d", cost.Max, costLimit)
			all = append(all, f)
		}
		if e.field == "condition" && !reads(tree) {
			at(NamesNoField, "looks at no field, so it is the same for every account",
				"Compare a field of fact: "+strings.Join(fields(shapes[c.Fact]), ", ")+".")
		}
		if e.field == "weight" {
			if w, constant := number(tree); constant && (w < 0 || w > 100) {
				at(WeightOutOfRange, fmt.Sprintf("is %v", w), "Write a number from 0 to 100.")
			}
		}
	}
	return all
}

// unreadable makes findings of what the compiler says.
func unreadable(kind Kind, e expression, issues *cel.Issues) []Finding {
	var all []Finding
	for _, issue := range issues.Errors() {
		f := Finding{ID: DoesNotCompile, Field: e.field, Line: max(1, issue.Location.Line()), Column: issue.Location.Column() + 1,
			Message: issue.Message, Fix: "Write an expression of CEL that gives " + wanted[e.field].what + "."}
		switch {
		case strings.TrimSpace(e.text) == "":
			f.Line, f.Column, f.Message = 1, 1, "is empty"
		case undefined.MatchString(f.Message):
			name := undefined.FindStringSubmatch(f.Message)[1]
			near := nearest(name, append(fields(shapes[kind]), fields(reflect.TypeFor[read]())...))
			f.Message = fmt.Sprintf("there is no field %s", name)
			f.Fix = fmt.Sprintf("Did you mean %s? A fact about %s has %s; account has %s.", near, kind,
				strings.Join(fields(shapes[kind]), ", "), strings.Join(fields(reflect.TypeFor[read]()), ", "))
		case strings.HasPrefix(f.Message, "undeclared reference"):
			f.Fix = "Only fact and account are known, the functions of CEL, and money(amount, currency) and day(number)."
		}
		all = append(all, f)
		if strings.TrimSpace(e.text) == "" {
			break
		}
	}
	return all
}

var undefined = regexp.MustCompile(`^undefined field '(.*)'$`)

// fields are the names of a type's fields in expressions.
func fields(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("cel"); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// nearest is the name that takes the fewest changes of a letter to become another.
func nearest(name string, names []string) string {
	return slices.MinFunc(names, func(a, b string) int { return changes(name, a) - changes(name, b) })
}

// changes is the Levenshtein distance.
func changes(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// reads says whether an expression looks at a field of fact or account.
func reads(tree *cel.Ast) bool {
	found := ast.MatchDescendants(ast.NavigateAST(tree.NativeRep()), func(e ast.NavigableExpr) bool {
		return e.Kind() == ast.SelectKind || e.Kind() == ast.IdentKind && (e.AsIdent() == "fact" || e.AsIdent() == "account")
	})
	return len(found) > 0
}

// costliest is a finding at the first thing that makes the cost of an expression grow with
// what it looks at: a walk over a list or map, or a pattern.
func costliest(tree *cel.Ast) Finding {
	f := Finding{ID: TooExpensive, Line: 1, Column: 1, Fix: "Walk over account.attributes once at most, and join fewer texts."}
	rep := tree.NativeRep()
	walks := ast.MatchDescendants(ast.NavigateAST(rep), func(e ast.NavigableExpr) bool {
		return e.Kind() == ast.ComprehensionKind || e.Kind() == ast.CallKind && e.AsCall().FunctionName() == "matches"
	})
	for i, e := range walks {
		at := rep.SourceInfo().GetStartLocation(e.ID())
		if i == 0 || at.Line() < f.Line || at.Line() == f.Line && at.Column()+1 < f.Column {
			f.Line, f.Column = at.Line(), at.Column()+1
		}
	}
	return f
}

// number is the value of an expression that is a number written out.
func number(tree *cel.Ast) (float64, bool) {
	root := tree.NativeRep().Expr()
	if root.Kind() != ast.LiteralKind {
		return 0, false
	}
	switch v := root.AsLiteral().(type) {
	case types.Int:
		return float64(v), true
	case types.Double:
		return float64(v), true
	}
	return 0, false
}

// sizes says how large what expressions look at can be.
type sizes struct{}

// The sizes that a cost is estimated by.
const (
	textSize       = 200 // characters
	attributesSize = 50
)

// EstimateSize implements checker.CostEstimator.
func (sizes) EstimateSize(node checker.AstNode) *checker.SizeEstimate {
	most := uint64(textSize)
	if path := node.Path(); len(path) == 2 && path[0] == "account" && path[1] == "attributes" {
		most = attributesSize
	}
	return &checker.SizeEstimate{Min: 0, Max: most}
}

// EstimateCallCost implements checker.CostEstimator.
func (sizes) EstimateCallCost(function, _ string, _ *checker.AstNode, _ []checker.AstNode) *checker.CallEstimate {
	if function == "money" || function == "day" {
		return &checker.CallEstimate{CostEstimate: checker.CostEstimate{Min: 2, Max: 2}, ResultSize: &checker.SizeEstimate{Min: 1, Max: 40}}
	}
	return nil
}

// refuse makes a failure of the findings that are no warnings; nil where there are none.
func refuse(findings []Finding) error {
	var told []fault.Field
	for _, f := range findings {
		if !f.Warning {
			told = append(told, fault.Field{Path: "signal_rule." + f.Field, Description: f.String()})
		}
	}
	if len(told) == 0 {
		return nil
	}
	return fault.New(fault.InvalidArgument, reasonRuleInvalid, "%s: %s", told[0].Path, told[0].Description).WithFields(told...)
}

// String is the finding in a line.
func (f Finding) String() string {
	return fmt.Sprintf("%d:%d: %s. %s (%s)", f.Line, f.Column, f.Message, f.Fix, f.ID)
}
