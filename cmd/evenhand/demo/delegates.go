package demo

// secretary keeps the records of the board.
var secretary = person{"hedda-vaughn", "Hedda Vaughn"}

// delegate is who would come to the advisory board for a customer.
type delegate struct{ customer, name string }

// delegates are those who consented before the first rotation.
var delegates = []delegate{
	{"Harbour & Sons", "Osric Dane"},
	{"Three Kettles Brewing", "Nuala Byrne"},
	{"Windrow Power", "Imani Castellane"},
	{"Penrose Technical College", "Gwendolen Pike"},
	{"Drumlin Castings", "Thea Lindqvist"},
	{"Halyard Broadcasting", "Cosmo Reyes"},
	{"Thistledown Outfitters", "Ottilie Brandt"},
	{"Bannerman Bridges", "Rosalind Kerr"},
	{"Northmoor Wool", "Hamish Tarn"},
	{"Millbrook Creamery", "Delphine Aubert"},
	{"St. Brannock Hospital", "Dr. Petra Nwosu"},
	{"Corvane Diagnostics", "Ravi Menon"},
	{"Octavo Precision", "Sunniva Lark"},
	{"Redcar Ceramics", "Bronagh Tully"},
	{"Ridgeway Surveyors", "Piet Vermeer"},
	{"River Bend Dairy", "Agnes Holm"},
	{"Fairlead Towing", "Tobias Rook"},
	{"Solstice Roofs", "Marisol Vega"},
	{"Fenwick Dental Group", "Dr. Anselm Fenwick"},
	{"Kestrel Bearings", "Yusuf Demir"},
	{"Lanternfish Studios", "Perpetua Sloane"},
	{"Marlowe & Finch", "Leopold Finch"},
	{"Larksong Seeds", "Ingrid Solberg"},
	{"Copperfield Hydro", "Matthias Bruhl"},
	{"Larch House Clinics", "Sister Honor Daly"},
	{"University of Westhollow", "Prof. Edmund Achebe"},
	{"Pennywhistle Toys", "Clementine Fox"},
	{"Stonecrop Builders", "Darragh Quill"},
	{"Hollow Hill Estate", "Lady Maud Ashby"},
	{"Twelvetrees Joinery", "Walter Twelvetrees"},
}

// lateDelegates consented for the second rotation.
var lateDelegates = []delegate{
	{"Tidewater Lighterage", "Bess Marlow"},
	{"Meridian Pilots", "Captain Ines Duarte"},
	{"Foxglove Games", "Kit Okonkwo"},
	{"Cobbler's Row", "Solomon Last"},
	{"Barleymow Growers", "Winifred Stubbs"},
	{"Upland Honey", "Bertram Moss"},
}

// undecided were nominated, and nobody there has consented yet.
var undecided = []string{"Hallam Springs & Wire", "Marrow Street Library"}

// delegateOf returns the name of who would come for a customer; empty for nobody.
func delegateOf(customer string) string {
	for _, list := range [][]delegate{delegates, lateDelegates} {
		for _, d := range list {
			if d.customer == customer {
				return d.name
			}
		}
	}
	return ""
}
