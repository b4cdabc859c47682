package reconcile

import (
	"context"
	"iter"

	"accord/app"
)

// Evictable lists the credentials of an account that no session of ours has;
// NotFound if the account has none to list. It is app.Service's.
type Evictable func(ctx context.Context, accountID string) ([]app.Credential, error)

// credentials asks for those of every account, a few requests for each.
func (c *comparison) credentials(ctx context.Context, accounts iter.Seq2[app.Facts, error]) error {
	if c.o.Credentials == nil {
		return nil
	}
	var batch []app.Facts
	for f, err := range accounts {
		if err != nil {
			return err
		}
		if batch = append(batch, f); len(batch) == tokenBatch {
			if err := c.credentialsOf(ctx, batch); err != nil {
				return err
			}
			batch = nil
		}
	}
	return c.credentialsOf(ctx, batch)
}

func (c *comparison) credentialsOf(ctx context.Context, accounts []app.Facts) error {
	found := make([][]app.Credential, len(accounts))
	err := c.together(ctx, len(accounts), func(ctx context.Context, n int) (err error) {
		found[n], err = c.o.Credentials(ctx, accounts[n].AccountID)
		if app.KindOf(err) == app.NotFound { // it left meanwhile
			err = nil
		}
		return err
	})
	if err != nil {
		return err
	}
	for n, f := range accounts {
		inGitea, inStorage := itemOf(Gitea, f), itemOf(InStorage, f)
		for _, credential := range found[n] {
			item := &inGitea
			if credential.Kind == app.StorageAccessKey {
				item = &inStorage
			}
			item.differs(Credential, Field{Name: string(credential.Kind), Have: credential.Name})
		}
		for _, item := range []Item{inGitea, inStorage} {
			item.Kinds = item.Kinds[:min(1, len(item.Kinds))]
			if c.o.Only != "" && c.o.Only != item.System {
				continue
			}
			if err := c.add(item); err != nil {
				return err
			}
		}
	}
	return nil
}

// hasKeys reports whether keys are among the credentials that are to end.
func (i Item) hasKeys() bool {
	for _, f := range i.Fields {
		if app.CredentialKind(f.Name).IsKey() {
			return true
		}
	}
	return false
}
