package board

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
	"github.com/evenhand/evenhand/services/board/meetings"
)

// meetingBoards is what meetings learn of boards. It implements meetings.Boards.
type meetingBoards struct{ service *Service }

// Board implements meetings.Boards.
func (m meetingBoards) Board(ctx context.Context, id string) (meetings.Board, error) {
	s, err := m.service.Boards.Get(ctx, id)
	return meetings.Board{DisplayName: s.State.DisplayName, Zone: s.State.Zone, Managers: s.State.Managers, Closed: s.State.State == Closed}, err
}

// Charter implements meetings.Boards. A version applies from the first rotation on which
// it is in force: in between, it is that of the last rotation which took place. Before
// the first one, it is the version that is effective.
func (m meetingBoards) Charter(ctx context.Context, board string, at time.Time) (meetings.Charter, error) {
	day, err := m.day(ctx, board, at)
	if err != nil {
		return meetings.Charter{}, err
	}
	rotations, err := m.service.Rotations.all(ctx, board)
	if err != nil {
		return meetings.Charter{}, err
	}
	for _, s := range slices.Backward(rotations) {
		if r := s.State; r.Day <= day && (r.State == Drawn || r.State == Inviting || r.State == Done) {
			v, err := m.service.Charters.Get(ctx, board, r.Charter)
			return meetings.Charter{Version: v.State.Number, Rules: v.State.Rules}, err
		}
	}
	v, err := m.service.Charters.At(ctx, board, day)
	return meetings.Charter{Version: v.Number, Rules: v.Rules}, err
}

// day is the day it is at an instant in the zone of a board.
func (m meetingBoards) day(ctx context.Context, board string, at time.Time) (civil.Day, error) {
	s, err := m.service.Boards.Get(ctx, board)
	return s.State.zone().DayOf(at), err
}

// Members implements meetings.Boards.
func (m meetingBoards) Members(ctx context.Context, board string, at time.Time) ([]meetings.Member, error) {
	day, err := m.day(ctx, board, at)
	if err != nil {
		return nil, err
	}
	roster, err := m.service.Terms.get(ctx, board)
	if err != nil {
		return nil, err
	}
	var list []meetings.Member
	for _, t := range roster.running(day) {
		list = append(list, meetings.Member{Account: t.Account, Contact: t.Contact, Seat: t.Seat})
	}
	return list, nil
}

// HasFinding implements meetings.Boards.
func (m meetingBoards) HasFinding(ctx context.Context, board, finding string) (bool, error) {
	_, err := m.service.Findings.Get(ctx, board, finding)
	if errors.Is(err, resource.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Called implements meetings.Boards.
func (m meetingBoards) Called(ctx context.Context, accounts []string) (map[string]string, error) {
	return m.service.Accounts.called(ctx, slices.Clone(accounts))
}

// Conflicts implements meetings.Boards. Declared competitors are in conflict under every
// charter, and without one.
func (m meetingBoards) Conflicts(ctx context.Context, board string, at time.Time, members, accounts []string) ([]meetings.Conflict, error) {
	rules, err := m.Charter(ctx, board, at)
	if err != nil && !errors.Is(err, ErrNoCharter) {
		return nil, err
	}
	groups, err := m.service.Rotations.groups(ctx, slices.Concat(members, accounts))
	if err != nil {
		return nil, err
	}
	var all []charter.Account
	for id, a := range groups {
		all = append(all, charter.Account{ID: id, Attributes: a.Attributes, Competitors: a.Competitors, Parent: a.Parent})
	}
	standing, err := m.service.Findings.Standing(ctx, board)
	if err != nil {
		return nil, err
	}
	findings := map[[2]string]string{}
	for _, f := range standing {
		if f.State.Kind == charter.FoundConflict && len(f.State.Accounts) == 2 {
			a, b := f.State.Accounts[0], f.State.Accounts[1]
			_, id, _ := strings.Cut(f.ID, "/findings/")
			findings[[2]string{a, b}], findings[[2]string{b, a}] = id, id
		}
	}
	var list []meetings.Conflict
	for _, c := range rules.Rules.Between(all, members, accounts) {
		list = append(list, meetings.Conflict{Member: c.Of, With: c.With, Reason: c.Text, Finding: findings[[2]string{c.Of, c.With}]})
	}
	return list, nil
}
