package store

import (
	"context"

	"accord/app"
	"accord/app/reconcile"
)

var (
	_ reconcile.Claims    = (*Repairs)(nil)
	_ app.AccountAdoption = (*Repairs)(nil)
)

// NamesTaken implements reconcile.Claims.
func (s *Repairs) NamesTaken(ctx context.Context, names []string) (map[string]bool, error) {
	return s.setOf(ctx, "find names that are taken", "SELECT username_key FROM accounts WHERE username_key IN (?)", folded(names))
}

// AddressesTaken implements reconcile.Claims.
func (s *Repairs) AddressesTaken(ctx context.Context, addresses []string) (map[string]bool, error) {
	return s.setOf(ctx, "find addresses that are taken", "SELECT email_key FROM addresses WHERE email_key IN (?)", folded(addresses))
}

func folded(texts []string) []string {
	keys := make([]string, len(texts))
	for n, text := range texts {
		keys[n] = app.FoldKey(text)
	}
	return keys
}
