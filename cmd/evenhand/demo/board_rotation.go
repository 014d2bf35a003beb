package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// beacon is a source of randomness as invented as the company.
const beacon = "Larkspur barometer at noon, an invented beacon"

// rotate runs the first rotation from where it is to its end: one of those who were
// invited declines, and an alternate comes.
func (c *clerk) rotate(ctx context.Context) error {
	name := rotationName(c.plan.first)
	r, err := c.rotations.GetRotation(ctx, &boardv1.GetRotationRequest{Name: name})
	for err == nil && r.GetState() != boardv1.Rotation_STATE_CLOSED {
		before := r.GetState()
		if r, err = c.step(ctx, r); err == nil && r.GetState() == before {
			err = fmt.Errorf("%s stays %s", name, before)
		}
	}
	return err
}

// step takes the first rotation to its next state, on the day on which that was.
func (c *clerk) step(ctx context.Context, r *boardv1.Rotation) (*boardv1.Rotation, error) {
	name := r.GetName()
	before := func(days int) { c.at(c.plan.first.AddDate(0, 0, -days)) }
	switch r.GetState() {
	case boardv1.Rotation_STATE_SCHEDULED:
		before(56)
		return c.rotations.OpenRotation(ctx, &boardv1.OpenRotationRequest{Name: name})
	case boardv1.Rotation_STATE_OPEN:
		before(45)
		return c.rotations.FreezeRotation(ctx, &boardv1.FreezeRotationRequest{Name: name})
	case boardv1.Rotation_STATE_FROZEN:
		before(44)
		read := c.plan.first.AddDate(0, 0, -41)
		return c.rotations.CommitRotation(ctx, &boardv1.CommitRotationRequest{Name: name, SeedPlan: &boardv1.SeedPlan{
			Round: &boardv1.PublicRound{Source: beacon, Number: read.Format(time.DateOnly), KnownTime: timestamppb.New(read.Add(20 * time.Hour))},
		}})
	case boardv1.Rotation_STATE_COMMITTED:
		before(40)
		reading := sha256.Sum256([]byte(beacon + " " + name))
		return c.rotations.DrawRotation(ctx, &boardv1.DrawRotationRequest{Name: name, RoundValue: hex.EncodeToString(reading[:])})
	case boardv1.Rotation_STATE_DRAWN:
		before(39)
		return c.rotations.InviteRotation(ctx, &boardv1.InviteRotationRequest{Name: name})
	case boardv1.Rotation_STATE_INVITING:
		if err := c.answer(ctx, r); err != nil {
			return nil, err
		}
		before(28)
		return c.rotations.CloseRotation(ctx, &boardv1.CloseRotationRequest{Name: name})
	default:
		return nil, fmt.Errorf("%s is %s, which the demo does not make of it", name, r.GetState())
	}
}

// answer answers what is open: the first of all declines, everybody else accepts.
func (c *clerk) answer(ctx context.Context, r *boardv1.Rotation) error {
	for day := -37; ; day++ {
		open := slices.IndexFunc(r.GetInvitations(), func(i *boardv1.Invitation) bool { return i.GetState() == boardv1.Invitation_STATE_SENT })
		if open < 0 {
			return nil
		}
		c.at(c.plan.first.AddDate(0, 0, min(day, -30)))
		answer := &boardv1.AnswerSeatInvitationRequest{Name: r.GetName(), Account: r.GetInvitations()[open].GetAccount(), Accept: true}
		if !slices.ContainsFunc(r.GetInvitations(), declined) {
			answer.Accept, answer.Note = false, "We move our works this year and could not do it justice. Ask us again."
		}
		var err error
		if r, err = c.rotations.AnswerSeatInvitation(ctx, answer); err != nil {
			return fmt.Errorf("%s: %w", answer.GetAccount(), err)
		}
	}
}

func declined(i *boardv1.Invitation) bool {
	return i.GetState() == boardv1.Invitation_STATE_DECLINED || i.GetState() == boardv1.Invitation_STATE_LAPSED
}

// openSecond begins the preparation of the second rotation, which is left to be run.
func (c *clerk) openSecond(ctx context.Context) error {
	c.at(c.today.AddDate(0, 0, -7))
	name := rotationName(c.plan.second)
	r, err := c.rotations.GetRotation(ctx, &boardv1.GetRotationRequest{Name: name})
	if err != nil || r.GetState() != boardv1.Rotation_STATE_SCHEDULED {
		return err
	}
	_, err = c.rotations.OpenRotation(ctx, &boardv1.OpenRotationRequest{Name: name})
	return err
}

// members are the accounts that sit on the board after the first rotation, by seat.
func (c *clerk) members(ctx context.Context) ([]string, error) {
	r, err := c.rotations.GetRotation(ctx, &boardv1.GetRotationRequest{Name: rotationName(c.plan.first)})
	if err != nil {
		return nil, err
	}
	var accounts []string
	for _, i := range r.GetInvitations() {
		if i.GetState() == boardv1.Invitation_STATE_ACCEPTED {
			accounts = append(accounts, i.GetAccount())
		}
	}
	return accounts, nil
}
