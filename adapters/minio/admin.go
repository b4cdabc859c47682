package minio

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"accord/app"
)

// admin is the few calls of the server's admin interface that Accord needs.
// Every error is a *failure. Safe for concurrent use.
type admin struct {
	wire *wire
	as   identity
	seal *sealer
}

// userRecord is what the server tells of a user.
type userRecord struct {
	Status     string `json:"status"`
	PolicyName string `json:"policyName"`
	// MemberOf are the groups of the user.
	MemberOf []string `json:"memberOf"`
}

// userInfo finds a user; codeNoUser where there is none.
func (a *admin) userInfo(ctx context.Context, key string) (userRecord, error) {
	r := a.get("user-info", url.Values{"accessKey": {key}})
	got, err := a.wire.do(ctx, r)
	if err != nil {
		return userRecord{}, err
	}
	var user userRecord
	if err := decode(r, got, &user); err != nil {
		return userRecord{}, err
	}
	if user.Status == "" {
		return userRecord{}, nonsense(r.call, http.StatusOK, errors.New("a user without a status"), true)
	}
	return user, nil
}

// addUser makes the user, or gives an existing one this secret.
func (a *admin) addUser(ctx context.Context, key string, secret app.Secret) error {
	const call = "add-user"
	plain, err := json.Marshal(map[string]string{"secretKey": secret.Reveal(), "status": "enabled"})
	if err != nil {
		return &failure{call: call, cause: err, harmless: true}
	}
	body, err := a.seal.seal(plain)
	if err != nil {
		return &failure{call: call, cause: err, harmless: true}
	}
	return a.change(ctx, http.MethodPut, call, url.Values{"accessKey": {key}}, body)
}

// setStatus lets the user in or keeps it out; codeNoUser where there is none.
// Repeatable.
func (a *admin) setStatus(ctx context.Context, key string, active bool) error {
	status := "disabled"
	if active {
		status = "enabled"
	}
	return a.change(ctx, http.MethodPut, "set-user-status", url.Values{"accessKey": {key}, "status": {status}}, nil)
}

// removeUser removes the user with all credentials derived from it; codeNoUser
// where there is none.
func (a *admin) removeUser(ctx context.Context, key string) error {
	return a.change(ctx, http.MethodDelete, "remove-user", url.Values{"accessKey": {key}}, nil)
}

// setPolicy makes the policy the only one of the user. Repeatable.
func (a *admin) setPolicy(ctx context.Context, key, policy string) error {
	return a.change(ctx, http.MethodPut, "set-user-or-group-policy", url.Values{
		"policyName": {policy}, "userOrGroup": {key}, "isGroup": {"false"},
	}, nil)
}

// revoke ends the user's temporary credentials of that revoke type. The server
// does not mind an absent user. An empty key would mean the administrator, so
// neither may be empty.
func (a *admin) revoke(ctx context.Context, key, revokeType string) error {
	return a.change(ctx, http.MethodPost, "revoke-tokens/builtin", url.Values{
		"user": {key}, "tokenRevokeType": {revokeType},
	}, nil)
}

// revokeAll ends all temporary credentials of the user, likewise.
func (a *admin) revokeAll(ctx context.Context, key string) error {
	return a.change(ctx, http.MethodPost, "revoke-tokens/builtin", url.Values{
		"user": {key}, "fullRevoke": {"true"},
	}, nil)
}

// started waits, as long as one call may take, for a server that starts to have read
// its users and policies from its disk: it forgets those that it was given meanwhile,
// until it reads them anew some minutes later. A list of the groups waits for that,
// and is short. An administrator who may not list them is not waited for.
func (a *admin) started(ctx context.Context) error {
	_, err := a.wire.do(ctx, a.get("groups", nil))
	if codeOf(err) == "AccessDenied" {
		return nil
	}
	return err
}

// policy fetches a policy's document.
func (a *admin) policy(ctx context.Context, name string) ([]byte, error) {
	got, err := a.wire.do(ctx, a.get("info-canned-policy", url.Values{"name": {name}}))
	return got.body, err
}

// putPolicy makes or replaces a policy.
func (a *admin) putPolicy(ctx context.Context, name string, document []byte) error {
	return a.change(ctx, http.MethodPut, "add-canned-policy", url.Values{"name": {name}}, document)
}

// serverInfo is the part of the server's self-description that Probe uses.
type serverInfo struct {
	Mode    string `json:"mode"`
	Servers []struct {
		Version string `json:"version"`
	} `json:"servers"`
}

// info asks the server about itself. The answer's date is known even where the
// call is turned down.
func (a *admin) info(ctx context.Context) (serverInfo, answer, error) {
	r := a.get("info", nil)
	got, err := a.wire.do(ctx, r)
	if err != nil {
		return serverInfo{}, got, err
	}
	var info serverInfo
	return info, got, decode(r, got, &info)
}

func (a *admin) get(call string, query url.Values) request {
	return request{
		call: call, method: http.MethodGet, path: adminPath + call, query: query,
		sign: a.wire.signedS3(a.as), readOnly: true,
	}
}

// change sends a request that writes. Such calls answer with nothing or with
// JSON; anything else is some other server's page.
func (a *admin) change(ctx context.Context, method, call string, query url.Values, body []byte) error {
	got, err := a.wire.do(ctx, request{
		call: call, method: method, path: adminPath + call, query: query, body: body,
		sign: a.wire.signedS3(a.as),
	})
	if err != nil {
		return err
	}
	if rest := bytes.TrimSpace(got.body); len(rest) > 0 && !json.Valid(rest) {
		return nonsense(call, http.StatusOK, errors.New("not an answer of this interface"), false)
	}
	return nil
}
