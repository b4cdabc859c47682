package app

import (
	"context"
	"time"

	"accord/saga"
)

// Bounds of mails with a user name: for one address, and from one client.
const (
	usernameMailsADay       = 5
	usernameMailsClientHour = 20
)

// usernameMailLifetime is how long such a mail is still sent where the mail
// server does not answer.
const usernameMailLifetime = time.Hour

// sendingUsername is the state of the saga that mails a user name.
type sendingUsername struct {
	// Username is empty where there is nobody to write to.
	Username, Email, Language string
	Expires                   time.Time
}

// SendUsername mails the owner of the address his user name. Where no account
// has the address the answer and its time are the same, and nothing is sent: so
// the mail goes out after the answer. Invalid, TooOften, Busy or Internal.
func (s *Service) SendUsername(ctx context.Context, email, client, language string) (saga.Receipt, error) {
	const op = "send user name"
	if !EmailAllowed(email) {
		return saga.Receipt{}, invalid(op, "email", EmailSyntax)
	}
	if err := s.spendUsername(ctx, email, client, s.Now()); err != nil {
		return saga.Receipt{}, failed(op, err)
	}
	account, err := s.Accounts.ByEmail(ctx, email)
	if err != nil && KindOf(err) != NotFound {
		return saga.Receipt{}, failed(op, err)
	}
	receipt, err := carryOut(ctx, s.sendUsername, codeSubject, sendingUsername{
		Username: account.Username, Email: email, Language: language, Expires: s.Now().Add(usernameMailLifetime),
	})
	return receipt, failed(op, err)
}

func (s *Service) spendUsername(ctx context.Context, email, client string, now time.Time) error {
	perClient := usernameMailsClientHour
	if s.settings.Guard.Exempt(client) {
		perClient = 0
	}
	for _, bound := range []struct {
		key    string
		window time.Duration
		limit  int
	}{
		{"username/client/" + ClientKey(client), time.Hour, perClient},
		{"username/minute/" + digest(email), time.Minute, 1},
		{"username/day/" + digest(email), 24 * time.Hour, usernameMailsADay},
	} {
		ok, err := s.Counters.Spend(ctx, bound.key, bound.window, bound.limit, now)
		switch {
		case err != nil:
			return err
		case !ok:
			return &Error{Kind: TooOften}
		}
	}
	return nil
}

func (s *Service) sendUsernameFlow() saga.Definition[sendingUsername] {
	return saga.Sequence("send user name",
		saga.One(saga.Step[sendingUsername]{
			Name: "decide", Kind: saga.Pivot, Local: true,
			Do: func(context.Context, *sendingUsername) error { return nil },
		}),
		saga.One(saga.Step[sendingUsername]{
			Name: "mail the user name", Kind: saga.Retriable, Detached: true,
			Do: func(ctx context.Context, u *sendingUsername) error {
				if u.Username == "" || !s.Now().Before(u.Expires) {
					return nil
				}
				return s.Mailer.Send(ctx, Mail{Kind: MailUsername, To: u.Email, Language: u.Language, Username: u.Username})
			},
		}),
	)
}
