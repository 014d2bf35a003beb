package parity

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Cases of which the issue or the band is not known are like nobody: they make up no
// group, and no stratum.
func TestR24CasesOfWhichTheBandIsNotKnownAreComparedWithNone(t *testing.T) {
	var b Builder
	for _, band := range []string{"q1", "q2", ""} {
		for _, channel := range []string{"email", "phone"} {
			for i := range 40 {
				r := Row{Account: "acme", ID: channel + band, Channel: channel, Issue: "billing", SpendBand: band}
				if i%2 == 0 || band != "" {
					r.Remedy = "credit"
				}
				require.NoError(t, b.Add(&r))
			}
		}
	}
	rates := func(by ...Dimension) *Result {
		return run(t, b.Cases(), Options{By: by, Within: DefaultWithin(by), Metrics: []Metric{RemedyRate}})
	}
	byBand := rates(SpendBand)
	require.Len(t, byBand.Comparisons, 1, "q1 against q2: what is not known is no group")
	require.Equal(t, NoFinding, byBand.Comparisons[0].Outcome)
	require.Equal(t, 80, byBand.Columns[0].Unknown)
	require.Zero(t, byBand.Columns[0].UnknownWithin)

	byChannel := rates(Channel)
	c := only(t, byChannel, RemedyRate)
	require.Equal(t, [2]int{80, 80}, c.Counts, "the 80 of which the band is not known are not alike")
	require.Equal(t, 2, c.Strata)
	require.Equal(t, 80, byChannel.Columns[0].UnknownWithin)

	all := run(t, b.Cases(), Options{By: []Dimension{Channel}, Metrics: []Metric{RemedyRate}})
	require.Equal(t, [2]int{120, 120}, only(t, all, RemedyRate).Counts, "within nothing all are compared")
}

func TestR24AnAuditSaysWhyNobodyIsAlike(t *testing.T) {
	var b Builder
	for i := range 40 {
		require.NoError(t, b.Add(&Row{Account: "acme", ID: "c", Channel: []string{"email", "phone"}[i%2], Issue: "billing", Remedy: "credit"}))
	}
	c := only(t, run(t, b.Cases(), Options{By: []Dimension{Channel}, Within: []Dimension{Issue, SpendBand}, Metrics: []Metric{RemedyRate}}), RemedyRate)
	require.Equal(t, InsufficientData, c.Outcome)
	require.Equal(t, "of no case of email is known in which issue and spend-band it is, so that none is like another", c.Reason)
}
