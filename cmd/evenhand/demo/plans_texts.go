package demo

// wish is a goal of a customer: a measure goes from a value to another.
type wish struct {
	statement, measure, unit string
	from, to                 float64
}

// calling is what customers of a line of business want for themselves, what that means for
// their own customers, and what the company gives for it.
type calling struct {
	wishes               [2]wish
	effect, contribution string
}

// goalFigures complete the goals that customers told before there were plans, by name.
var goalFigures = map[string]struct {
	unit     string
	from, to float64
}{
	"Harbour & Sons":           {"hours", 22, 11},
	"Windrow Power":            {"%", 94, 99},
	"St. Brannock Hospital":    {"operations", 9, 0},
	"Octavo Precision":         {"customers", 1, 6},
	"University of Westhollow": {"hours", 0.4, 1},
}

// callings are all lines of business, by name.
var callings = map[string]calling{
	"Shipping": {[2]wish{
		{"Load no ship twice because the scale was wrong", "loads weighed again", "a month", 14, 2},
		{"Know the draught before the pilot asks", "departures with a measured draught", "%", 60, 95}},
		"Whoever waits for goods in the {region} gets them on the day that was said.",
		"Load cells that keep their calibration at sea, and somebody on the quay when they do not."},
	"Food": {[2]wish{
		{"Throw away no batch for want of a temperature", "batches thrown away", "a quarter", 8, 1},
		{"Bake and brew the same on every line", "spread between the lines", "%", 9, 3}},
		"Shops of the {region} have {name} on the shelf each morning, and it tastes as it did the day before.",
		"Probes that can be washed, calibrated in a night, and a spare set in their own cold room."},
	"Energy": {[2]wish{
		{"Find a worn bearing before it stops a machine", "unplanned stops", "a year", 12, 3},
		{"Bill every hour by a meter that holds up in court", "meters within half a percent", "%", 82, 99}},
		"Households in the {region} have heat and light, and a bill that they can check.",
		"Vibration sensors on loan for the winter, and our metrologists for what they find."},
	"Health": {[2]wish{
		{"Have every device checked before it is needed", "devices past their date", "devices", 40, 0},
		{"Give nurses an hour back that they spend on checks", "hours of checks", "a week", 31, 20}},
		"Nobody who comes to {name} waits because a device waits for its certificate.",
		"Checks on site, at night, and a certificate by the morning."},
	"Education": {[2]wish{
		{"Let every learner use a real instrument", "learners at a bench", "%", 35, 80},
		{"Break fewer instruments, and learn from those", "repairs", "a year", 26, 10}},
		"Young people of the {region} come to their first work having measured something themselves.",
		"Instruments of the second hand, an afternoon for teachers, and repairs that learners watch."},
	"Manufacturing": {[2]wish{
		{"Ship no part that comes back", "parts returned", "in 10,000", 18, 4},
		{"Set a machine up within the hour", "time to set up", "minutes", 145, 60}},
		"The makers who buy of {name} can build without measuring everything again.",
		"Gauges at the machine instead of in the laboratory, and the uncertainty budget that goes with them."},
	"Media": {[2]wish{
		{"Sound the same in the hall and at home", "corrections after a recording", "a month", 25, 8},
		{"Lose no day of shooting to a broken meter", "days lost", "a year", 7, 1}},
		"Those who listen and look get what was meant, whatever they hear and see it on.",
		"Meters on loan from Friday to Monday, and a telephone that is answered then too."},
	"Retail": {[2]wish{
		{"Sell nothing that weighs less than it says", "complaints about weight", "a quarter", 19, 3},
		{"Let each shop check its own scales", "shops that do", "%", 10, 75}},
		"People who buy at {name} get what they pay for, to the gram.",
		"A set of weights for each shop, a page that says how, and our seal once a year."},
	"Construction": {[2]wish{
		{"Find what moves before anybody sees a crack", "sites that are watched", "%", 30, 90},
		{"Survey a site in a day", "time on site", "days", 3, 1}},
		"Whoever walks over or lives in what {name} builds in the {region} is safe there.",
		"Strain gauges and the people who read them, from the first drawing on."},
	"Agriculture": {[2]wish{
		{"Water only where it is dry", "water used", "thousand litres", 820, 600},
		{"Sell by what is in it, not by the sack", "lots with a certificate", "%", 15, 70}},
		"Mills and dairies of the {region} know what they buy before it is unloaded.",
		"Moisture probes for a season, and a laboratory that answers on the same day."},
}

// outcomes are what came of contacts.
var outcomes = []string{
	"{name} is content with the last calibration. Somebody new at the bench asks for a short introduction.",
	"They have moved a line, and two instruments of {name} stand where nobody uses them. We look at it together.",
	"Spoke about their goal. It goes well, and they would like to show it to others in {sector}.",
	"The padded crate came back damaged. We replace it, and ask the carrier what happened.",
	"They want the certificates of {name} by e-mail only. Written down for everybody here.",
	"Nothing to mend. They told what they hear of {sector} in the {region}, which is worth more than an order.",
	"A probe drifts in the heat. One of our people calls {name} back this week.",
	"They plan next year's work of {name} in two months and want us there with figures.",
	"Their auditor praised the records. They ask whether the other works of {name} could have the same.",
	"They are short of people at {name}, and can measure less than they meant to. We offered an hour on site.",
}

// skipped is why contacts were not made.
var skipped = []string{
	"They are closed this week, and asked us to come back after.",
	"We spoke at length two days before, about something else.",
	"They count their stock and want no calls.",
}
