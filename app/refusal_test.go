package app_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

// TestRefusalsHaveReasons: every refused authentication has a reason, and its
// account is known if one was found.
func TestRefusalsHaveReasons(t *testing.T) {
	p := newPerson(t, sagatest.NewClock())
	principal := app.Principal{Account: p.account, Session: p.here.Session}
	signIn := func(name string, password app.Secret) func(context.Context) error {
		return func(ctx context.Context) error {
			_, _, err := p.service.SignIn(ctx, app.Credentials{Username: name, Password: password})
			return err
		}
	}
	authenticate := func(token app.Secret) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := p.service.Authenticate(ctx, token)
			return err
		}
	}
	for _, tt := range []struct {
		name   string
		do     func(context.Context) error
		reason app.Refusal
		known  bool
	}{
		{"right password", signIn("alice", goodPassword), "", true},
		{"wrong password", signIn("alice", wrongPassword), app.RefusedPassword, true},
		{"unknown name", signIn("carol", goodPassword), app.RefusedUnknown, false},
		{"confirmation", func(ctx context.Context) error {
			_, err := p.service.ChangePassword(ctx, principal, app.PasswordChange{Old: wrongPassword, New: newPassword})
			return err
		}, app.RefusedPassword, true},
		{"wrong code", func(ctx context.Context) error {
			_, _, err := p.service.SignInByCode(ctx, app.Credentials{Email: "alice@example.com", Code: "ABCDEF"})
			return err
		}, app.RefusedCode, false},
		{"no token", authenticate(""), app.RefusedNoToken, false},
		{"wrong token", authenticate("x.y.z"), app.RefusedToken, false},
		{"right token, role too low", func(ctx context.Context) error {
			who, err := p.service.Authenticate(ctx, p.here.AccessToken)
			require.NoError(t, err)
			_, _, err = p.service.ListPeople(ctx, who, app.Page{Number: 1, Size: 1})
			return err
		}, app.RefusedRole, true},
		{"locked", func(ctx context.Context) error {
			p.suspend(t, app.Locked)
			return signIn("alice", goodPassword)(ctx)
		}, app.RefusedStatus, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			caller := &app.Caller{}
			err := tt.do(app.WithCaller(t.Context(), caller))
			require.Equal(t, tt.reason, app.RefusalOf(err, caller), "%v", err)
			account, _ := caller.About()
			require.Equal(t, tt.known, account != "", account)
		})
	}
}

// TestThrottledSignInsNameWhatWasTyped, which is one key however it was typed.
func TestThrottledSignInsNameWhatWasTyped(t *testing.T) {
	g := newGuarded(t, strict)
	for range 20 {
		_, _, _ = g.service.SignIn(t.Context(), app.Credentials{Username: "alice", Password: wrongPassword})
	}
	caller := &app.Caller{}
	_, _, err := g.service.SignIn(app.WithCaller(t.Context(), caller), app.Credentials{Username: "ALICE", Password: goodPassword})
	require.Equal(t, app.RefusedThrottled, app.RefusalOf(err, caller))
	_, typed := caller.About()
	digests := g.service.Digests
	account, err := g.store.Accounts.ByUsername(t.Context(), "alice")
	require.NoError(t, err)
	require.Equal(t, digests.OfAccount(account).Name, digests.Of(typed))
}

func TestDigestsAreKeyed(t *testing.T) {
	a := app.Account{ID: "26030112000001", Username: "alice", Email: "alice@example.com", Country: "86", Mobile: "13800138000"}
	one, two := app.NewDigests([]byte("one")).OfAccount(a), app.NewDigests([]byte("two")).OfAccount(a)
	for _, pair := range [][2]string{{one.Account, two.Account}, {one.Name, two.Name}, {one.Email, two.Email}, {one.Mobile, two.Mobile}} {
		require.Regexp(t, `^[0-9a-f]{16}$`, pair[0])
		require.NotEqual(t, pair[0], pair[1])
	}
	require.Empty(t, app.Digests{}.Of("alice"))
	require.Empty(t, app.NewDigests([]byte("one")).Of(""))
}

// TestRefusalsAreTotal: each kind by which somebody is not let in has a reason.
func TestRefusalsAreTotal(t *testing.T) {
	others := []app.Kind{
		app.Internal, app.Invalid, app.UserTaken, app.EmailTaken, app.MobileTaken, app.Unchanged, app.SMSLimit, app.LastOwner,
		app.LastAdministrator, app.NotFound, app.Busy, app.DirectoryFailed, app.StorageFailed, app.MailFailed, app.SMSFailed,
		app.PictureFailed, app.RepositoryTaken,
	}
	seen := map[app.Refusal]bool{}
	for _, kind := range app.Kinds() {
		reason := app.RefusalOf(&app.Error{Kind: kind}, &app.Caller{})
		require.Equal(t, reason == "", slices.Contains(others, kind), kind)
		seen[reason] = true
	}
	require.Equal(t, app.RefusedClient, app.RefusalOf(&app.Error{Kind: app.BadCredentials, Err: app.ErrWrongClient}, &app.Caller{}))
	require.Empty(t, app.RefusalOf(nil, &app.Caller{}))
	require.Empty(t, app.RefusalOf(errors.New("defect"), &app.Caller{}))
	for reason := range seen {
		if reason != "" {
			require.Contains(t, app.Refusals(), reason)
		}
	}
}

func TestPlacesAreNetworks(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.77": "192.0.2.0/24", "::ffff:192.0.2.77": "192.0.2.0/24", "2001:db8:1:2::3": "2001:db8:1::/48",
		"fe80::1%eth0": "fe80::/48", "": "unknown", "x": "unknown",
	} {
		require.Equal(t, want, app.Place{Address: address}.Network(), address)
	}
	require.Equal(t, "Firefox/Linux", app.Place{Program: "Firefox", System: "Linux"}.Device())
	require.Equal(t, "Linux", app.Place{System: "Linux"}.Device())
}
