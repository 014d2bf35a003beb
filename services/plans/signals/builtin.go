package signals

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/evenhand/evenhand/internal/resource"
)

//go:embed builtin.yaml
var builtinFile []byte

// builtin is a rule that comes with the product.
type builtin struct {
	ID      string `yaml:"id"`
	Content `yaml:",inline"`
}

// builtins are the rules that come with the product: one at least for each kind of facts.
var builtins = func() []builtin {
	var file struct {
		Rules []builtin `yaml:"rules"`
	}
	if err := yaml.Unmarshal(builtinFile, &file); err != nil {
		panic(fmt.Sprintf("read the built-in rules of signals: %v", err))
	}
	return file.Rules
}()

// Init writes those of the rules that come with the product down as drafts that there are
// not yet, and returns them. What became of the others is left as it is.
func (s *Service) Init(ctx context.Context, call resource.Call, check bool) ([]resource.Stored[Rule], error) {
	call = resource.Call{Principal: call.Principal} // each rule is created once by its id
	var made []resource.Stored[Rule]
	for i := range builtins {
		r, err := s.CreateRule(ctx, call, builtins[i].ID, builtins[i].Content, check)
		if errors.Is(err, resource.ErrExists) {
			continue
		}
		if err != nil {
			return made, fmt.Errorf("create the built-in rule %s: %w", builtins[i].ID, err)
		}
		made = append(made, r)
	}
	return made, nil
}
