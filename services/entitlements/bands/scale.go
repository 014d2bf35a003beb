package bands

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"sort"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Subject is what a scale measures.
type Subject string

// The subjects of scales.
const (
	// Spend is trailing 12 months of the day, in minor units.
	Spend Subject = "spend"
	// Tenure is whole months since joining.
	Tenure Subject = "tenure"
	// Reach is followers, as recorded now: no history is kept of them.
	Reach Subject = "reach"
)

// Subjects are all subjects, in the order in which they are listed.
var Subjects = [...]Subject{Reach, Spend, Tenure}

// index is the place of a subject in Subjects.
func (s Subject) index() int { return slices.Index(Subjects[:], s) }

// Unknown stands for a band where there is no value: the reach of an account for which
// none was recorded, the tenure of one that has not joined.
const Unknown = "unknown"

// Lowest is the lower bound of the first band of a scale: it has none.
const Lowest int64 = math.MinInt64

// MaxBands is how many bands a scale may have.
const MaxBands = 20

// Band is the values from a lower bound up to the next band's.
type Band struct {
	// ID is a slug, unique in its scale.
	ID string `bson:"id"`
	// AtLeast is the lower bound, in minor units, months or followers; Lowest for the
	// first band of a scale.
	AtLeast int64 `bson:"at_least"`
}

// find returns the place of the band that a value is in.
func find(bands []Band, value int64) int {
	return sort.Search(len(bands), func(i int) bool { return bands[i].AtLeast > value }) - 1
}

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// validate says what is wrong with the bands of a scale, INVALID_ARGUMENT about the
// first field that is.
func validate(bands []Band) error {
	if len(bands) == 0 || len(bands) > MaxBands {
		return fault.Invalid("band_scale.bands", "a scale has 1 to %d bands, and this one has %d", MaxBands, len(bands))
	}
	seen := map[string]bool{}
	for i, b := range bands {
		field := fmt.Sprintf("band_scale.bands[%d]", i)
		switch {
		case !idPattern.MatchString(b.ID):
			return fault.Invalid(field+".id", "%q is not lower-case letters, digits and hyphens such as small, at most 63", b.ID)
		case b.ID == Unknown:
			return fault.Invalid(field+".id", "%q is what accounts without a value are in: choose another id", Unknown)
		case seen[b.ID]:
			return fault.Invalid(field+".id", "%q is the id of two bands: give each its own", b.ID)
		case i == 0 && b.AtLeast != Lowest:
			return fault.Invalid(field, "the first band has no lower bound, so that every value is in a band: leave its bound out")
		case i > 0 && b.AtLeast == Lowest:
			return fault.Invalid(field, "only the first band has no lower bound: say from which value on %q begins", b.ID)
		case i > 0 && b.AtLeast <= bands[i-1].AtLeast:
			return fault.Invalid(field, "%q begins no later than the band before it: put bands in the order of their bounds", b.ID)
		}
		seen[b.ID] = true
	}
	return nil
}

// quartiles returns the bands into which values fall by quarters, and sorts the values.
// The k-th border is the value at place n*k/4 of n, from 0. Equal values are in one
// band: a border that would leave nothing below it, or is that of the band before, makes
// no band, and the id of a band tells which quarters it holds, as q1-q3.
func quartiles(values []int64) []Band {
	slices.Sort(values)
	bounds, from := []int64{Lowest}, []int{1}
	for k := 1; k < 4 && len(values) > 0; k++ {
		border := values[len(values)*k/4]
		if border > values[0] && border > bounds[len(bounds)-1] {
			bounds, from = append(bounds, border), append(from, k+1)
		}
	}
	bands := make([]Band, len(bounds))
	for i := range bands {
		last := 4
		if i+1 < len(from) {
			last = from[i+1] - 1
		}
		bands[i] = Band{ID: fmt.Sprintf("q%d", from[i]), AtLeast: bounds[i]}
		if last > from[i] {
			bands[i].ID += fmt.Sprintf("-q%d", last)
		}
	}
	return bands
}
