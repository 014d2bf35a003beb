package demo

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// clerk writes the history of the advisory board through the API, in the order in which
// it happened, with the board's clock turned back. It looks at what is there first, and
// goes on from that.
type clerk struct {
	boards    boardv1.BoardsServiceClient
	rotations boardv1.RotationsServiceClient
	meetings  boardv1.MeetingsServiceClient
	questions boardv1.SolicitationsServiceClient
	ideas     boardv1.IdeasServiceClient
	calendar  boardv1.CalendarServiceClient
	clock     *Clock
	today     time.Time
	plan      boardPlan
}

// write writes what is missing of the history.
func (c *clerk) write(ctx context.Context) error {
	first := c.plan.first
	if err := c.clock.begin(first.AddDate(0, 0, -90)); err != nil {
		return err
	}
	for _, scene := range []struct {
		what string
		play func(context.Context) error
	}{
		{"board", c.found},
		{"candidates", func(ctx context.Context) error { return c.nominate(ctx, first.AddDate(0, 0, -70), delegates) }},
		{"first rotation", c.rotate},
		{"meetings", c.scheduleMeetings},
		{"first meeting", func(ctx context.Context) error { return c.meet(ctx, 0) }},
		{"first question", c.askFirst},
		{"second meeting", func(ctx context.Context) error { return c.meet(ctx, 1) }},
		{"third meeting", func(ctx context.Context) error { return c.meet(ctx, 2) }},
		{"fourth meeting", func(ctx context.Context) error { return c.meet(ctx, 3) }},
		{"second question", c.askSecond},
		{"late candidates", func(ctx context.Context) error { return c.nominate(ctx, c.today.AddDate(0, 0, -20), lateDelegates) }},
		{"undecided candidates", c.nominateUndecided},
		{"second rotation", c.openSecond},
		{"draft of a question", c.draftThird},
		{"calendar feed", c.subscribe},
	} {
		if err := scene.play(ctx); err != nil {
			return fmt.Errorf("%s: %w", scene.what, err)
		}
	}
	return c.clock.end()
}

// at turns the clock to the morning of a day in the board's zone.
func (c *clerk) at(day time.Time) { c.clock.turn(day.Add(16 * time.Hour)) }

// found makes the board, with its charter and the rotations of the years ahead.
func (c *clerk) found(ctx context.Context) error {
	c.at(c.plan.first.AddDate(0, 0, -84))
	_, err := c.boards.CreateBoard(ctx, &boardv1.CreateBoardRequest{BoardId: Board, Board: &boardv1.Board{
		DisplayName: "Customer Advisory Board", TimeZone: boardZone,
		Purpose:     "Customers tell us what to make, mend and stop; we say what we did about it.",
		Secretaries: []string{"principals/" + secretary.id}, Managers: []string{"principals/" + managers[0].id},
	}})
	if err != nil && status.Code(err) != codes.AlreadyExists {
		return err
	}
	there, err := c.boards.ListCharters(ctx, &boardv1.ListChartersRequest{Parent: boardName})
	if err != nil {
		return err
	}
	if len(there.GetCharters()) == 0 {
		if _, err := c.boards.PublishCharter(ctx, &boardv1.PublishCharterRequest{Parent: boardName, Charter: c.plan.charter()}); err != nil {
			return err
		}
	}
	_, err = c.rotations.LayOutRotations(ctx, &boardv1.LayOutRotationsRequest{Parent: boardName, UntilDate: toDate(c.plan.until)})
	return err
}

// nominate makes candidates of customers, as soon as the board has heard of them.
func (c *clerk) nominate(ctx context.Context, day time.Time, list []delegate) error {
	c.at(day)
	return c.heard(ctx, func() error {
		answer, err := c.boards.BatchNominateCandidates(ctx, &boardv1.BatchNominateCandidatesRequest{
			Parent: boardName, Nominations: nominations(list, c.clock.Now()),
		})
		if err != nil {
			return err
		}
		for i, result := range answer.GetResults() {
			if wrong := result.GetError(); wrong != nil {
				return fmt.Errorf("%s: %w", list[i].customer, status.ErrorProto(wrong))
			}
		}
		return nil
	})
}

func (c *clerk) nominateUndecided(ctx context.Context) error {
	c.at(c.today.AddDate(0, 0, -12))
	for _, customer := range undecided {
		_, err := c.boards.NominateCandidate(ctx, &boardv1.NominateCandidateRequest{Parent: boardName, Account: "accounts/" + Slug(customer)})
		if err != nil && status.Code(err) != codes.AlreadyExists {
			return fmt.Errorf("%s: %w", customer, err)
		}
	}
	return nil
}

// heard tries something that fails with NOT_FOUND until the board has heard of accounts.
func (c *clerk) heard(ctx context.Context, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, waitApplied)
	defer cancel()
	for {
		err := try()
		if err == nil || status.Code(err) != codes.NotFound {
			return err
		}
		select {
		case <-time.After(waitHeard):
		case <-ctx.Done():
			return err
		}
	}
}

// waitHeard is how long is waited before the board is asked again.
const waitHeard = 20 * time.Millisecond

// subscribe makes the feed of the board's calendar.
func (c *clerk) subscribe(ctx context.Context) error {
	there, err := c.calendar.ListCalendarFeeds(ctx, &boardv1.ListCalendarFeedsRequest{Subject: boardName})
	if err != nil || len(there.GetCalendarFeeds()) > 0 {
		return err
	}
	_, err = c.calendar.CreateCalendarFeed(ctx, &boardv1.CreateCalendarFeedRequest{
		CalendarFeed: &boardv1.CalendarFeed{DisplayName: "The secretary's desk", Subject: boardName},
	})
	return err
}

func stamp(t time.Time) *timestamppb.Timestamp { return timestamppb.New(t) }
