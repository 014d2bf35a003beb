package demo

// customer is an invented organisation.
type customer struct {
	name, sector, region string
	parent               string // name of the one above it
	monthly              int64  // what it spends in a usual month, in whole dollars
	growth               int64  // percent a year
	years                int    // how long it has been a customer
	months               int    // and so many months more
	kind                 kind
}

type kind int

const (
	usual kind = iota
	prospect
	closed
	returner // sends things back now and then
	nearly   // a little below the threshold of the partner rule
	joined   // a customer for a few months only
)

// customers are the demo's customers: sixty, over ten lines of business. All of them
// are invented.
var customers = []customer{
	{name: "Harbour & Sons", sector: "Shipping", region: "North", monthly: 2900, growth: 6, years: 9},
	{name: "Tidewater Lighterage", sector: "Shipping", region: "North", parent: "Harbour & Sons", monthly: 1100, growth: 3, years: 6, months: 4},
	{name: "Quayside Cold Store", sector: "Shipping", region: "North", parent: "Harbour & Sons", monthly: 640, growth: 9, years: 4, months: 2},
	{name: "Meridian Pilots", sector: "Shipping", region: "West", monthly: 310, growth: 2, years: 7, months: 8},
	{name: "Fairlead Towing", sector: "Shipping", region: "South", monthly: 1750, growth: 4, years: 5, months: 1, kind: returner},
	{name: "Anchorhold Salvage", sector: "Shipping", region: "East", monthly: 220, growth: 0, years: 3, months: 3},

	{name: "Millbrook Creamery", sector: "Food", region: "East", monthly: 2100, growth: 5, years: 8, months: 2},
	{name: "Orchard Lane Cider", sector: "Food", region: "West", monthly: 480, growth: 14, years: 2, months: 7},
	{name: "Saltmarsh Bakeries", sector: "Food", region: "East", monthly: 1300, growth: 7, years: 6},
	{name: "Three Kettles Brewing", sector: "Food", region: "North", monthly: 905, growth: 11, years: 4, months: 9},
	{name: "Juniper & Rye", sector: "Food", region: "South", monthly: 150, growth: 20, months: 4, kind: joined},
	{name: "Greenacre Preserves", sector: "Food", region: "West", monthly: 390, growth: -4, years: 5, months: 5, kind: closed},

	{name: "Windrow Power", sector: "Energy", region: "North", monthly: 4200, growth: 8, years: 7},
	{name: "Windrow Storage", sector: "Energy", region: "North", parent: "Windrow Power", monthly: 1600, growth: 22, years: 3, months: 1},
	{name: "Windrow Grid Services", sector: "Energy", region: "East", parent: "Windrow Power", monthly: 980, growth: 12, years: 3, months: 8},
	{name: "Copperfield Hydro", sector: "Energy", region: "West", monthly: 2600, growth: 3, years: 10},
	{name: "Solstice Roofs", sector: "Energy", region: "South", monthly: 720, growth: 18, years: 2, months: 2},
	{name: "Peatmoor Heat", sector: "Energy", region: "North", monthly: 340, growth: -6, years: 6, months: 6},

	{name: "St. Brannock Hospital", sector: "Health", region: "East", monthly: 3300, growth: 4, years: 11},
	{name: "Larch House Clinics", sector: "Health", region: "West", monthly: 1450, growth: 6, years: 5, months: 7},
	{name: "Fenwick Dental Group", sector: "Health", region: "South", monthly: 560, growth: 5, years: 4},
	{name: "Fenwick Orthodontics", sector: "Health", region: "South", parent: "Fenwick Dental Group", monthly: 410, growth: 8, years: 3, months: 6},
	{name: "Bluebell Hospice", sector: "Health", region: "North", monthly: 130, growth: 1, years: 8, months: 3},
	{name: "Corvane Diagnostics", sector: "Health", region: "East", monthly: 2350, growth: 15, years: 4, months: 4, kind: returner},

	{name: "Ashgrove School District", sector: "Education", region: "West", monthly: 1250, growth: 2, years: 9, months: 5},
	{name: "Penrose Technical College", sector: "Education", region: "North", monthly: 860, growth: 4, years: 6, months: 1},
	{name: "University of Westhollow", sector: "Education", region: "West", monthly: 2800, growth: 3, years: 12},
	{name: "Littlewick Nurseries", sector: "Education", region: "South", monthly: 95, growth: 10, years: 2, months: 11},
	{name: "Marrow Street Library", sector: "Education", region: "East", monthly: 140, growth: 0, years: 7},
	{name: "Open Bench Makerspace", sector: "Education", region: "East", monthly: 75, growth: 30, months: 7, kind: joined},

	{name: "Drumlin Castings", sector: "Manufacturing", region: "North", monthly: 3700, growth: 5, years: 10, months: 2},
	{name: "Hallam Springs & Wire", sector: "Manufacturing", region: "North", monthly: 1900, growth: 2, years: 8, months: 10},
	{name: "Octavo Precision", sector: "Manufacturing", region: "East", monthly: 1500, growth: 0, years: 5, kind: nearly},
	{name: "Kestrel Bearings", sector: "Manufacturing", region: "South", monthly: 1150, growth: 9, years: 4, months: 3},
	{name: "Redcar Ceramics", sector: "Manufacturing", region: "East", monthly: 830, growth: -3, years: 7, months: 2, kind: returner},
	{name: "Twelvetrees Joinery", sector: "Manufacturing", region: "West", monthly: 260, growth: 6, years: 3, months: 9},

	{name: "Lanternfish Studios", sector: "Media", region: "South", monthly: 690, growth: 16, years: 3, months: 2},
	{name: "The Evening Ledger", sector: "Media", region: "East", monthly: 420, growth: -5, years: 9},
	{name: "Paper Aeroplane Press", sector: "Media", region: "West", monthly: 115, growth: 8, years: 4, months: 8},
	{name: "Halyard Broadcasting", sector: "Media", region: "North", monthly: 1550, growth: 4, years: 6, months: 9},
	{name: "Foxglove Games", sector: "Media", region: "South", monthly: 510, growth: 25, years: 2, months: 1},
	{name: "Night Owl Podcasts", sector: "Media", region: "South", kind: prospect},

	{name: "Marlowe & Finch", sector: "Retail", region: "South", monthly: 2450, growth: 4, years: 8, months: 4},
	{name: "Pennywhistle Toys", sector: "Retail", region: "West", monthly: 780, growth: 7, years: 5, months: 11},
	{name: "Cobbler's Row", sector: "Retail", region: "East", monthly: 180, growth: 3, years: 6, months: 7},
	{name: "Thistledown Outfitters", sector: "Retail", region: "North", monthly: 1020, growth: 10, years: 4, months: 1},
	{name: "Gannet & Daughters", sector: "Retail", region: "North", monthly: 330, growth: 5, years: 3, months: 5},
	{name: "The Copper Kettle", sector: "Retail", region: "West", monthly: 60, growth: 12, months: 5, kind: joined},

	{name: "Bannerman Bridges", sector: "Construction", region: "North", monthly: 3050, growth: 3, years: 11, months: 3},
	{name: "Stonecrop Builders", sector: "Construction", region: "West", monthly: 1400, growth: 6, years: 5, months: 6},
	{name: "Ridgeway Surveyors", sector: "Construction", region: "East", monthly: 940, growth: 8, years: 6, months: 2},
	{name: "Plumb & Level", sector: "Construction", region: "South", monthly: 375, growth: 9, years: 2, months: 9},
	{name: "Cairngrove Quarries", sector: "Construction", region: "North", monthly: 1850, growth: 1, years: 9, months: 1},
	{name: "Weatherby Scaffolds", sector: "Construction", region: "South", monthly: 240, growth: -2, years: 4, months: 10},

	{name: "Barleymow Growers", sector: "Agriculture", region: "East", monthly: 1200, growth: 5, years: 7, months: 5},
	{name: "Hollow Hill Estate", sector: "Agriculture", region: "West", monthly: 670, growth: 2, years: 8, months: 8},
	{name: "Larksong Seeds", sector: "Agriculture", region: "South", monthly: 890, growth: 13, years: 3, months: 7},
	{name: "Northmoor Wool", sector: "Agriculture", region: "North", monthly: 210, growth: 4, years: 5, months: 2},
	{name: "River Bend Dairy", sector: "Agriculture", region: "East", monthly: 1480, growth: 3, years: 6, months: 4},
	{name: "Upland Honey", sector: "Agriculture", region: "West", monthly: 85, growth: 15, months: 9, kind: joined},
}

// person is somebody at a customer, or an account manager of the company.
type person struct{ id, name string }

// managers are the company's own account managers.
var managers = []person{{"mara-lind", "Mara Lind"}, {"tomas-okafor", "Tomas Okafor"}, {"ines-roth", "Ines Roth"}}

// contacts are people at customers, by the customer's name.
var contacts = map[string][]struct{ name, role string }{
	"Harbour & Sons":           {{"Wilhelmina Harbour", "finance"}, {"Osric Dane", "operations"}},
	"Windrow Power":            {{"Imani Castellane", "engineering"}},
	"St. Brannock Hospital":    {{"Dr. Petra Nwosu", "procurement"}, {"Alwyn Frost", "engineering"}},
	"Octavo Precision":         {{"Sunniva Lark", "operations"}},
	"University of Westhollow": {{"Prof. Edmund Achebe", "research"}},
	"Bannerman Bridges":        {{"Rosalind Kerr", "engineering"}},
	"Drumlin Castings":         {{"Jory Pascoe", "operations"}, {"Thea Lindqvist", "finance"}},
	"Upland Honey":             {{"Bertram Moss", "owner"}},
}

// goals are what customers want to reach themselves, by the customer's name.
var goals = map[string]struct {
	statement, measure string
	inMonths           int
}{
	"Harbour & Sons":           {"Halve the hours a container waits at the quay", "hours between landing and leaving", 9},
	"Windrow Power":            {"Keep every turbine running through the winter", "share of hours available", 6},
	"St. Brannock Hospital":    {"No operation put off for want of a calibrated instrument", "operations put off", 12},
	"Octavo Precision":         {"Sell to makers of medical devices", "customers certified for it", 15},
	"University of Westhollow": {"Give every student an hour a week at a real bench", "bench hours a student", 10},
}
