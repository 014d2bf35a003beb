package demo

import boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"

// questionScript is a question to the board. Days count from when it was asked.
type questionScript struct {
	id, question, background string
	owner                    string // id of a principal
	closeDays, decisionDays  int
	ideas                    []ideaScript
	answer                   string
}

func (q questionScript) name() string { return "solicitations/" + q.id }

// ideaScript is an idea and what became of it; without outcome, nothing yet.
type ideaScript struct {
	title, text string
	customer    string // whose it is, where not a member's
	votes       int
	sameAs      string // title of the idea that says the same
	outcome     boardv1.Disposition_Outcome
	reason      string
	dueDays     int // after it was decided
	// done says what was done, and evidence shows it.
	done, evidence string
}

// overdueDays is for how many days the second question should have been answered.
const overdueDays = 12

var firstQuestion = questionScript{
	id: "easier-year", question: "What would make a year with our instruments easier for you?",
	background: "We plan the year's work in spring. What you say by then can be in it.",
	owner:      "mara-lind", closeDays: 30, decisionDays: 55,
	ideas: []ideaScript{
		{title: "Tell us before a calibration runs out, not after", text: "A month ahead would do.", votes: 5,
			outcome: boardv1.Disposition_OUTCOME_ADOPT, reason: "You should never learn it from an auditor. We remind you six weeks ahead.",
			dueDays: 60, done: "Reminders go out six weeks ahead, to everybody named on the certificate.",
			evidence: "https://larkspur.example/news/reminders"},
		{title: "An instrument on loan while ours is away", text: "Two weeks without one stops a line.", votes: 4,
			outcome: boardv1.Disposition_OUTCOME_TRIAL, reason: "We try it with six instruments and count how often they are all out.",
			dueDays: 100, done: "Six instruments were lent 31 times; all six were out on two days. It stays.",
			evidence: "https://larkspur.example/news/loans"},
		{title: "Remind us of the date in good time", text: "We forget it every second year.", customer: "Upland Honey", votes: 2,
			sameAs: "Tell us before a calibration runs out, not after"},
		{title: "Collect from our door", text: "Packing a level so that it arrives level is an art.", votes: 2,
			outcome: boardv1.Disposition_OUTCOME_DECLINE,
			reason:  "Collecting everywhere would cost more than the calibration itself. We send the padded crate free of charge instead."},
		{title: "A telephone number that a person answers", votes: 1,
			outcome: boardv1.Disposition_OUTCOME_ALREADY_THERE,
			reason:  "The number on the back of each instrument is answered by our workshop on working days; it was printed too small, and is larger now."},
	},
	answer: "We remind you six weeks ahead, and lend you an instrument while yours is away. We do not collect, and say why.",
}

var secondQuestion = questionScript{
	id: "stop-doing", question: "What do we do that you would not miss?",
	background: "Whatever we stop makes room for something you asked for.",
	owner:      "tomas-okafor", closeDays: 21, decisionDays: 35,
	ideas: []ideaScript{
		{title: "The printed catalogue", text: "It goes from the letter box to the bin.", votes: 4,
			outcome: boardv1.Disposition_OUTCOME_ADOPT, reason: "The next one is the last, and only for those who ask for it.", dueDays: 120},
		{title: "The survey after every visit", text: "Ask once a year, and read it.", votes: 3},
		{title: "Two passwords for two portals", votes: 3},
	},
}

var thirdQuestion = questionScript{
	id: "next-instrument", question: "What should the next instrument measure?",
	background: "It can be opened once the question before it is answered.",
	owner:      "ines-roth", closeDays: 30, decisionDays: 60,
}
