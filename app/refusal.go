package app

import (
	"errors"
	"slices"
)

// Refusal is why a request was not let in, in words of a closed list.
type Refusal string

// The reasons of refused authentication.
const (
	// RefusedPassword: the password is wrong, or the credentials changed
	// meanwhile.
	RefusedPassword Refusal = "wrong password"
	// RefusedUnknown: no account has that name, address or number.
	RefusedUnknown Refusal = "unknown account"
	// RefusedStatus: the account may not sign in, being locked, paused, stopped or
	// leaving.
	RefusedStatus Refusal = "account shut out"
	// RefusedCode: the verification code, or the answer to a challenge, is wrong.
	RefusedCode Refusal = "wrong code"
	// RefusedInvite: the invitation code is wrong.
	RefusedInvite Refusal = "wrong invitation"
	// RefusedNoToken, RefusedToken and RefusedExpired: the token is missing, not
	// good, or was good until its time ran out.
	RefusedNoToken Refusal = "token missing"
	RefusedToken   Refusal = "wrong token"
	RefusedExpired Refusal = "token expired"
	// RefusedThrottled: a limit on attempts is used up.
	RefusedThrottled Refusal = "throttled"
	// RefusedHuman: a human check has to be passed first.
	RefusedHuman Refusal = "human check"
	// RefusedRole: the role is not enough.
	RefusedRole Refusal = "forbidden"
	// RefusedClient: the credentials of an introspection client are wrong.
	RefusedClient Refusal = "wrong client"
)

// Refusals lists every reason.
func Refusals() []Refusal {
	all := []Refusal{RefusedPassword, RefusedUnknown, RefusedStatus, RefusedClient}
	for _, kind := range Kinds() {
		if reason := refusals[kind]; reason != "" {
			all = append(all, reason)
		}
	}
	slices.Sort(all)
	return all
}

// refusals are the reasons of kinds that have one reason each.
var refusals = map[Kind]Refusal{
	CodeWrong: RefusedCode, InviteWrong: RefusedInvite, TokenMissing: RefusedNoToken, TokenInvalid: RefusedToken,
	TokenExpired: RefusedExpired, TooOften: RefusedThrottled, HumanCheckRequired: RefusedHuman, Forbidden: RefusedRole,
}

// ErrWrongClient is the cause of BadCredentials that are those of a service, not
// of an account.
var ErrWrongClient = errors.New("app: wrong credentials of a client")

// RefusalOf returns why the error let the caller's request not in; empty if err
// is nil or of another nature.
func RefusalOf(err error, c *Caller) Refusal {
	if err == nil {
		return ""
	}
	kind := KindOf(err)
	if kind != BadCredentials {
		return refusals[kind]
	}
	var notAllowed *NotAllowed
	account, _ := c.About()
	switch {
	case errors.Is(err, ErrWrongClient):
		return RefusedClient
	case errors.As(err, &notAllowed):
		return RefusedStatus
	case account == "":
		return RefusedUnknown
	}
	return RefusedPassword
}
