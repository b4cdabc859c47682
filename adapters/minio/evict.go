package minio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"

	"accord/app"
)

var _ app.StorageCredentials = (*Storage)(nil)

// codeNoAccessKey is the server's code for an access key that is no user's.
const codeNoAccessKey = "XMinioAdminServiceAccountNotFound"

// AccessKeys is that of app.StorageCredentials. The policy of homes lets nobody
// make such keys, but an administrator, or a policy beside it, can.
func (s *Storage) AccessKeys(ctx context.Context, key string) ([]app.Credential, error) {
	const op = "list storage access keys"
	if !named(key) {
		return nil, refused(op, errNames)
	}
	accounts, err := s.admin.serviceAccounts(ctx, key)
	if err != nil {
		return nil, failed(op, denied(err))
	}
	found := make([]app.Credential, len(accounts))
	for n, a := range accounts {
		found[n] = app.Credential{Kind: app.StorageAccessKey, User: key, ID: a.AccessKey, Name: orDefault(a.Name, a.AccessKey)}
	}
	return found, nil
}

// EndAccessKey is that of app.StorageCredentials.
func (s *Storage) EndAccessKey(ctx context.Context, key string, c app.Credential) error {
	const op = "end storage access key"
	if !named(key, c.ID) || c.Kind != app.StorageAccessKey {
		return refused(op, errNames)
	}
	accounts, err := s.admin.serviceAccounts(ctx, key)
	if err != nil {
		return failed(op, denied(err))
	}
	for _, a := range accounts {
		if a.AccessKey != c.ID {
			continue
		}
		if err := s.admin.deleteServiceAccount(ctx, c.ID); codeOf(err) != codeNoAccessKey {
			return failed(op, err)
		}
	}
	return nil
}

// RevokeAll is that of app.StorageCredentials.
func (s *Storage) RevokeAll(ctx context.Context, key string) error {
	const op = "revoke all storage credentials"
	if !named(key) {
		return refused(op, errNames)
	}
	return failed(op, s.admin.revokeAll(ctx, key))
}

// serviceAccount is a lasting access key below a user.
type serviceAccount struct {
	AccessKey string `json:"accessKey"`
	Name      string `json:"name"`
}

// serviceAccounts lists those of the user; an absent user has none.
func (a *admin) serviceAccounts(ctx context.Context, key string) ([]serviceAccount, error) {
	r := a.get("list-service-accounts", url.Values{"user": {key}})
	got, err := a.wire.do(ctx, r)
	if err != nil {
		return nil, err
	}
	opened, err := a.seal.reader(ctx, bytes.NewReader(got.body))
	if err != nil {
		return nil, nonsense(r.call, http.StatusOK, err, true)
	}
	plain, err := io.ReadAll(io.LimitReader(opened, maxAnswer))
	if err != nil {
		return nil, nonsense(r.call, http.StatusOK, err, true)
	}
	var list struct {
		Accounts []serviceAccount `json:"accounts"`
	}
	if json.Unmarshal(plain, &list) != nil {
		return nil, nonsense(r.call, http.StatusOK, errors.New("not the list of access keys that was expected"), true)
	}
	return list.Accounts, nil
}

// deleteServiceAccount deletes an access key; codeNoAccessKey if there is none.
func (a *admin) deleteServiceAccount(ctx context.Context, accessKey string) error {
	return a.change(ctx, http.MethodDelete, "delete-service-account", url.Values{"accessKey": {accessKey}}, nil)
}
