package rpc_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// Whoever owns a solicitation has to answer it and is locked by it, so nobody is given
// one by those who answer for their own only.
func TestR11ASolicitationIsHandedOverByThoseWhoMayChangeAll(t *testing.T) {
	s := serveAdvice(t)
	secretary, approver := s.as(t, auth.BoardSecretary), s.as(t, auth.PolicyApprover)
	approver.ask(t, "first")
	hand := func(by asking, owner string) error {
		_, err := by.UpdateSolicitation(t.Context(), &boardv1.UpdateSolicitationRequest{Reason: "On leave.",
			Solicitation: &boardv1.Solicitation{Name: "solicitations/first", Owner: owner}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"owner"}}})
		return err
	}
	st := wantStatus(t, hand(approver, "principals/board-secretary"), codes.PermissionDenied, "NOT_ASSIGNED")
	require.Contains(t, st.Message(), "not hand it to principals/board-secretary")
	require.NoError(t, hand(approver, "principals/policy-approver"), "it stays where it is")
	require.NoError(t, hand(secretary, "principals/board-secretary"))
}
