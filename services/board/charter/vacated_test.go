package charter

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAVacancyEndsWhenTheSeatsNextTermBegins(t *testing.T) {
	left := day("2026-12-01")
	terms := []Term{
		{Account: "a", Seat: 3, Start: day("2026-03-10"), End: day("2029-03-13"), Ended: &left},
		{Account: "b", Seat: 3, Start: day("2027-03-09"), End: day("2029-03-13"), Vacancy: true},
	}
	require.Equal(t, day("2027-03-09"), Vacated(terms, day("2027-02-01"))[3].End)
	require.Equal(t, day("2029-03-13"), Vacated(terms[:1], day("2027-02-01"))[3].End)
	require.Empty(t, Vacated(terms, day("2027-03-09")), "it is held again")
}
