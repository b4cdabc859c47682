package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga/sagatest"
)

// A user name of the form of a number is for the user who proves the number.
func TestANumberIsNoUserName(t *testing.T) {
	const number, other = "13800138000", "13800138001"
	for name, c := range map[string]struct {
		in    app.Registration
		prove string // the number that a code is sent to
		taken bool
	}{
		"a stranger's":            {in: app.Registration{Username: number, Email: "carol@example.com"}},
		"beside another number":   {in: app.Registration{Username: number, Mobile: other, MobileCode: mailed}, prove: other},
		"of no country of ours":   {in: app.Registration{Username: "23800138000", Email: "carol@example.com"}, taken: true},
		"one's own, by a code":    {in: app.Registration{Username: number, Mobile: number, MobileCode: mailed}, prove: number, taken: true},
		"one's own, without code": {in: app.Registration{Username: number, Mobile: number}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuarded(t, strict)
			if c.prove != "" {
				g.mail(t, app.SMSTarget("86", c.prove))
			}
			c.in.Password = goodPassword
			_, err := g.service.Register(t.Context(), c.in)
			if c.taken {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			_, err = g.store.Accounts.ByUsername(t.Context(), c.in.Username)
			requireKind(t, app.NotFound, err)
		})
	}
}

// An administrator's word proves no number.
func TestAnAdministratorNamesNobodyByANumber(t *testing.T) {
	w := newWorld(t, sagatest.NewClock())
	boss := w.role(t, w.register(t, "boss", "boss@example.com"), app.SuperAdministrator)
	_, _, err := w.service.CreatePerson(t.Context(), boss, app.Registration{
		Username: "13800138000", Mobile: "13800138000", MobileVerified: true, Password: goodPassword,
	})
	requireKind(t, app.Invalid, err)
}
