package test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	typev1 "github.com/evenhand/evenhand/proto/gen/evenhand/type/v1"
)

// tellTales are what would tell a service agent what the account "quokka" spends, which rule
// and bundle it has, in which bands it is, or how loud it is: whatever they are in.
var tellTales = []string{
	"quagga", "54321", // the rule and its bundle
	"7654321",                       // the spend
	"8675309",                       // the reach
	"narwhal", "7654000", "8675000", // the bands
	"partner-25000", "partner-group", "shipping-6000", "five-years", "loan-two-years", // other rules
}

// tellingFields are those of accounts and entitlements that an agent's answers leave empty.
var tellingFields = []protoreflect.Name{
	"rule", "rules", "bundle", "bundles", "valid_until", "distance", "distances", "spend", "spend_band", "band", "bands", "reach", "reach_band", "followers",
}

// quokkaWorld is the demo with the account "quokka", about which all of that is known.
// What can be written of remedies, programmes and the like is there, too: their names are
// returned.
func quokkaWorld(t *testing.T) (*server, []string) {
	s := launch(t, t.TempDir(), "--demo")
	s.awaitReady()
	s.demoCommands()
	text := strings.NewReplacer(
		"bundles:\n", "bundles:\n  - {id: quagga-club, display_name: Quagga Club, benefits: [expert-hours, guided-visit]}\n",
		"benefits:\n", "benefits:\n  - {id: guided-visit, promise: A guided visit to our works., kind: feature, unit_cost: 3.00, expected_use_per_year: 1}\n"+
			"  - {id: quoll-models, promise: Models before they are sold., kind: feature, unit_cost: 2.00, expected_use_per_year: 1}\n",
		"rules:\n", `rules:
  - id: quagga-54321
    promise: Who spends $54,321.98 within a year joins the Quagga Club.
    when: {spend: trailing-12-months, at_least: 54321.98}
    grants: [quagga-club]
  - id: quoll-built-together
    promise: Who completed an innovation project with us sees models before they are sold.
    when: {innovation: projects-completed, at_least: 1}
    grants: [quoll-models]
`).Replace(s.cli("schedule", "show", "--output", "yaml"))
	today := time.Now().In(demoZone).Format(time.DateOnly)
	s.cli("accounts", "create", "--display-name", "Quokka", "--joined", "2020-01-01")
	author := walkAs(t, s, "policy-author")
	author.write()
	s.adopt(regexp.MustCompile(`(?m)^effective: .*$`).ReplaceAllString(text, "effective: "+today))
	s.cli("accounts", "reach", "quokka", "--followers", "8675309")
	paid := value(t, s.cli("revenue", "add", "quokka", "7654321.09", "--currency", "USD", "--date", today, "--source", "test"), "Consistency token")
	s.cli("bands", "set", "spend", "narwhal-small", "narwhal-large=7654000")
	s.cli("bands", "set", "reach", "narwhal-quiet", "narwhal-loud=8675000")
	require.Equal(t, "quagga-54321", value(t, s.cli("check", "quokka", "guided-visit", "--consistency-token", paid), "Rule"))
	s.judge()
	s.cli("programmes", "create", "Numbat", "--summary", "For all.", "--capacity", "3", "--criteria", "{tenure: months, at_least: 1}")
	s.cli("programmes", "create", "Quoll", "--summary", "For some.", "--capacity", "3", "--criteria", "{spend: trailing-12-months, at_least: 54321.98}")
	for _, programme := range []string{"numbat", "quoll"} {
		s.cli("programmes", "publish", programme)
		s.cli("programmes", "apply", programme, "quokka")
	}

	s.cli("board", "feeds", "create", "--board", demoBoard)
	return s, author.known.list
}

// adopt publishes a schedule of the demo company: the administrator proposes it, its
// approver approves it.
func (s *server) adopt(text string) {
	s.t.Helper()
	s.cli("schedule", "drafts", "create", write(s.t, s.dir, "quagga.yaml", text), "--id", "quagga", "--reason", "A club for some.")
	etag := value(s.t, s.cli("schedule", "drafts", "propose", "quagga"), "Etag")
	write(s.t, s.dir, "approver-token", value(s.t, s.cli("tokens", "create", "rafael-stone"), "Secret"))
	approved := person{s, "approver-token"}.cli("schedule", "drafts", "approve", "quagga", "--etag", etag)
	require.Equal(s.t, "published", value(s.t, approved, "State"))
}

// walk calls every unary RPC, as somebody.
type walk struct {
	t        *testing.T
	role     string
	conn     *grpc.ClientConn
	token    string
	known    *names
	answered map[string]bool
	denied   map[string]bool
	refused  map[string]error    // why an RPC last gave no answer
	why      map[string][]string // why an RPC that should change something did not
	told     map[string]string   // by what tells: what told it, and to which question
}

// walkAs begins a walk as a person with a role.
func walkAs(t *testing.T, s *server, role string) *walk {
	s.cli("principals", "create", "some-"+role, "--role", role)
	s.cli("tokens", "create", "some-"+role, "--file", role+"-token")
	token, err := os.ReadFile(filepath.Join(s.dir, role+"-token"))
	require.NoError(t, err)
	w := &walk{
		t: t, role: role, conn: s.dial(), token: strings.TrimSpace(string(token)), known: &names{seen: map[string]bool{}},
		answered: map[string]bool{}, denied: map[string]bool{}, refused: map[string]error{}, why: map[string][]string{}, told: map[string]string{},
	}
	for _, name := range []string{"accounts/quokka", "accounts/quokka/reach", "accounts/quokka/entitlements/guided-visit", "schedule/versions/3", "schedule/versions/4", "bandScales/spend", "benefits/guided-visit"} {
		w.known.add(name)
	}
	return w
}

// methods are all unary RPCs that the server says it has.
func (w *walk) methods() []protoreflect.MethodDescriptor {
	var all []protoreflect.MethodDescriptor
	for _, service := range w.services() {
		of := describe(w.t, w.conn, service).Methods()
		for i := range of.Len() {
			if m := of.Get(i); !m.IsStreamingClient() && !m.IsStreamingServer() {
				all = append(all, m)
			}
		}
	}
	require.Greater(w.t, len(all), 80)
	return all
}

// streamsRead are the RPCs that stream, end, and may be called by a service agent: none.
var streamsRead []string

// streams are those of streamsRead; any other that somebody with the role of the walk may
// call fails the test.
func (w *walk) streams() []protoreflect.MethodDescriptor {
	var known []protoreflect.MethodDescriptor
	for _, service := range w.services() {
		of := describe(w.t, w.conn, service).Methods()
		for i := range of.Len() {
			m := of.Get(i)
			switch {
			case !m.IsStreamingClient() && !m.IsStreamingServer():
			case slices.Contains(streamsRead, string(m.Name())):
				known = append(known, m)
			case !lacksRole(w.first(m)):
				w.t.Errorf("%s streams, and a %s may call it: name it in streamsRead, so that the walk does", m.FullName(), w.role)
			}
		}
	}
	return known
}

// first is how an RPC that streams and is asked for nothing begins to answer.
func (w *walk) first(m protoreflect.MethodDescriptor) error {
	ctx, cancel := context.WithCancel(metadata.AppendToOutgoingContext(w.t.Context(), "authorization", "Bearer "+w.token))
	defer cancel()
	stream, err := w.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, methodPath(m))
	require.NoError(w.t, err)
	_ = stream.SendMsg(dynamicpb.NewMessage(m.Input())) // RecvMsg says why not
	_ = stream.CloseSend()
	return stream.RecvMsg(dynamicpb.NewMessage(m.Output()))
}

// ends are how the names of RPCs begin that end something.
var ends = regexp.MustCompile(`^(Retire|Delete|Close|Cancel|Withdraw|Reset|Skip|Revoke|Reject|Decline)`)

// write makes something of every kind that the walker may write, and ends nothing.
func (w *walk) write() {
	for range 2 {
		for _, m := range w.methods() {
			if reads(m) || !ends.MatchString(string(m.Name())) {
				w.try(m)
			}
		}
	}
}

// A service agent learns from no RPC, by no answer, error or header, what a customer spends,
// nor anything that tells it. An RPC that this walk gets no answer from has to be named in
// notRead. An auditor is told all of it, so it is there to be told.
func TestR3NoRPCTellsServiceAgentsWhatCustomersSpend(t *testing.T) {
	t.Parallel()
	s, written := quokkaWorld(t)
	auditor := walkAs(t, s, "auditor")
	for range 2 {
		for _, m := range auditor.methods() {
			if reads(m) {
				auditor.try(m)
			}
		}
	}
	for _, word := range tellTales {
		require.NotEmpty(t, auditor.told[word], "nobody is told %q: the walk would not notice", word)
	}

	w := walkAs(t, s, "service-agent")
	for _, name := range written {
		w.known.add(name)
	}
	methods := slices.Concat(w.methods(), w.streams())
	for range 3 { // what one RPC names, another one may be asked about
		for _, m := range methods {
			w.try(m)
		}
	}
	for word, told := range w.told {
		t.Errorf("a service agent is told %q: %s", word, told)
	}
	for _, m := range methods {
		name := string(m.FullName())
		if reads(m) && !w.answered[name] && !w.denied[name] && notRead[name] == "" {
			t.Errorf("%s: a service agent may call it, and the walk got no answer from it: give the world what it reads\n%v", name, w.refused[name])
		}
	}
	require.True(t, w.answered[entitlementsService+".CheckEntitlement"])
	require.True(t, w.denied[entitlementsService+".GetSpend"])
}

// reads says whether an RPC only reads.
func reads(m protoreflect.MethodDescriptor) bool {
	access, _ := proto.GetExtension(m.Options(), typev1.E_Access).(*typev1.Access)
	return strings.HasSuffix(access.GetPermission(), ".read") || strings.HasSuffix(access.GetPermission(), ".check")
}

// services lists what the server says that it serves.
func (w *walk) services() []string {
	stream, err := reflectionpb.NewServerReflectionClient(w.conn).ServerReflectionInfo(w.t.Context())
	require.NoError(w.t, err)
	require.NoError(w.t, stream.Send(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}))
	answer, err := stream.Recv()
	require.NoError(w.t, err)
	require.NoError(w.t, stream.CloseSend())
	var own []string
	for _, s := range answer.GetListServicesResponse().GetService() {
		if strings.HasPrefix(s.GetName(), "evenhand.") {
			own = append(own, s.GetName())
		}
	}
	slices.Sort(own)
	return own
}

// notRead are RPCs that a service agent may call, and that have nothing to read in the world.
var notRead = map[string]string{
	"evenhand.board.v1.BoardsService.GetFinding":              "no members of the demo's board are in conflict",
	"evenhand.entitlements.v1.CasesService.GetEscalationPath": "nobody is named to whom cases are escalated",
}

// variants is how many requests of each RPC are tried.
const variants = 8

func (w *walk) try(m protoreflect.MethodDescriptor) {
	for variant := range variants {
		request := maker{known: w.known, about: "quokka", variant: variant / 2, required: variant%2 == 1}.request(m.Input())
		if code := w.call(m, request); code == codes.PermissionDenied && variant == 0 {
			w.denied[string(m.FullName())] = true
		}
	}
	for _, field := range []protoreflect.Name{"filter", "order_by"} {
		if f := m.Input().Fields().ByName(field); f != nil && !w.denied[string(m.FullName())] {
			w.tryTelling(m, f)
		}
	}
}

// tryTelling asks for a list by what is not to be told.
func (w *walk) tryTelling(m protoreflect.MethodDescriptor, by protoreflect.FieldDescriptor) {
	for _, field := range []string{"spend", "spend_band", "rule", "bundle", "reach", "band", "valid_until"} {
		request := maker{known: w.known, about: "quokka"}.request(m.Input())
		text := field
		if by.Name() == "filter" {
			text += " > 1"
		}
		request.Set(by, protoreflect.ValueOfString(text))
		if code := w.call(m, request); code == codes.OK {
			w.told[string(by.Name())+" "+text] = string(m.FullName()) + " answers"
		}
	}
}

// call calls an RPC, and looks for what tells in all that comes back.
func (w *walk) call(m protoreflect.MethodDescriptor, request *dynamicpb.Message) codes.Code {
	ctx := metadata.AppendToOutgoingContext(w.t.Context(), "authorization", "Bearer "+w.token)
	answers, header, trailer, err := w.invoke(ctx, m, request)
	asked := prototext.Format(request)
	told := fmt.Sprint(header, trailer, status.Convert(err).Message(), prototext.Format(status.Convert(err).Proto()))
	for _, answer := range answers {
		told += prototext.Format(answer.Interface())
	}
	for _, word := range tellTales {
		if tells(told, word) && !strings.Contains(asked, word) {
			w.told[word] = fmt.Sprintf("%s\nasked:\n%s\ntold:\n%.4000s", m.FullName(), asked, told)
		}
	}
	if err != nil {
		w.refused[string(m.FullName())] = err
		return status.Code(err)
	}
	w.answered[string(m.FullName())] = true
	only := m.Input().Fields().ByName("validate_only")
	for _, answer := range answers {
		if only == nil || !request.Get(only).Bool() { // what it names is there
			w.known.learn(answer)
		}
		eachField(answer, func(field protoreflect.FieldDescriptor, _ protoreflect.Value) {
			if own := string(field.ContainingMessage().FullName()); !strings.HasPrefix(own, "evenhand.board.") && slices.Contains(tellingFields, field.Name()) {
				w.told[string(field.FullName())] = fmt.Sprintf("%s\nasked:\n%s", m.FullName(), asked)
			}
		})
	}
	return codes.OK
}

// nanos are the fractions of a second of times, among whose digits every number is, some day.
// Those of amounts are less than a unit.
var nanos = regexp.MustCompile(`nanos:\s*[0-9]+`)

// grouped are numbers written with commas. What looks like one may also be several, in a list
// or a line of CSV.
var grouped = regexp.MustCompile(`\b\d{1,3}(,\d{3})+\b`)

// tells says whether a text has a telling word: a number where a number begins, with or without
// commas.
func tells(text, word string) bool {
	plain := strings.ToLower(nanos.ReplaceAllString(text, ""))
	return has(plain, word) || has(grouped.ReplaceAllStringFunc(plain, func(n string) string { return strings.ReplaceAll(n, ",", "") }), word)
}

// has says whether a text has a word: a number where a number begins.
func has(plain, word string) bool {
	for {
		before, after, found := strings.Cut(plain, word)
		if !found {
			return false
		}
		if isDigit := strings.ContainsAny(word[:1], "0123456789"); !isDigit || before == "" || !strings.ContainsAny(before[len(before)-1:], "0123456789.") {
			return true
		}
		plain = word[len(word)-1:] + after
	}
}

func TestTelling(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`spent: "54,321.98 USD"`: true, "units: 54321\nnanos: 980000000": true, "5432198": true, "minor:  5432198": true, "$54321": true,
		"seconds: 1795432160\nnanos: 543210000": false, "nanos:  954321228": false, `"2026-11-22T10:00:00.543210Z"`: false, "154321 54321": true,
		"[3,54321]": true, "2026-11-22,54321.98": true, "22,543,219.80": false, "$1,254,321": false, "1,054,321": false, "3,543,21": false,
	} {
		require.Equal(t, want, tells(text, "54321"), text)
	}
	require.True(t, tells("USD 7,654,321.09", "7654321"))
	require.True(t, tells("2026-11-22,7654321.09", "7654321"))
	require.True(t, tells("a-Quagga-Club", "quagga"))
}

// invoke returns all that an RPC answers.
func (w *walk) invoke(ctx context.Context, m protoreflect.MethodDescriptor, request *dynamicpb.Message) (answers []protoreflect.Message, header, trailer metadata.MD, err error) {
	if m.IsStreamingClient() || m.IsStreamingServer() {
		return w.stream(ctx, m, request)
	}
	answer := dynamicpb.NewMessage(m.Output())
	err = w.conn.Invoke(ctx, methodPath(m), request, answer, grpc.Header(&header), grpc.Trailer(&trailer))
	return []protoreflect.Message{answer}, header, trailer, err
}

func methodPath(m protoreflect.MethodDescriptor) string {
	return "/" + string(m.Parent().FullName()) + "/" + string(m.Name())
}
