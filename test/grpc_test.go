package test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// dial connects as a stranger would, who knows nothing but the address.
func (s *server) dial() *grpc.ClientConn {
	s.t.Helper()
	conn, err := grpc.NewClient(s.grpc, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// describe asks the server, by reflection and without a token, what a service is.
func describe(t *testing.T, conn *grpc.ClientConn, service string) protoreflect.ServiceDescriptor {
	t.Helper()
	stream, err := reflectionpb.NewServerReflectionClient(conn).ServerReflectionInfo(t.Context())
	require.NoError(t, err)
	files := &descriptorpb.FileDescriptorSet{}
	known := map[string]bool{}
	ask := func(request *reflectionpb.ServerReflectionRequest) {
		require.NoError(t, stream.Send(request))
		answer, err := stream.Recv()
		require.NoError(t, err)
		for _, encoded := range answer.GetFileDescriptorResponse().GetFileDescriptorProto() {
			file := &descriptorpb.FileDescriptorProto{}
			require.NoError(t, proto.Unmarshal(encoded, file))
			if !known[file.GetName()] {
				known[file.GetName()] = true
				files.File = append(files.File, file)
			}
		}
	}
	ask(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: service}})
	for i := 0; i < len(files.File); i++ {
		for _, dependency := range files.File[i].GetDependency() {
			if !known[dependency] {
				ask(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_FileByFilename{FileByFilename: dependency}})
			}
		}
	}
	require.NoError(t, stream.CloseSend())
	_, err = stream.Recv()
	require.True(t, errors.Is(err, io.EOF), "%v", err)
	registry, err := protodesc.FileOptions{AllowUnresolvable: true}.NewFiles(files)
	require.NoError(t, err)
	found, err := registry.FindDescriptorByName(protoreflect.FullName(service))
	require.NoError(t, err)
	require.NotNil(t, found)
	return found.(protoreflect.ServiceDescriptor)
}

const entitlementsService = "evenhand.entitlements.v1.EntitlementsService"

// dynamicCheck calls CheckEntitlement knowing only what the server says of it.
func (s *server) dynamicCheck(account, benefit string) map[string]any {
	s.t.Helper()
	conn := s.dial()
	ctx := metadata.AppendToOutgoingContext(s.t.Context(), "authorization", "Bearer "+s.token())
	answer, err := call(ctx, s.t, conn, account, benefit)
	require.NoError(s.t, err)
	text, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(answer)
	require.NoError(s.t, err)
	var fields map[string]any
	require.NoError(s.t, json.Unmarshal(text, &fields))
	return fields
}

func call(ctx context.Context, t *testing.T, conn *grpc.ClientConn, account, benefit string) (proto.Message, error) {
	t.Helper()
	method := describe(t, conn, entitlementsService).Methods().ByName("CheckEntitlement")
	require.NotNil(t, method)
	request, answer := dynamicpb.NewMessage(method.Input()), dynamicpb.NewMessage(method.Output())
	// The hot path is fixed by name and number, because others build on it.
	for number, want := range map[protoreflect.FieldNumber]string{1: account, 2: benefit} {
		request.Set(method.Input().Fields().ByNumber(number), protoreflect.ValueOfString(want))
	}
	for number, name := range map[protoreflect.FieldNumber]protoreflect.Name{1: "entitled", 2: "rule", 3: "schedule_version", 4: "valid_until"} {
		require.Equal(t, name, method.Output().Fields().ByNumber(number).Name())
	}
	return answer, conn.Invoke(ctx, "/"+entitlementsService+"/CheckEntitlement", request, answer)
}

// Without a token only health and reflection answer.
func TestGRPCWithoutToken(t *testing.T) {
	t.Parallel()
	s := serve(t)
	conn := s.dial()
	_, err := call(t.Context(), t, conn, "accounts/a", "thanks")
	require.Equal(t, codes.Unauthenticated, status.Code(err), "%v", err)
	require.Zero(t, s.run("", "health", "--server", s.grpc).code)
	require.Zero(t, s.run("", "health", "--http-addr", s.http).code)
}

// Beyond this machine the server tells nobody what it serves, unless it is told to.
func TestReflectionBeyondLoopback(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		flags              []string
		stranger, admitted codes.Code
	}{
		{nil, codes.Unauthenticated, codes.Unimplemented}, // as for anything that there is not
		{[]string{"--reflection"}, codes.OK, codes.OK},
	} {
		s := serve(t, append(test.flags, "--insecure", "--grpc-addr", "0.0.0.0:0")...)
		_, port, err := net.SplitHostPort(s.grpc)
		require.NoError(t, err)
		s.grpc = net.JoinHostPort("127.0.0.1", port)
		conn := s.dial()
		require.Equal(t, test.stranger, reflectionCode(t.Context(), t, conn))
		admitted := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+s.token())
		require.Equal(t, test.admitted, reflectionCode(admitted, t, conn))
	}
}

// reflectionCode is how the server answers when it is asked what services there are.
func reflectionCode(ctx context.Context, t *testing.T, conn *grpc.ClientConn) codes.Code {
	t.Helper()
	stream, err := reflectionpb.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	require.NoError(t, err)
	_ = stream.Send(&reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}) // Recv says why not
	answer, err := stream.Recv()
	if err == nil {
		require.NotEmpty(t, answer.GetListServicesResponse().GetService())
	}
	_ = stream.CloseSend()
	return status.Code(err)
}
