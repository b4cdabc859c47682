package store

import (
	"context"

	"accord/app"
)

// ByMobile implements app.Mobiles.
func (s *accounts) ByMobile(ctx context.Context, country, mobile string) (app.Account, error) {
	return s.find(ctx, "mobile_key = ?", country+mobile)
}
