package plans

import "github.com/evenhand/evenhand/internal/platform/names"

// The API's types of the resources here.
const (
	planType     = "evenhand/Plan"
	templateType = "evenhand/PlanTemplate"
)

// Name returns the resource name of the plan of an account; a plan's id is its account's.
func Name(account string) string { return names.Join("plans", account) }

// TemplateName returns the resource name of a template.
func TemplateName(id string) string { return names.Join("planTemplates", id) }

// AccountName returns the resource name of an account.
func AccountName(id string) string { return names.Join("accounts", id) }

// PrincipalName returns the resource name of a principal.
func PrincipalName(id string) string { return names.Join("principals", id) }
