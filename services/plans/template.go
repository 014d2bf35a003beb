package plans

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// Template is a play book: how plans of a kind begin. Its versions never change; a plan
// says which one it was begun from.
type Template struct {
	DisplayName string `bson:"display_name"`
	Description string `bson:"description,omitempty"`
	// Versions are all that were published, the oldest first: number 1 is Versions[0].
	Versions []Edition `bson:"versions"`
	// Retired says why it is begun from no more; empty while it is.
	Retired        string `bson:"retired,omitempty"`
	resource.Times `bson:",inline"`
}

// Edition is a version of a template.
type Edition struct {
	// Goals are suggestions: what the customer wants is written down with the customer. Plans
	// that begin from it have their statements and measures alone, and no CustomerEffect: both
	// figures of a goal, its day, and the effect are examples for who asks the customer.
	Goals          []Goal    `bson:"goals,omitempty"`
	CustomerEffect string    `bson:"customer_effect,omitempty"`
	Contribution   string    `bson:"contribution,omitempty"`
	Strategy       Strategy  `bson:"strategy"`
	Note           string    `bson:"note,omitempty"`
	At             time.Time `bson:"at"`
	// By is the resource name of who published it.
	By string `bson:"by"`
}

// MaxEditions is how many versions a template has at most.
const MaxEditions = 200

// TemplateKind is how templates are stored and told.
var TemplateKind = resource.Kind[Template]{
	Type: templateType, Name: TemplateName, Tell: func(t Template) any { return t },
	Spec: docstore.Spec{Name: "plan_templates"},
}

// EditionName returns the resource name of a template's version.
func EditionName(id string, number int) string {
	return fmt.Sprintf("%s/versions/%d", TemplateName(id), number)
}

// Edition returns a version by its number; NOT_FOUND where there is none.
func (t *Template) Edition(id string, number int) (*Edition, error) {
	if number < 1 || number > len(t.Versions) {
		return nil, fault.Missing("evenhand/PlanTemplateVersion", EditionName(id, number))
	}
	return &t.Versions[number-1], nil
}

// check wants a version to be right by itself; path is the field that it is in.
func (e *Edition) check(path string) error {
	if err := checkGoals(path+".goals", e.Goals); err != nil {
		return err
	}
	if len(e.Strategy.Cadences) == 0 && len(e.Goals) == 0 && blank(e.Contribution) {
		return fault.Invalid(path, "is empty: a template gives at least a strategy, goals or a contribution")
	}
	for i := range e.Strategy.Cadences {
		if owner := e.Strategy.Cadences[i].Owner; owner != "" {
			return fault.Invalid(fmt.Sprintf("%s.strategy.cadences[%d].owner", path, i),
				"is %s: a template names no owners, since the plans that begin from it have their own", PrincipalName(owner))
		}
	}
	if err := e.Strategy.check(path + ".strategy"); err != nil {
		return err
	}
	return e.Strategy.paced(path + ".strategy")
}

// GetTemplate returns a template, or resource.ErrNotFound.
func (s *Service) GetTemplate(ctx context.Context, id string) (resource.Stored[Template], error) {
	return s.templates.Get(ctx, id)
}

// ListTemplates lists templates by id, those that keep wants; nil wants all.
func (s *Service) ListTemplates(
	ctx context.Context, size int, after resource.Place, keep func(resource.Stored[Template]) bool,
) (resource.Page[Template], error) {
	return s.templates.List(ctx, docstore.Query{Limit: size, After: after}, nil, keep)
}

// CreateTemplate writes a template down with its first version; where id is empty it is the
// slug of the display name. INVALID_ARGUMENT; ALREADY_EXISTS. With check, nothing is
// written.
func (s *Service) CreateTemplate(
	ctx context.Context, call resource.Call, id string, t Template, first Edition, check bool,
) (resource.Stored[Template], error) {
	none := resource.Stored[Template]{}
	if id == "" {
		id = names.Slug(t.DisplayName)
	}
	if !names.IsID(id) {
		return none, fault.Invalid("plan_template_id", "no id can be made of %q: give one of lower-case letters, digits and hyphens", t.DisplayName)
	}
	if earlier, known, err := s.templates.Created(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if blank(t.DisplayName) {
		return none, fault.Invalid("plan_template.display_name", "is empty: say what the template is called")
	}
	if err := first.check("plan_template.version"); err != nil {
		return none, err
	}
	first.At, first.By = s.now(), call.Principal
	t.Versions, t.Retired = []Edition{first}, ""
	if check {
		return unwritten(ctx, s.templates, id, t)
	}
	return s.templates.Create(ctx, call, id, t, "plan_template.created")
}

// PublishTemplate adds a version to a template: NOT_FOUND, STALE_ETAG, INVALID_ARGUMENT,
// PLAN_TEMPLATE_STATE. Plans that began from an earlier one stay as they are until it is
// applied to them. With check, nothing is written.
func (s *Service) PublishTemplate(
	ctx context.Context, call resource.Call, id, etag string, next Edition, check bool,
) (resource.Stored[Template], error) {
	if earlier, known, err := s.templates.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if err := next.check("version"); err != nil {
		return resource.Stored[Template]{}, err
	}
	next.At, next.By = s.now(), call.Principal
	publish := func(t *Template) error {
		switch {
		case t.Retired != "":
			return templateState(id, "%s was retired: create another template.", TemplateName(id))
		case len(t.Versions) >= MaxEditions:
			return templateState(id, "%s has %d versions, as many as it can: create another template.", TemplateName(id), MaxEditions)
		}
		t.Versions = append(slices.Clone(t.Versions), next)
		return nil
	}
	if check {
		t, err := s.templates.Get(ctx, id)
		if err == nil {
			err = s.templates.Check(t, resource.IfEtag[Template](etag))
		}
		if err == nil {
			err = publish(&t.State)
		}
		return t, err
	}
	return s.templates.Update(ctx, call, id, resource.IfEtag[Template](etag), "plan_template.published", publish)
}

// DescribeTemplate changes what people are told of a template; nil leaves a text as it is.
// NOT_FOUND, STALE_ETAG, INVALID_ARGUMENT, PLAN_TEMPLATE_STATE.
func (s *Service) DescribeTemplate(
	ctx context.Context, call resource.Call, id, etag string, displayName, description *string,
) (resource.Stored[Template], error) {
	return s.templates.Update(ctx, call, id, resource.IfEtag[Template](etag), "plan_template.updated", func(t *Template) error {
		if t.Retired != "" {
			return templateState(id, "%s was retired and is not changed any more.", TemplateName(id))
		}
		set(&t.DisplayName, displayName)
		set(&t.Description, description)
		if blank(t.DisplayName) {
			return fault.Invalid("plan_template.display_name", "is empty: say what the template is called")
		}
		return nil
	})
}

// RetireTemplate ends a template, for good, with the reason: plans are begun from it no
// more, and those that were stay. NOT_FOUND, STALE_ETAG, PLAN_TEMPLATE_STATE.
func (s *Service) RetireTemplate(ctx context.Context, call resource.Call, id, etag, reason string) (resource.Stored[Template], error) {
	return s.templates.Update(ctx, call, id, resource.IfEtag[Template](etag), "plan_template.retired", func(t *Template) error {
		if t.Retired != "" {
			return templateState(id, "%s was retired already.", TemplateName(id))
		}
		t.Retired = reason
		return nil
	})
}
