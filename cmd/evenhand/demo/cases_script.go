package demo

// The channels by which cases come, and their shares in percent.
var channels = []struct {
	id    string
	share int
}{{"email", 50}, {"web-form", 30}, {slowChannel, 20}}

// slowChannel is the channel whose cases wait longer for a first reply, and slowness how
// many times as long: what an audit of the demo's cases has to find.
const (
	slowChannel = "phone"
	slowness    = 1.6
)

// The roles of who handles cases. Nobody of them is slower than the others: account
// managers are given the issues that take long, so that all of their cases together look
// slow. An audit that compares like with like has to find nothing.
const (
	agentRole   = "service-agent"
	managerRole = "account-manager"
)

// issueScript is what customers have to say, how often, and what is done about it.
type issueScript struct {
	id      string
	subject string
	// hours is the median of the working hours to the resolution.
	hours float64
	// agents and managers are the shares in percent of the cases of either.
	agents, managers int
	// fact and values are what is known of each case, the first value the most often.
	fact   string
	values []string
	// remedies are what is done, by the value of the fact.
	remedies map[string]remedyScript
}

// remedyScript is what is done about an issue; worth is in cents, 0 where it is no money.
type remedyScript struct {
	id, title, action string
	worth             int64
}

var (
	apology      = remedyScript{"apology", "Say sorry and mean it", "Call, say what went wrong and by when it is right again.", 0}
	shippingBack = remedyScript{"shipping-back", "Shipping back", "Pay the shipping of the order back.", 18_00}
	newInvoice   = remedyScript{"new-invoice", "A right invoice", "Send a right invoice on the same day.", 0}
	byCourier    = remedyScript{"part-by-courier", "The part by courier", "Send the part by courier, and nobody sends anything back.", 22_50}
	freeRepair   = remedyScript{"free-repair", "Repair free of charge", "Repair it free of charge, and lend an instrument meanwhile.", 140_00}
	recalibrated = remedyScript{"free-recalibration", "Calibrate again free of charge", "Calibrate it again free of charge.", 85_00}
	explained    = remedyScript{"explained", "Explain the drift", "Explain what the drift comes from, and offer a date for a calibration.", 0}
)

var issues = []issueScript{
	{"wrong-invoice", "The invoice is not what was agreed", 5, 40, 8, "cause", []string{"price", "quantity"},
		map[string]remedyScript{"price": newInvoice, "quantity": newInvoice}},
	{"late-delivery", "The order is late", 6, 35, 12, "days-late", []string{"1-3", "4-or-more"},
		map[string]remedyScript{"1-3": apology, "4-or-more": shippingBack}},
	{"missing-part", "A part is missing", 8, 13, 10, "part", []string{"cable", "probe"},
		map[string]remedyScript{"cable": byCourier, "probe": byCourier}},
	{"damaged-in-transit", "It came damaged", 12, 6, 28, "still-works", []string{"no", "yes"},
		map[string]remedyScript{"no": freeRepair, "yes": freeRepair}},
	{"calibration-drift", "It drifts after calibration", 14, 6, 42, "under-warranty", []string{"yes", "no"},
		map[string]remedyScript{"yes": recalibrated, "no": explained}},
}

// comments are what customers say of how a case was handled, by the score from 1.
var comments = []string{
	"Nobody seemed to have read what I wrote.",
	"It took three calls.",
	"All right in the end.",
	"Quick, and they explained it.",
	"Solved before I had time to worry.",
}
