package gateway_test

import (
	"context"
	"errors"

	"google.golang.org/grpc"
)

// nowhere is a connection that leads nowhere.
type nowhere struct{}

func (nowhere) Invoke(context.Context, string, any, any, ...grpc.CallOption) error {
	return errors.New("nowhere")
}

func (nowhere) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, errors.New("nowhere")
}
