package advice

// The API's types of these resources.
const (
	solicitationType = "evenhand/Solicitation"
	ideaType         = "evenhand/Idea"
	commentType      = "evenhand/IdeaComment"
	messageType      = "evenhand/IdeaMessage"
)

// The reasons of failures that are this package's own.
const (
	reasonSolicitationState = "SOLICITATION_STATE"
	reasonUnanswered        = "UNANSWERED_SOLICITATION"
	reasonIdeaState         = "IDEA_STATE"
)

// SolicitationName returns the resource name of a solicitation.
func SolicitationName(id string) string { return "solicitations/" + id }

// IdeaName returns the resource name of an idea.
func IdeaName(id string) string { return "ideas/" + id }
