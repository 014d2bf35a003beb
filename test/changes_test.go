package test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// manager is the role that looks after accounts.
const manager = "account-manager"

// patient is how many requests of each RPC are tried by who should succeed in it.
const patient = 5 * variants

// inTurn are the RPCs in the order in which they are walked: what one makes another one
// needs, and those that end something come when all others have been made.
func inTurn(all []protoreflect.MethodDescriptor) [][]protoreflect.MethodDescriptor {
	var making, ending []protoreflect.MethodDescriptor
	for _, m := range all {
		if ends.MatchString(string(m.Name())) || strings.HasPrefix(string(m.Name()), "PlanVacancy") {
			ending = append(ending, m)
		} else {
			making = append(making, m)
		}
	}
	return [][]protoreflect.MethodDescriptor{making, making, ending, making, ending}
}

// valuesOfTheDemo are values that no schema tells: a schedule, who sits on the board.
func (s *server) valuesOfTheDemo(token string) map[string][]string {
	next := "effective: " + time.Now().UTC().AddDate(0, 0, 150).Format(time.DateOnly)
	schedule := regexp.MustCompile(`(?m)^effective: .*$`).ReplaceAllString(s.cli("schedule", "show", "--output", "yaml"), next)
	schedule = strings.Replace(schedule, "A guided visit to our works.", "A guided visit to all our works.", 1)
	terms := s.cli("board", "terms", "list", demoBoard, "--output", "csv")
	members := regexp.MustCompile(`accounts/[a-z0-9-]+`).FindAllString(terms, -1)
	hash := sha256.Sum256([]byte(token))
	return map[string][]string{
		"yaml": {schedule}, "content": {schedule}, "token_hash": {string(hash[:])},
		"Attendance.account": members, "AnswerInvitationRequest.account": members, "RecuseMemberRequest.account": members,
		"SwapTermsRequest.parent": {"boards/" + demoBoard},
	}
}

// read learns the names of all that there is.
func (w *walk) read() {
	for _, m := range w.methods() {
		if reads(m) {
			for variant := range variants {
				w.call(m, maker{known: w.known, about: "wombat", variant: variant / 2, required: variant%2 == 1}.request(m.Input()))
			}
		}
	}
}

// change calls an RPC with each variant, unless its role is not enough for any; one
// that has to succeed tries more. It says whether anything was really written.
func (w *walk) change(m protoreflect.MethodDescriptor, must bool) bool {
	name, done := string(m.Name()), false
	for variant := range patient {
		if variant >= variants && (done || !must) {
			break
		}
		request := maker{known: w.known, about: "wombat", variant: variant / 2, required: variant%2 == 1}.request(m.Input())
		if w.call(m, request) == codes.OK {
			only := m.Input().Fields().ByName("validate_only")
			done = done || only == nil || !request.Get(only).Bool()
			continue
		}
		err := w.refused[string(m.FullName())]
		if told := status.Convert(err).Message(); !done && !slices.Contains(w.why[name], told) {
			w.why[name] = append(w.why[name], told)
		}
		if lacksRole(err) && variant == 1 { // with and without what need not be there
			break
		}
	}
	return done
}

// lacksRole says that a call was refused whatever it is about.
func lacksRole(err error) bool {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return info.GetReason() == "PERMISSION_DENIED"
		}
	}
	return false
}

// stream calls an RPC of which one side or both stream: it is asked once, and heard out.
func (w *walk) stream(ctx context.Context, m protoreflect.MethodDescriptor, request *dynamicpb.Message) (answers []protoreflect.Message, header, trailer metadata.MD, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := w.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, methodPath(m))
	if err != nil {
		return nil, nil, nil, err
	}
	if err := stream.SendMsg(request); err != nil && !errors.Is(err, io.EOF) { // Recv says why
		return nil, nil, nil, err
	}
	if m.IsStreamingClient() { // rows follow the start
		rows := maker{known: w.known, about: "wombat", variant: 1}.request(m.Input())
		if err := stream.SendMsg(rows); err != nil && !errors.Is(err, io.EOF) {
			return nil, nil, nil, err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return nil, nil, nil, err
	}
	for {
		answer := dynamicpb.NewMessage(m.Output())
		err := stream.RecvMsg(answer)
		if err != nil {
			header, _ = stream.Header()
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return answers, header, stream.Trailer(), err
		}
		answers = append(answers, answer)
	}
}

// watcher says what accounts are entitled to, as an administrator sees it.
type watcher struct {
	t        *testing.T
	ctx      context.Context
	accounts accountsv1.AccountsServiceClient
	revenue  accountsv1.RevenueServiceClient
	boards   boardv1.FeedServiceClient
	checks   entitlementsv1.EntitlementsServiceClient
	position int64 // up to where the board's feed is known to be counted
}

func watch(admin *walk) *watcher {
	return &watcher{
		t: admin.t, ctx: metadata.AppendToOutgoingContext(admin.t.Context(), "authorization", "Bearer "+admin.token),
		accounts: accountsv1.NewAccountsServiceClient(admin.conn), revenue: accountsv1.NewRevenueServiceClient(admin.conn),
		boards: boardv1.NewFeedServiceClient(admin.conn), checks: entitlementsv1.NewEntitlementsServiceClient(admin.conn),
	}
}

// assign has the manager of the walk look after an account, also where it was just taken away.
func (w *watcher) assign(account string) {
	_, err := w.accounts.UpdateAccount(w.ctx, &accountsv1.UpdateAccountRequest{
		Account:    &accountsv1.Account{Name: "accounts/" + account, Owner: "principals/some-" + manager},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"owner"}}})
	require.NoError(w.t, err)
}

// held is what the accounts are entitled to once all that was written is counted: an entry
// of another account is written behind it, and waited for.
func (w *watcher) held(accounts ...string) string {
	w.awaitBoard()
	now := time.Now()
	behind, err := w.revenue.CreateRevenueEntry(w.ctx, &accountsv1.CreateRevenueEntryRequest{Parent: "accounts/echidna", RevenueEntry: &accountsv1.RevenueEntry{
		Source: "test", Date: &date.Date{Year: int32(now.Year()), Month: int32(now.Month()), Day: int32(now.Day())}, Amount: &money.Money{CurrencyCode: "USD"}}})
	require.NoError(w.t, err)
	var list []string
	for _, account := range accounts {
		answer, err := w.checks.ListEntitlements(w.ctx, &entitlementsv1.ListEntitlementsRequest{
			Account: "accounts/" + account, HeldOnly: true, ConsistencyToken: behind.GetConsistencyToken()})
		require.NoError(w.t, err)
		for _, e := range answer.GetEntitlements() {
			require.NotEmpty(w.t, e.GetRule(), "%s has %s by no rule", account, e.GetBenefit())
			require.NotEmpty(w.t, e.GetScheduleVersion(), "%s has %s by no version", account, e.GetBenefit())
			list = append(list, fmt.Sprintf("%s has %s by %s of %s", account, e.GetBenefit(), e.GetRule(), e.GetScheduleVersion()))
		}
	}
	return strings.Join(list, "\n")
}

// awaitBoard returns when terms on boards are counted as far as they were told. No answer
// waits for the board's feed; reading it again from its beginning ends when it is read.
func (w *watcher) awaitBoard() {
	feed, err := w.boards.GetFeed(w.ctx, &boardv1.GetFeedRequest{})
	require.NoError(w.t, err)
	if feed.GetPosition() == w.position {
		return
	}
	w.readAgain()
	w.position = feed.GetPosition()
}

// readAgain returns when all feeds of other services are read again from their beginning.
func (w *watcher) readAgain() {
	stream, err := w.checks.RebuildProjections(w.ctx, &entitlementsv1.RebuildProjectionsRequest{})
	require.NoError(w.t, err)
	for err == nil {
		_, err = stream.Recv()
	}
	require.ErrorIs(w.t, err, io.EOF)
}

// manageToFavour has who looks after an account try what would win it a benefit, and shows
// that it would, if somebody else who may did it.
func (w *watcher) manageToFavour(s *server, by *walk, account string) {
	recently := time.Now().UTC().AddDate(0, 0, -3).Format(time.DateOnly)
	s.cli("accounts", "create", "--display-name", "Potoroo", "--joined", recently)
	s.cli("accounts", "create", "--display-name", "Bettong", "--prospect")
	w.assign("bettong")
	ctx := metadata.AppendToOutgoingContext(w.t.Context(), "authorization", "Bearer "+by.token)
	longAgo := &date.Date{Year: 2015, Month: 3, Day: 2}
	before := w.held(account, "bettong")
	for field, patch := range map[string]*accountsv1.Account{"joined_date": {JoinedDate: longAgo}, "parent": {Parent: "accounts/quokka"}} {
		for _, mask := range []*fieldmaskpb.FieldMask{nil, {Paths: []string{field}}} {
			patch.Name = "accounts/" + account
			_, err := w.accounts.UpdateAccount(ctx, &accountsv1.UpdateAccountRequest{Account: patch, UpdateMask: mask})
			require.Equal(w.t, codes.PermissionDenied, status.Code(err), "%s: %v", field, err)
		}
		none := w.held("potoroo")
		patch.Name = "accounts/potoroo"
		_, err := w.accounts.UpdateAccount(w.ctx, &accountsv1.UpdateAccountRequest{Account: patch})
		require.NoError(w.t, err)
		require.NotEqual(w.t, none, w.held("potoroo"), "nothing is won by %s", field)
	}
	_, err := w.accounts.ActivateAccount(ctx, &accountsv1.ActivateAccountRequest{Name: "accounts/bettong", Date: longAgo})
	require.Equal(w.t, codes.PermissionDenied, status.Code(err), "%v", err)
	require.Equal(w.t, before, w.held(account, "bettong"))
}
