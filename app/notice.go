package app

import (
	"context"
	"errors"
	"time"

	"accord/app/verify"
	"accord/saga"
)

// NoticeKind is a security-relevant change that the owner of an account is
// written about. Every kind has its words in the mail adapter.
type NoticeKind string

// The kinds of notices.
const (
	NoticePasswordChanged NoticeKind = "password changed"
	NoticePasswordReset   NoticeKind = "password reset"
	NoticePasswordSet     NoticeKind = "password set"
	NoticeEmailChanged    NoticeKind = "e-mail changed"
	// NoticeEmailConfirmed: the address that an administrator gave was confirmed.
	NoticeEmailConfirmed NoticeKind = "e-mail confirmed"
	NoticeMobileChanged  NoticeKind = "mobile changed"
	// NoticeRoleChanged has Notice.Role.
	NoticeRoleChanged NoticeKind = "role changed"
	// NoticeDeleted has Notice.Until, the end of the grace period, if there is one.
	NoticeDeleted   NoticeKind = "account deleted"
	NoticeRestored  NoticeKind = "account restored"
	NoticeSuspended NoticeKind = "account suspended"
	NoticeResumed   NoticeKind = "account resumed"
	// NoticeSessionsEnded: an operator ended sessions.
	NoticeSessionsEnded NoticeKind = "sessions ended"
	// NoticeOwnerChanged: the address was proved for the first time, by someone
	// with neither the password nor a session, and earlier access has ended.
	NoticeOwnerChanged NoticeKind = "owner changed"
	// NoticeEvicted: the credentials of Notice.Ended were removed from Gitea and the
	// storage. Notice.Keys is the number of keys that stay.
	NoticeEvicted NoticeKind = "access removed"
	// NoticeKeysStay: nothing had to be removed, and Notice.Keys stay.
	NoticeKeysStay NoticeKind = "keys stay"
	// NoticeRemade: the account's user was gone from Gitea, and was made again
	// without what it had.
	NoticeRemade NoticeKind = "made again in Gitea"
	// NoticeSignIn: a sign-in from a network or device that is new to the account.
	NoticeSignIn NoticeKind = "new sign-in"
)

// NoticeKinds lists every kind, for tests that tables are total.
func NoticeKinds() []NoticeKind {
	return []NoticeKind{
		NoticePasswordChanged, NoticePasswordReset, NoticePasswordSet, NoticeEmailChanged, NoticeEmailConfirmed,
		NoticeMobileChanged, NoticeRoleChanged, NoticeDeleted, NoticeRestored, NoticeSuspended, NoticeResumed, NoticeSessionsEnded,
		NoticeOwnerChanged, NoticeEvicted, NoticeKeysStay, NoticeRemade, NoticeSignIn,
	}
}

// NoticeActor is who made a change, as the notice names them.
type NoticeActor string

// Who makes changes.
const (
	// ByUnknown is that of sagas of releases that did not note it.
	ByUnknown NoticeActor = ""
	// BySelf is whoever signs in to the account.
	BySelf          NoticeActor = "self"
	ByAdministrator NoticeActor = "administrator"
	ByOperator      NoticeActor = "operator"
)

// Notice is what its mail says. It contains no text that a client chose.
type Notice struct {
	Kind NoticeKind
	By   NoticeActor
	At   time.Time
	// From is where the request came from; empty unless By is BySelf.
	From Place
	// Until is the end of a deletion's grace period; zero without one.
	Until time.Time
	// Keys is the number of keys that stay in Gitea.
	Keys int
	// Ended counts the credentials that were removed, by kind.
	Ended map[CredentialKind]int `json:",omitempty"`
	// Role is the account's new one; empty in sagas of releases that did not note it.
	Role Role
	// Former says that the notice goes to an address that the account had before.
	// It no longer recovers the account.
	Former bool
	// Closed says that the account is deleted or suspended: its owner can neither
	// sign in nor reset the password.
	Closed bool
	// Last says that no more notices are sent about the account that day.
	Last bool
}

// asked is who asked for a change, when, from where, and in what language. Flows
// keep it in their state; it is zero in sagas of releases that did not.
type asked struct {
	By       NoticeActor
	At       time.Time
	From     Place
	Language string
}

// askedBy notes the caller that changes the account. Neither place nor language
// of an administrator are the owner's.
func (s *Service) askedBy(ctx context.Context, accountID string) asked {
	a := asked{By: ByAdministrator, At: s.Now()}
	switch saga.OriginOf(ctx).Actor {
	case Operator, System:
		a.By = ByOperator
	case "", accountID:
		caller := CallerOf(ctx)
		a.By, a.From, a.Language = BySelf, caller.Place, caller.Language
	}
	return a
}

// announcement is a notice and the addresses that it goes to.
type announcement struct {
	accountID string
	to        []string
	// former is the one of the addresses that the account had before, if it has
	// another one now.
	former   string
	language string
	notice   Notice
}

// announce describes a change of the account to its present address.
func (a asked) announce(kind NoticeKind, account Account) announcement {
	return announcement{
		accountID: account.ID, to: []string{account.Email}, language: a.Language,
		notice: Notice{Kind: kind, By: a.By, At: a.At, From: a.From},
	}
}

// announceMove describes a change of address to the old and to the new one, which
// may be the same: then it was confirmed.
func (a asked) announceMove(before Account, to string) announcement {
	if FoldKey(before.Email) == FoldKey(to) {
		return a.announce(NoticeEmailConfirmed, before)
	}
	moved := a.announce(NoticeEmailChanged, before)
	moved.to, moved.former = append(moved.to, to), before.Email
	return moved
}

// announceEvicted describes what an eviction removed and which keys it left. It
// announces nothing if there was neither.
func (a asked) announceEvicted(account Account, of evictions) announcement {
	out := of.all()
	evicted := a.announce(NoticeEvicted, account)
	evicted.notice.Keys = len(out.Left)
	switch {
	case len(out.Ended) > 0:
		evicted.notice.Ended = map[CredentialKind]int{}
		for _, c := range out.Ended {
			evicted.notice.Ended[c.Kind]++
		}
		for kind, more := range out.Unnamed {
			evicted.notice.Ended[kind] += more
		}
	case len(out.Left) > 0:
		evicted.notice.Kind = NoticeKeysStay
	default:
		return announcement{}
	}
	return evicted
}

// whileClosed is the announcement if the account is deleted or suspended: its
// owner cannot look at keys.
func (a announcement) whileClosed() announcement {
	a.notice.Closed, a.notice.Keys = true, 0
	if a.notice.Kind == NoticeKeysStay {
		return announcement{}
	}
	return a
}

// noticeLifetime is how long a notice is still sent if the mail server does not
// answer.
const noticeLifetime = 24 * time.Hour

// noticeSubject stands for the subject of sagas that send notices: they concern
// an address, which may no longer be the account's, and hold no account up.
const noticeSubject = "notice"

// sendingNotice is the state of the saga that mails a notice to one address.
type sendingNotice struct {
	To, Language string
	Notice       Notice
	Expires      time.Time
}

// announcing makes the step of a flow that begins a saga for each mail, so that
// the flow's own saga ends, and lets its account go, whatever the mail server
// does. It stands beside the first step behind the pivot: no remote system
// delays it. A step that is repeated may send a notice twice.
func announcing[S any](s *Service, of func(*S) announcement) saga.Step[S] {
	return saga.Step[S]{
		Name: "announce", Kind: saga.Retriable,
		Do: func(ctx context.Context, state *S) error { return s.announce(ctx, of(state)) },
	}
}

// announcingEvicted makes the last stage of a flow that evicts, see
// announceEvicted.
func announcingEvicted[S any](s *Service, of func(*S) announcement) saga.Stage[S] {
	return saga.One(saga.Step[S]{
		Name: "announce eviction", Kind: saga.Retriable,
		Do: func(ctx context.Context, state *S) error { return s.announce(ctx, of(state)) },
	})
}

// announce begins the sagas that mail the notice, unless the account has had too
// many that day. An account without address gets none.
func (s *Service) announce(ctx context.Context, a announcement) error {
	var to []string
	for _, address := range a.to {
		if address != "" && address != placeholderOf(a.accountID) {
			to = append(to, address)
		}
	}
	if a.notice.Kind == "" || len(to) == 0 {
		return nil
	}
	if a.notice.At.IsZero() {
		a.notice.At = s.Now()
	}
	send, err := s.spendNotice(ctx, &a)
	if err != nil || !send {
		return err
	}
	for _, address := range to {
		notice := a.notice
		notice.Former = address == a.former
		_, _, err := s.sendNotice.Execute(ctx, noticeSubject, sendingNotice{
			To: address, Language: a.language, Notice: notice, Expires: s.Now().Add(noticeLifetime),
		})
		if err != nil && !errors.Is(err, saga.ErrUndecided) {
			return failed("announce", err)
		}
	}
	return nil
}

// spendNotice counts a notice, and marks the last one of the day, so that repeated
// changes or sign-ins do not flood the owner's mailbox. Sign-ins have a count of their
// own, and so have changes by which an account passes to another: an intruder could
// use up the common one before such a change.
func (s *Service) spendNotice(ctx context.Context, a *announcement) (send bool, err error) {
	key, most := "notice/", s.settings.Limits.NoticesPerAccountDay
	if a.notice.Kind == NoticeSignIn {
		key, most = "notice/sign-in/", s.settings.Limits.SignInNoticesPerAccountDay
	}
	if a.notice.Kind == NoticeEmailChanged || a.notice.Kind == NoticeOwnerChanged {
		key = "notice/owner/"
	}
	if most > 1 {
		send, err = s.within(ctx, key+a.accountID, verify.Quota(limitNotices, most-1, 24*time.Hour))
	}
	if err != nil || send || most == 0 {
		return send || most == 0, err
	}
	a.notice.Last = true
	send, err = s.within(ctx, key+"last/"+a.accountID, verify.Quota(limitNotices, 1, 24*time.Hour))
	if err == nil && !send {
		s.Logger.WarnContext(ctx, "too many notices about an account today", "account", a.accountID, "kind", string(a.notice.Kind))
	}
	return send, err
}

func (s *Service) sendNoticeFlow() saga.Definition[sendingNotice] {
	return saga.Sequence("send notice",
		saga.One(saga.Step[sendingNotice]{
			Name: "decide", Kind: saga.Pivot, Local: true,
			Do: func(context.Context, *sendingNotice) error { return nil },
		}),
		saga.One(saga.Step[sendingNotice]{
			Name: "mail the notice", Kind: saga.Retriable, Detached: true,
			Do: func(ctx context.Context, n *sendingNotice) error {
				if !s.Now().Before(n.Expires) {
					return nil
				}
				return s.deliver(ctx, Mail{Kind: MailNotice, To: n.To, Language: n.Language, Notice: n.Notice})
			},
		}),
	)
}

// ErrUndeliverable is in the errors of a Mailer about a message that the mail
// server will never take, such as one to an address that does not exist.
var ErrUndeliverable = errors.New("app: the mail server refuses the message for good")

// deliver sends a message that nobody waits for: one that is refused for good is
// logged and done.
func (s *Service) deliver(ctx context.Context, m Mail) error {
	err := s.Mailer.Send(ctx, m)
	if errors.Is(err, ErrUndeliverable) {
		s.Logger.WarnContext(ctx, "a message is refused for good", "kind", string(m.Kind), "notice", string(m.Notice.Kind), "error", err)
		return nil
	}
	return err
}
