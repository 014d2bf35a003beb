package server

import (
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

// codec is protobuf, but for what it says of bytes that are none: the library answers
// INTERNAL by itself, while a malformed request is the caller's mistake. Received
// messages are therefore decoded into a received, which keeps the error.
type codec struct{}

var protobuf = encoding.GetCodecV2(proto.Name)

type received struct {
	message any
	err     error
}

func (codec) Name() string { return proto.Name }

func (codec) Marshal(v any) (mem.BufferSlice, error) { return protobuf.Marshal(v) }

func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	r, ok := v.(*received)
	if !ok {
		return protobuf.Unmarshal(data, v)
	}
	r.err = protobuf.Unmarshal(data, r.message)
	return nil
}
