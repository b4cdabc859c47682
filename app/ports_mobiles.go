package app

import "context"

// Mobiles find who has a number. Safe for concurrent use.
type Mobiles interface {
	// ByMobile finds the account that the number is bound to, or NotFound. Errors
	// other than that are Internal.
	ByMobile(ctx context.Context, country, mobile string) (Account, error)
}
