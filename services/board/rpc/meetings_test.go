package rpc_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/internal/resource"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/charter"
	"github.com/evenhand/evenhand/services/board/diary"
	"github.com/evenhand/evenhand/services/board/meetings"
	"github.com/evenhand/evenhand/services/board/rpc"
)

// boardsOfMeetings knows the boards "advisory", which is assigned to the account manager,
// and "other" and "noticed", which are assigned to nobody. All have five members, and the
// charter of "noticed" a week's notice.
type boardsOfMeetings struct{}

func (boardsOfMeetings) Board(_ context.Context, id string) (meetings.Board, error) {
	switch id {
	case "advisory":
		return meetings.Board{DisplayName: "Advisory board", Zone: "America/New_York", Managers: []string{"account-manager"}}, nil
	case "other", "noticed":
		return meetings.Board{DisplayName: "Other", Zone: "UTC"}, nil
	}
	return meetings.Board{}, fault.Missing("evenhand/Board", "boards/"+id)
}

func (boardsOfMeetings) Charter(_ context.Context, board string, _ time.Time) (meetings.Charter, error) {
	notice := 0
	if board == "noticed" {
		notice = 7
	}
	return meetings.Charter{Version: 2, Rules: charter.Charter{Quorum: charter.Quorum{Percent: 50}, Meetings: charter.Meetings{NoticeDays: notice,
		When: &calendar.Recurrence{Rule: "FREQ=MONTHLY;BYDAY=2TH", Start: "2026-01-01T16:00", Zone: "America/New_York", Duration: time.Hour}}}}, nil
}

func (boardsOfMeetings) Principal(context.Context, string) error { return nil }

func (boardsOfMeetings) Members(context.Context, string, time.Time) ([]meetings.Member, error) {
	var list []meetings.Member
	for i, account := range []string{"ash", "birch", "cedar", "dogwood", "elm"} {
		list = append(list, meetings.Member{Account: account, Contact: "jo", Seat: i + 1})
	}
	return list, nil
}

func (boardsOfMeetings) Called(_ context.Context, accounts []string) (map[string]string, error) {
	called := map[string]string{}
	for _, id := range accounts {
		called[id] = strings.ToUpper(id) + " Ltd"
	}
	return called, nil
}

func (boardsOfMeetings) Conflicts(_ context.Context, _ string, _ time.Time, _, accounts []string) ([]meetings.Conflict, error) {
	if !slices.Contains(accounts, "fir") {
		return nil, nil
	}
	return []meetings.Conflict{{Member: "birch", With: "fir", Reason: "declared competitors", Finding: "f1"}}, nil
}

func (boardsOfMeetings) HasFinding(_ context.Context, _, finding string) (bool, error) {
	return finding == "f1", nil
}

// outbox counts what is delivered.
type outbox struct {
	mu       sync.Mutex
	messages map[string]meetings.Message
}

func (o *outbox) Put(_ context.Context, m meetings.Message) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.messages[m.ID] = m
	return nil
}

// meet serves meetings behind a real server; as returns a client with a role.
func meet(t *testing.T) (as func(auth.Role) boardv1.MeetingsServiceClient, sent *outbox) {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	requests, err := resource.OpenRequests(t.Context(), store, time.Now)
	require.NoError(t, err)
	sent = &outbox{messages: map[string]meetings.Message{}}
	calendars, err := diary.Open(t.Context(), store, rand.Reader, time.Now)
	require.NoError(t, err)
	domain, err := meetings.New(t.Context(), store, requests, boardsOfMeetings{}, calendars, sent)
	require.NoError(t, err)
	keys := &auth.Keyring{}
	for _, role := range people {
		keys.Add(tokenOf(role), auth.NewPrincipal("principals/"+string(role), "", true, role))
	}
	s, err := server.New(t.Context(), server.Options{Authenticator: keys, Faults: rpc.Faults}, server.Service{Name: "board",
		Register: func(r grpc.ServiceRegistrar) { rpc.RegisterMeetings(r, domain) }})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended, relayed := make(chan error, 1), make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	go func() { relayed <- store.RunRelay(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
		if err := <-relayed; !errors.Is(err, context.Canceled) {
			t.Errorf("the relay ended with %v", err)
		}
		require.NoError(t, store.Close())
	})
	return func(role auth.Role) boardv1.MeetingsServiceClient {
		conn, err := s.Dial(auth.Bearer(tokenOf(role)))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, conn.Close()) })
		return boardv1.NewMeetingsServiceClient(conn)
	}, sent
}
