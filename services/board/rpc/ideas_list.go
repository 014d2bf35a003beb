package rpc

import (
	"context"
	"regexp"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/advice"
)

var ideaFields = []filter.Field{
	{Name: "solicitation"}, {Name: "account"}, {Name: "contact"}, {Name: "board"}, {Name: "owner"}, {Name: "title"}, {Name: "text"},
	{Name: "overdue", Kind: filter.Bool}, {Name: "late", Kind: filter.Bool}, {Name: "votes", Kind: filter.Int},
	{Name: "state", Kind: filter.Enum, Values: []string{"UNDECIDED", "DECIDED", "MERGED"}},
	{Name: "outcome", Kind: filter.Enum, Values: []string{"ADOPT", "TRIAL", "DECLINE", "ALREADY_THERE"}},
}

// longOutcome finds outcomes written as JSON has them, OUTCOME_ADOPT.
var longOutcome = regexp.MustCompile(`(\boutcome\s*(?:!=|=)\s*"?)OUTCOME_`)

func (s *ideasServer) ListIdeas(ctx context.Context, r *boardv1.ListIdeasRequest) (*boardv1.ListIdeasResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	order, err := filter.ParseOrder(r.GetOrderBy(), "name", "votes")
	if err != nil {
		return nil, err
	}
	today, err := s.domain.Solicitations.Today(ctx)
	if err != nil {
		return nil, err
	}
	keep := &ideaKeeper{solicitations: s.domain.Solicitations, today: today, late: map[string]bool{}}
	text := longOutcome.ReplaceAllString(longState.ReplaceAllString(r.GetFilter(), "$1"), "$1")
	if keep.filter, err = filter.Parse(text, ideaFields...); err != nil {
		return nil, err
	}
	query := keep.query(ctx)
	query.Size, query.After = p.Size, p.After
	if len(order) > 0 { // a second field cannot change an order that ends in the id
		query.ByVotes, query.Descending = order[0].Field == "votes", order[0].Descending
	}
	if query.Descending || len(order) > 0 {
		query.DueBefore = 0 // its index has an order of its own
	}
	list, err := s.domain.Ideas.List(ctx, query)
	if err == nil {
		err = keep.err
	}
	if err != nil {
		return nil, err
	}
	out := &boardv1.ListIdeasResponse{}
	for _, i := range list.Items {
		out.Ideas = append(out.Ideas, ideaOf(i, today))
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}

// ideaKeeper says which ideas a filter wants.
type ideaKeeper struct {
	filter        filter.Filter
	solicitations *advice.Solicitations
	today         civil.Day
	// late says which solicitations are past their lock date.
	late map[string]bool
	err  error
}

func (k *ideaKeeper) query(ctx context.Context) advice.IdeaQuery {
	q := advice.IdeaQuery{Keep: k.keep(ctx), Solicitation: wanted(k.filter, "solicitation", "solicitations"),
		Account: wanted(k.filter, "account", "accounts"), Board: wanted(k.filter, "board", "boards")}
	if state, ok := k.filter.Equal("state"); ok {
		q.Undecided = state == "UNDECIDED"
	}
	if overdue, ok := k.filter.Equal("overdue"); ok && overdue == true {
		q.DueBefore = k.today
	}
	return q
}

func (k *ideaKeeper) keep(ctx context.Context) func(resource.Stored[advice.Idea]) bool {
	return func(i resource.Stored[advice.Idea]) bool {
		return k.filter.Match(func(field string) any { return k.field(ctx, &i.State, field) })
	}
}

// field is a field's value as filters see it.
func (k *ideaKeeper) field(ctx context.Context, i *advice.Idea, field string) any {
	d := i.Disposition()
	switch field {
	case "solicitation":
		return nameIn("solicitations", i.Solicitation)
	case "account":
		return nameIn("accounts", i.Account)
	case "contact":
		return contactOf(i.Giver)
	case "board":
		return nameIn("boards", i.Board)
	case "title":
		return i.Title
	case "text":
		return i.Text
	case "votes":
		return i.Count
	case "state":
		return strings.TrimPrefix(ideaStates[i.State()].String(), "STATE_")
	case "late":
		return i.Undecided && k.isLate(ctx, i.Solicitation)
	case "overdue":
		return i.Due != nil && *i.Due < k.today
	case "owner":
		if d != nil {
			return nameIn("principals", d.Owner)
		}
	case "outcome":
		if d != nil {
			return strings.TrimPrefix(outcomes[d.Outcome].String(), "OUTCOME_")
		}
	}
	return nil
}

func (k *ideaKeeper) isLate(ctx context.Context, solicitation string) bool {
	if solicitation == "" {
		return false
	}
	late, known := k.late[solicitation]
	if !known {
		asked, err := k.solicitations.Get(ctx, solicitation)
		if err != nil {
			k.err = err
		}
		late = asked.State.Late(k.today)
		k.late[solicitation] = late
	}
	return late
}

func (s *ideasServer) ListVotes(ctx context.Context, r *boardv1.ListVotesRequest) (*boardv1.ListVotesResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	i, err := s.domain.Ideas.Read(ctx, id(r.GetParent(), "ideas"))
	if err != nil {
		return nil, err
	}
	after := ""
	if len(p.After) == 1 {
		after, _ = p.After[0].(string)
	}
	out := &boardv1.ListVotesResponse{}
	for _, v := range i.State.Votes() {
		if v.Account <= after {
			continue
		}
		if len(out.Votes) == p.Size {
			out.NextPageToken, err = p.Next(resource.Place{id(out.Votes[p.Size-1].GetAccount(), "accounts")})
			return out, err
		}
		out.Votes = append(out.Votes, &boardv1.Vote{Account: nameIn("accounts", v.Account), Contact: contactOf(v.Giver), Principal: v.By,
			VoteTime: wire.Timestamp(v.At)})
	}
	return out, nil
}

func (s *ideasServer) ListIdeaComments(ctx context.Context, r *boardv1.ListIdeaCommentsRequest) (*boardv1.ListIdeaCommentsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	list, err := s.domain.Ideas.Comments(ctx, id(r.GetParent(), "ideas"), p.Size, p.After)
	if err != nil {
		return nil, err
	}
	out := &boardv1.ListIdeaCommentsResponse{}
	for _, c := range list.Items {
		out.Comments = append(out.Comments, commentOf(c))
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}
