package app

import "context"

// clientOf returns the network address of the caller, by which limits count; it
// is empty for operators. The server names the caller of every request, so that
// limits hold in every dialect.
func clientOf(ctx context.Context) string { return CallerOf(ctx).Place.Address }
