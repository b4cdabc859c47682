package saga

import (
	"cmp"
	"context"
)

// Origin tells who asked for a saga. It holds no personal data: an operator
// finds the person by what it names, for as long as that is kept.
type Origin struct {
	// Actor is an accountId, "operator" or "system"; empty where nobody is known.
	Actor string
	// Channel is the way by which it was asked: the name of a wire dialect,
	// "cli", "sweep", "sync".
	Channel string
	// Request is the id that the request has in the log.
	Request string
}

type originKey struct{}

// WithOrigin gives the sagas that are begun with the context their origin.
// Fields of o that are empty stay as ctx has them.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	has := OriginOf(ctx)
	return context.WithValue(ctx, originKey{}, Origin{
		Actor: cmp.Or(o.Actor, has.Actor), Channel: cmp.Or(o.Channel, has.Channel), Request: cmp.Or(o.Request, has.Request),
	})
}

// OriginOf is what WithOrigin gave; zero where it gave nothing.
func OriginOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}
