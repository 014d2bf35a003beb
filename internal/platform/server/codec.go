package server

import (
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

var (
	errMalformed = fault.New(fault.InvalidArgument, fault.ReasonInvalidArgument,
		"The request is not a message of this method: its bytes cannot be decoded.")
	errTooLarge = fault.New(fault.InvalidArgument, fault.ReasonInvalidArgument,
		"The request is larger than %d bytes (4 MiB), which is the largest allowed: send it in parts.", MaxRequestBytes)
)

// codec is protobuf, but for what it says of bytes that are none: the library answers
// INTERNAL by itself, while a malformed or oversized request is the caller's mistake.
// Received messages are therefore decoded into a received, which keeps the error.
type codec struct {
	// encoded are told of each message that was encoded.
	encoded []func(message any)
}

var protobuf = encoding.GetCodecV2(proto.Name)

type received struct {
	message any
	err     error
}

func (codec) Name() string { return proto.Name }

func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	data, err := protobuf.Marshal(v)
	for _, tell := range c.encoded {
		tell(v)
	}
	return data, err
}

func (codec) Unmarshal(data mem.BufferSlice, v any) error {
	r, ok := v.(*received)
	if !ok {
		return protobuf.Unmarshal(data, v)
	}
	if data.Len() > MaxRequestBytes {
		r.err = errTooLarge
	} else if err := protobuf.Unmarshal(data, r.message); err != nil {
		r.err = errMalformed.Because(err)
	}
	return nil
}
