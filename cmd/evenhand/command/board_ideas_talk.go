package command

import (
	"maps"
	"slices"
	"strconv"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// ideaLinks are in the order of their titles.
func ideaLinks(byTitle map[string]string) []*boardv1.Idea_Link {
	var links []*boardv1.Idea_Link
	for _, title := range slices.Sorted(maps.Keys(byTitle)) {
		links = append(links, &boardv1.Idea_Link{Title: title, Url: byTitle[title]})
	}
	return links
}

// IdeasSimilar is `evenhand board ideas similar`.
type IdeasSimilar struct {
	IdeaArg
	Output
	Connection
}

// Run asks and prints.
func (c *IdeasSimilar) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := boardv1.NewIdeasServiceClient(s).FindSimilarIdeas(ctx, &boardv1.FindSimilarIdeasRequest{Name: c.name()})
		if err != nil {
			return err
		}
		l := c.newList(env.Stdout, "suggestedDuplicates", "Idea", "Title", "State", "Likeness")
		for _, i := range answer.GetSuggestedDuplicates() {
			if err := l.add(i, i.GetIdea(), i.GetTitle(), showEnum(i.GetState(), "STATE_"), strconv.FormatFloat(i.GetLikeness(), 'f', 2, 64)); err != nil {
				return err
			}
		}
		return l.end()
	})
}

// IdeasVote is `evenhand board ideas vote`.
type IdeasVote struct {
	IdeaArg
	Account string `required:"" placeholder:"ACCOUNT" help:"Who approves; each account counts once."`
	Contact string `placeholder:"CONTACT" help:"Who says so there."`
	Output
	Connection
}

// Run votes and prints the idea.
func (c *IdeasVote) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		i, err := boardv1.NewIdeasServiceClient(s).VoteForIdea(ctx, &boardv1.VoteForIdeaRequest{
			Name: c.name(), Account: account, Contact: contactName(account, c.Contact), RequestId: newRequestID()})
		return c.printIdea(env, i, err)
	})
}

// IdeasTakeBack is `evenhand board ideas take-back`.
type IdeasTakeBack struct {
	IdeaArg
	Account string `required:"" placeholder:"ACCOUNT" help:"Whose approval."`
	Output
	Connection
}

// Run takes the vote back and prints the idea.
func (c *IdeasTakeBack) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		i, err := boardv1.NewIdeasServiceClient(s).TakeBackVote(ctx, &boardv1.TakeBackVoteRequest{
			Name: c.name(), Account: account, RequestId: newRequestID()})
		return c.printIdea(env, i, err)
	})
}

// IdeasVotes is `evenhand board ideas votes`.
type IdeasVotes struct {
	IdeaArg
	Output
	Connection
}

// Run asks and prints.
func (c *IdeasVotes) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewIdeasServiceClient(s)
		l := c.newList(env.Stdout, "votes", "Account", "Contact", "Entered by", "Time")
		return eachPage(l, 0, func(size int32, token string) (page[*boardv1.Vote], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListVotes(ctx, &boardv1.ListVotesRequest{Parent: c.name(), PageSize: size, PageToken: token})
			return page[*boardv1.Vote]{answer.GetVotes(), answer.GetNextPageToken()}, err
		}, func(v *boardv1.Vote) error {
			return l.add(v, v.GetAccount(), v.GetContact(), v.GetPrincipal(), showTime(v.GetVoteTime()))
		})
	})
}

// IdeasComment is `evenhand board ideas comment`.
type IdeasComment struct {
	IdeaArg
	Text    string `arg:"" help:"What is said."`
	Account string `placeholder:"ACCOUNT" help:"The customer who says it; you, where it is not given."`
	Contact string `placeholder:"CONTACT" help:"Who says it there."`
	Output
	Connection
}

// Run comments and prints it.
func (c *IdeasComment) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := optionalAccount(env, s, c.Account)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		comment, err := boardv1.NewIdeasServiceClient(s).CreateIdeaComment(ctx, &boardv1.CreateIdeaCommentRequest{
			Parent: c.name(), RequestId: newRequestID(),
			Comment: &boardv1.IdeaComment{Text: c.Text, Account: account, Contact: contactName(account, c.Contact)}})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, comment, []pair{{"Comment", comment.GetName()}, {"Text", comment.GetText()}, {"By", commenter(comment)}})
	})
}

// commenter is who said something.
func commenter(c *boardv1.IdeaComment) string {
	for _, name := range []string{c.GetContact(), c.GetAccount()} {
		if name != "" {
			return name
		}
	}
	return c.GetPrincipal()
}

// IdeasComments is `evenhand board ideas comments`.
type IdeasComments struct {
	IdeaArg
	Output
	Connection
}

// Run asks and prints.
func (c *IdeasComments) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewIdeasServiceClient(s)
		l := c.newList(env.Stdout, "comments", "Comment", "Time", "By", "Text")
		return eachPage(l, 0, func(size int32, token string) (page[*boardv1.IdeaComment], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListIdeaComments(ctx, &boardv1.ListIdeaCommentsRequest{Parent: c.name(), PageSize: size, PageToken: token})
			return page[*boardv1.IdeaComment]{answer.GetComments(), answer.GetNextPageToken()}, err
		}, func(comment *boardv1.IdeaComment) error {
			return l.add(comment, comment.GetName(), showTime(comment.GetCreateTime()), commenter(comment), comment.GetText())
		})
	})
}
