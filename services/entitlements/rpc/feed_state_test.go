package rpc

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/cases"
	"github.com/evenhand/evenhand/services/entitlements/cases/imports"
	"github.com/evenhand/evenhand/services/entitlements/changes"
)

// What is told of an import of cases names the file, and what is told of a case its source.
func TestR39WhatIsToldOfImportedCases(t *testing.T) {
	told := func(state changes.Told) *entitlementsv1.Change {
		out := &entitlementsv1.Change{}
		tellState(out, &state)
		return out
	}
	i := told(changes.Told{CaseImport: &resource.Stored[imports.Import]{ID: "desk-csv", State: imports.Import{
		Source: "desk", Batch: "desk.csv", Finished: time.Unix(7, 0), Counts: imports.Counts{Read: 2, Written: 2}}}}).GetCaseImport()
	require.Equal(t, "caseImports/desk-csv", i.GetName())
	require.Equal(t, []string{"cases", "desk", "desk.csv"}, []string{i.GetKind(), i.GetSource(), i.GetBatch()})
	require.Equal(t, accountsv1.Import_STATE_FINISHED, i.GetState())
	require.EqualValues(t, 2, i.GetCounts().GetWritten())

	c := told(changes.Told{Case: &cases.Told{Source: "desk", External: "C-1", What: cases.ActReplied,
		By: cases.Actor{Principal: "principals/anna", Role: "service-agent"}}}).GetCase()
	require.Equal(t, []string{"desk", "C-1"}, []string{c.GetSource(), c.GetExternalId()})
	require.Equal(t, []string{"replied", "principals/anna", "service-agent"},
		[]string{c.GetLastEntry().GetWhat(), c.GetLastEntry().GetActor().GetPrincipal(), c.GetLastEntry().GetActor().GetRole()})
}
