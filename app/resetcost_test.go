package app_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// A reset costs a hash only if the code is right, and then whether there is an
// account or not: strangers make no work, and learn nothing by the time.
func TestOnlyARightCodeCostsAHash(t *testing.T) {
	for name, target := range map[string]app.PasswordReset{
		"known address":   {Email: aliceMail},
		"unknown address": {Email: "nobody@example.com"},
		"known number":    {Country: "86", Mobile: "13800138000"},
		"unknown number":  {Country: "86", Mobile: "13800138001"},
		"without permit":  {Email: aliceMail, NeedsPermit: true, Client: homeIP},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuarded(t, strict)
			g.number(t)
			key := app.MailTarget(target.Email)
			if target.Email == "" {
				key = app.SMSTarget(target.Country, target.Mobile)
			}
			reset := func(code app.Secret) {
				target.Code, target.New = code, newPassword
				_, _ = g.service.ResetPassword(t.Context(), target)
			}
			reset("WRONG2")
			g.mail(t, key)
			reset("WRONG2")
			require.Zero(t, g.door.hashed.Load())
			reset(mailed)
			if target.NeedsPermit {
				require.Zero(t, g.door.hashed.Load())
			} else {
				require.EqualValues(t, 1, g.door.hashed.Load())
			}
		})
	}
}
