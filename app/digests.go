package app

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

// Digests stand for accounts, and for what was typed, in logs and in the names of
// budgets and proofs: only who has the key can find the account of a digest. The
// zero value returns no digests. Safe for concurrent use.
type Digests struct{ key []byte }

// NewDigests returns digests under the key.
func NewDigests(key []byte) Digests { return Digests{key: key} }

// digestLength is how much of an HMAC is shown, in bytes.
const digestLength = 8

// Of returns the digest of a text; empty for an empty text.
func (d Digests) Of(text string) string {
	if text == "" || len(d.key) == 0 {
		return ""
	}
	mac := hmac.New(sha256.New, d.key)
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil)[:digestLength])
}

// name returns the digest of an address, a number, a user name or a code for the
// names of budgets and proofs, and keeps what was typed out of the database: people
// type passwords into the wrong field. It has one length, and is the same in any
// case of letters. No digest that Of returns is the beginning of one.
func (d Digests) name(typed string) string {
	mac := hmac.New(sha256.New, d.key)
	mac.Write([]byte("name\x00" + FoldKey(typed)))
	return hex.EncodeToString(mac.Sum(nil))
}

// AccountDigests are the digests under which an account appears in logs.
type AccountDigests struct {
	// Account is that of the accountId. Name, Email and Mobile are those of the
	// name, address and number as they are typed to sign in; empty for those that
	// the account lacks.
	Account, Name, Email, Mobile string
}

// OfAccount returns the digests of an account.
func (d Digests) OfAccount(a Account) AccountDigests {
	digests := AccountDigests{Account: d.Of(a.ID)}
	if a.Username != "" {
		digests.Name = d.Of(Credentials{Username: a.Username}.typed(d))
	}
	if a.HasEmail() {
		digests.Email = d.Of(Credentials{Email: a.Email}.typed(d))
	}
	if a.Mobile != "" {
		digests.Mobile = d.Of(Credentials{Country: a.Country, Mobile: a.Mobile}.typed(d))
	}
	return digests
}
