package docstore

import "context"

type principalKey struct{}

// WithPrincipal returns a context whose changes are recorded as made on behalf of
// who.
func WithPrincipal(ctx context.Context, who string) context.Context {
	return context.WithValue(ctx, principalKey{}, who)
}

// Principal returns who the context acts for, or "" where nobody was named.
func Principal(ctx context.Context) string {
	who, _ := ctx.Value(principalKey{}).(string)
	return who
}
