package password

import (
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// FuzzDecode reads any stored hash: it is refused without a word of it, or is one
// whose cost is within the bounds and which is written the same way again.
func FuzzDecode(f *testing.F) {
	const salt, hash = "c2FsdHNhbHQ", "aGFzaGhhc2hoYXNoaGFzaA"
	for _, stored := range []string{
		"$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + hash, "$argon2id$v=19$m=4294967295,t=4294967295,p=255$" + salt + "$" + hash,
		"$argon2id$v=19$m=64,t=1,p=0$" + salt + "$" + hash, "$argon2id$v=+19$m=064,t=1,p=1x$" + salt + "$" + hash, "$2a$10$" + salt, "", "$$$$$",
	} {
		f.Add(stored)
	}
	f.Fuzz(func(t *testing.T, stored string) {
		p, err := decode(app.Secret(stored))
		if err != nil {
			require.Less(t, len(err.Error()), 300)
			return
		}
		require.NoError(t, p.check())
		require.Equal(t, stored, p.encode().Reveal())
	})
}
