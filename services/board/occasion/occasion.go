// Package occasion names what happens on an advisory board, for its calendars.
package occasion

import "github.com/evenhand/evenhand/internal/calendar"

// Product is what of Evenhand writes the calendars of boards.
const Product = "Advisory board"

// The kinds of event.
const (
	// Rotation is the day on which terms end and begin.
	Rotation calendar.Kind = "rotation"
	// Meeting is a meeting of a board.
	Meeting calendar.Kind = "meeting"
	// TermStart is the first day of a member's term.
	TermStart calendar.Kind = "term-start"
	// TermEnd is the last day of a member's term.
	TermEnd calendar.Kind = "term-end"
	// AnswerDue is the last day to answer an invitation to a seat.
	AnswerDue calendar.Kind = "answer-due"
	// IdeasDue is the last day on which a solicitation takes ideas.
	IdeasDue calendar.Kind = "ideas-due"
	// DecisionDue is the day by which the ideas of a solicitation are to be decided.
	DecisionDue calendar.Kind = "decision-due"
	// FollowUpDue is the day by which what was decided is to be done.
	FollowUpDue calendar.Kind = "follow-up-due"
)
