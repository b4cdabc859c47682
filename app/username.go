package app

import (
	"context"
	"time"

	"accord/app/verify"
	"accord/saga"
)

// usernameMailLifetime is how long such a mail is still sent where the mail
// server does not answer.
const usernameMailLifetime = time.Hour

// sendingUsername is the state of the saga that mails a user name.
type sendingUsername struct {
	// Username is empty where there is nobody to write to.
	Username, Email, Language string
	// Client is the network address that the request came from.
	Client  string
	Expires time.Time
}

// SendUsername mails the owner of the address his user name. Where no account
// has the address the answer and its time are the same, and nothing is sent: so
// the mail goes out after the answer. Invalid, TooOften, Busy or Internal.
func (s *Service) SendUsername(ctx context.Context, email, client, language string) (saga.Receipt, error) {
	const op = "send user name"
	email = normalisedEmail(email)
	if v := violation("email", email); len(v) > 0 {
		return saga.Receipt{}, &Error{Kind: Invalid, Op: op, Violations: v}
	}
	account, err := s.Accounts.ByEmail(ctx, email)
	if err != nil && KindOf(err) != NotFound {
		return saga.Receipt{}, failed(op, err)
	}
	if !account.EmailVerified { // a stranger may have chosen the name
		account.Username = ""
	}
	receipt, err := carryOut(ctx, s.sendUsername, codeSubject, sendingUsername{
		Username: account.Username, Email: email, Client: client, Language: language, Expires: s.Now().Add(usernameMailLifetime),
	})
	return unlessRefused(receipt, err), failed(op, err)
}

// chargeUsername is charged whether an account has the address or not.
func (s *Service) chargeUsername(ctx context.Context, u *sendingUsername) error {
	target, limits := s.Digests.name(u.Email), s.settings.Limits
	_, err := s.admitMessage(ctx, s.mailLimits(), Target{Email: u.Email}, u.Client,
		verify.Charge{Key: "username/minute/" + target, Limit: verify.Quota(limitNameMinute, limits.Code.PerTargetMinute, time.Minute)},
		verify.Charge{Key: "username/day/" + target, Limit: verify.Quota(limitNames, limits.UsernamesPerTargetDay, 24*time.Hour)},
	)
	return err
}

func (s *Service) sendUsernameFlow() saga.Definition[sendingUsername] {
	return saga.Sequence("send user name",
		saga.One(saga.Step[sendingUsername]{
			Name: "decide", Kind: saga.Pivot, Local: true,
			Do: s.chargeUsername,
		}),
		saga.One(saga.Step[sendingUsername]{
			Name: "mail the user name", Kind: saga.Retriable, Detached: true,
			Do: func(ctx context.Context, u *sendingUsername) error {
				if u.Username == "" || !s.Now().Before(u.Expires) {
					return nil
				}
				return s.deliver(ctx, Mail{Kind: MailUsername, To: u.Email, Language: u.Language, Username: u.Username})
			},
		}),
	)
}
