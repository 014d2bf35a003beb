package demo

import boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"

// meetingScript is what happened at a meeting.
type meetingScript struct {
	title   string
	agenda  []agendaScript
	minutes string
}

// agendaScript is an item of the agenda, and what was decided; nothing, where decision is
// empty.
type agendaScript struct {
	id, title string
	kind      boardv1.AgendaItem_Kind
	decision  string
	owner     string // id of a principal
	dueDays   int    // after the meeting
	evidence  string // of what was done; empty where it is still to be done
}

// meetingScripts are the meetings of the board's first year. What the third decided is
// late.
var meetingScripts = []meetingScript{
	{
		title: "First meeting",
		agenda: []agendaScript{
			{id: "welcome", title: "Who we are, and how we were drawn", kind: boardv1.AgendaItem_KIND_INFORMATION},
			{id: "manners", title: "How we work with each other", kind: boardv1.AgendaItem_KIND_DECISION,
				decision: "Papers are sent ten days ahead, and no meeting is longer than two hours.",
				owner:    secretary.id, dueDays: 60, evidence: "Papers of the second meeting went out eleven days ahead."},
		},
		minutes: "# First meeting\n\nThe secretary showed how the draw is replayed from its public record; two members did so on the spot.\n" +
			"\nPapers are sent ten days ahead, and no meeting is longer than two hours.\n",
	},
	{
		title: "Second meeting",
		agenda: []agendaScript{
			{id: "answers", title: "What came of your first answers", kind: boardv1.AgendaItem_KIND_INFORMATION},
			{id: "loan", title: "An instrument on loan while one is repaired", kind: boardv1.AgendaItem_KIND_DECISION,
				decision: "The company keeps six instruments for loan and sends one on the day a repair is booked.",
				owner:    managers[0].id, dueDays: 90, evidence: "Six instruments are in the loan cupboard; the first went out in the same month."},
		},
		minutes: "# Second meeting\n\nThe answers to the first question were gone through one by one.\n" +
			"\nSix instruments are kept for loan. One is sent on the day a repair is booked.\n",
	},
	{
		title: "Third meeting",
		agenda: []agendaScript{
			{id: "certificates", title: "Certificates that machines can read", kind: boardv1.AgendaItem_KIND_DECISION,
				decision: "Every calibration certificate is sent as a file that a machine can read, beside the paper.",
				owner:    managers[1].id, dueDays: 75},
			{id: "spares", title: "How long spare parts are kept", kind: boardv1.AgendaItem_KIND_DISCUSSION},
		},
		minutes: "# Third meeting\n\nCertificates come as a file beside the paper. Spare parts: members want fifteen years; taken up next time.\n",
	},
	{
		title: "Fourth meeting",
		agenda: []agendaScript{
			{id: "spares", title: "How long spare parts are kept", kind: boardv1.AgendaItem_KIND_DECISION,
				decision: "Spare parts are kept for fifteen years after the last instrument was sold.",
				owner:    managers[2].id, dueDays: 200},
			{id: "rotation", title: "The next rotation: whom to tell about it", kind: boardv1.AgendaItem_KIND_DISCUSSION},
		},
		minutes: "# Fourth meeting\n\nSpare parts are kept for fifteen years. Every member names two customers who should be asked to consent.\n",
	},
}
