package app

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"accord/app/verify"
	"accord/saga"
)

// Names of limits in metrics and logs: those of their settings, where they have
// one.
const (
	limitAccount      = "guard.account"
	limitAccountInAll = "guard.account.allNames"
	limitOwnNetwork   = "guard.account.ownNetwork"
	limitConfirm      = "guard.account.confirm"
	limitClient       = "guard.client"
	limitCodes        = "guard.client.codes"
	limitIntrospect   = "guard.client.introspection"
	limitHuman        = "guard.humanCheck"

	limitMail     = "mail.perClientHour"
	limitMails    = "mail.platformDay"
	limitSMS      = "sms.perClientHour"
	limitMessages = "sms.platformDay"

	limitMailReserve    = "mail.reservePercent"
	limitMessageReserve = "sms.reservePercent"

	limitUpload  = "picture.perAccountHour"
	limitUploads = "picture.platformHour"

	limitNotices = "notices.perAccountDay"
	limitVisits  = "notices.perNetworkDay"

	limitRestore = "gitea.restorePassword"
	limitRemake  = "gitea.remake"

	limitTargetMinute = "limits.codesPerTargetMinute"
	limitAgain        = "limits.codesPerTargetMinute.client"
	limitTargetDay    = "limits.codesPerTargetDay"
	limitReserve      = "limits.codeReserveDay"
	limitCodeTries    = "limits.codeTriesPerClient"
	limitRedeemed     = "limits.redeemedCodeTries"
	limitNameMinute   = "limits.usernamesPerTargetMinute"
	limitNames        = "limits.usernamesPerTargetDay"
	limitRegister     = "limits.registrationsPerClientHour"
	limitRegisters    = "limits.registrationsPlatformDay"
	limitLookups      = "limits.lookupsPerClientHour"
	limitChallenge    = "limits.challengesPerClientMinute"
	limitChallenges   = "limits.challengesPlatform"
	limitSolve        = "limits.solvesPerClientHour"
	limitProfiles     = "limits.profilesPerClientHour"
	limitChanges      = "limits.changesPerAccountHour"
	limitManaged      = "limits.managedPerAccountHour"
	limitRepositories = "limits.repositoriesPerAccountHour"
	limitSignIns      = "limits.signInsPerAccountHour"
	limitSignInsFrom  = "limits.signInsPerClientHour"

	// wide is what the limit of a client's wider network is called, after its own.
	wide = ".wide"
)

// LimitNames lists the names of all limits, for metrics.
func LimitNames() []string {
	names := []string{
		limitAccount, limitAccountInAll, limitOwnNetwork, limitHuman, limitConfirm,
		limitRestore, limitRemake, limitNotices, limitVisits, limitUpload, limitUploads, limitChallenges,
		limitMails, limitMailReserve, limitMessages, limitMessageReserve,
		limitSignIns, limitChanges, limitManaged, limitRepositories, limitAgain, limitTargetMinute, limitTargetDay, limitReserve, limitRedeemed, limitNames, limitNameMinute, limitRegisters,
	}
	for _, client := range []string{
		limitClient, limitSolve, limitChallenge, limitMail, limitSMS, limitCodeTries, limitRegister, limitLookups, limitIntrospect,
		limitSignInsFrom, limitProfiles, limitCodes,
	} {
		names = append(names, client, client+wide)
	}
	slices.Sort(names)
	return names
}

// Limits bound what clients ask for, beside guesses at secrets. Zero of any is no
// limit.
type Limits struct {
	Mail, SMS SendLimits
	Code      TargetLimits
	// UsernamesPerTargetDay bounds mails with a user name for one address.
	UsernamesPerTargetDay int
	// RegistrationsPerClientHour and RegistrationsPlatformDay bound accounts that
	// are made.
	RegistrationsPerClientHour, RegistrationsPlatformDay int
	// LookupsPerClientHour bounds questions whose answer reveals whether an account
	// exists.
	LookupsPerClientHour int
	// ChallengesPerClientMinute and ChallengesPlatform bound human checks that are
	// drawn; the second one in the time that they can be solved.
	ChallengesPerClientMinute, ChallengesPlatform int
	// SolvesPerClientHour bounds wrong answers to sliders.
	SolvesPerClientHour int
	// ProfilesPerClientHour bounds looks at public profiles.
	ProfilesPerClientHour int
	// ChangesPerAccountHour bounds the changes that users make to their own accounts,
	// ManagedPerAccountHour those that one administrator makes to others'.
	ChangesPerAccountHour, ManagedPerAccountHour int
	// RepositoriesPerAccountHour bounds repositories that Accord creates for a user.
	RepositoriesPerAccountHour int
	// SignInsPerAccountHour and SignInsPerClientHour bound sessions that are opened,
	// by password or code.
	SignInsPerAccountHour, SignInsPerClientHour int
	// HumanCheckFailures of a sign-in in a row demand a human check, in dialects that
	// have one.
	HumanCheckFailures int
	// RedeemedCodeTries bounds how often one client may say which code was redeemed
	// for a target while that is remembered, and redeemedAll times as often all.
	RedeemedCodeTries int
	// NoticesPerAccountDay bounds the notices about one account, of changes that
	// give it to another and of all others; SignInNoticesPerAccountDay those of
	// sign-ins.
	NoticesPerAccountDay, SignInNoticesPerAccountDay int
	// RemakesPerAccountHour bounds how often sign-ins try to make one account's Gitea
	// user again.
	RemakesPerAccountHour int
}

// SendLimits bound messages of one kind.
type SendLimits struct {
	// PerClientHour bounds those that one client asks for, PlatformDay all of them.
	PerClientHour, PlatformDay int
	// ReservePercent of PlatformDay is kept for users of accounts.
	ReservePercent int
}

// TargetLimits bound the codes of one address or number.
type TargetLimits struct {
	// PerTargetMinute and PerTargetDay bound the codes that are sent to it;
	// PerTargetMinute bounds those of one client too.
	PerTargetMinute, PerTargetDay int
	// ReserveDay are the codes a day beyond PerTargetDay that only clients can ask
	// for which are known to the account or solved a human check.
	ReserveDay int
	// TriesPerClient bounds wrong tries of one code from one client.
	TriesPerClient int
}

// DefaultLimits returns what the settings default to.
func DefaultLimits() Limits {
	return Limits{
		Mail: SendLimits{PerClientHour: 30, PlatformDay: 10_000, ReservePercent: 20},
		SMS:  SendLimits{PerClientHour: 20, PlatformDay: 1000, ReservePercent: 20},
		Code: TargetLimits{PerTargetMinute: 1, PerTargetDay: 10, ReserveDay: 5, TriesPerClient: 5},

		UsernamesPerTargetDay: 5, RegistrationsPerClientHour: 20, RegistrationsPlatformDay: 0, LookupsPerClientHour: 60,
		ChallengesPerClientMinute: 60, ChallengesPlatform: 20_000, SolvesPerClientHour: 30,
		ProfilesPerClientHour: 600, ChangesPerAccountHour: 300, ManagedPerAccountHour: 3000, RepositoriesPerAccountHour: 60,
		SignInsPerAccountHour: 120, SignInsPerClientHour: 600,
		HumanCheckFailures: 3, RedeemedCodeTries: 5,
		NoticesPerAccountDay: 20, SignInNoticesPerAccountDay: 5, RemakesPerAccountHour: 10,
	}
}

// GuardSettings bound how often secrets are guessed at, and what clients may do.
type GuardSettings struct {
	// Account bounds wrong passwords for one name or address as it is typed,
	// whether an account has it or not, for one account under all of its names,
	// and of one account that is signed in. Client bounds those from one client,
	// see verify.Network.
	Account, Client verify.Limit
	// WideFactor is how many times the limits of a client apply to its wider
	// network, see verify.WideNetwork; zero: that has no limits.
	WideFactor int
	// ExemptClients are the networks whose addresses no limit by client bounds.
	ExemptClients []netip.Prefix
	// HashWait is how long a password waits until its hash can be computed; then
	// the request is Busy. Zero waits as long as the request lasts.
	HashWait time.Duration
	// TurnWait is how long a guess waits for others at the same account which are
	// being compared, and may turn out to be right, before it is TooOften.
	TurnWait time.Duration
}

// Exempt reports whether no limit by client bounds that address.
func (g GuardSettings) Exempt(client string) bool {
	address, err := netip.ParseAddr(client)
	if err != nil {
		return false
	}
	address = address.Unmap().WithZone("")
	return slices.ContainsFunc(g.ExemptClients, func(p netip.Prefix) bool { return p.Contains(address) })
}

// ClientCharges returns the charges to a client: under its own network, and under
// the wider one at a looser rate. what begins their keys.
func (g GuardSettings) ClientCharges(what, client string, limit verify.Limit) []verify.Charge {
	if g.Exempt(client) {
		return nil
	}
	charges := []verify.Charge{{Key: what + "/client/" + verify.Network(client), Limit: limit}}
	if g.WideFactor > 0 {
		looser := limit.Times(g.WideFactor).Named(limit.Name + wide)
		charges = append(charges, verify.Charge{Key: what + "/wide/" + verify.WideNetwork(client), Limit: looser})
	}
	return charges
}

// IntrospectionLimit is the limit of wrong secrets of services that ask about
// tokens.
func (g GuardSettings) IntrospectionLimit() verify.Limit { return g.Client.Named(limitIntrospect) }

// clientQuota charges a client for one of so many events in a window.
func (s *Service) clientQuota(what, client, limit string, most int, window time.Duration) []verify.Charge {
	return s.settings.Guard.ClientCharges(what, client, verify.Quota(limit, most, window))
}

// admit charges what one request may do once; TooOften if it has to wait.
func (s *Service) admit(ctx context.Context, charges ...verify.Charge) ([]verify.Receipt, error) {
	receipts, err := s.Admission.Charge(ctx, charges...)
	return receipts, refusal(err)
}

// returnTime bounds a return that goes on if the client went away.
const returnTime = 5 * time.Second

// returnSpent returns what was spent for something that was not done, and the error
// that kept it from being done.
func (s *Service) returnSpent(ctx context.Context, spent []verify.Receipt, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), returnTime)
	defer cancel()
	return errors.Join(err, s.Admission.Return(ctx, spent))
}

// neverBegan reports whether the saga of an error is certainly not in the journal,
// so that no step of it undoes anything.
func neverBegan(receipt saga.Receipt, err error) bool {
	return !receipt.Began && !errors.Is(err, saga.ErrUndecided)
}

// within charges one key and reports whether its limit allows it.
func (s *Service) within(ctx context.Context, key string, limit verify.Limit) (bool, error) {
	_, err := s.Admission.Charge(ctx, verify.Charge{Key: key, Limit: limit})
	var refused *verify.Refused
	if errors.As(err, &refused) {
		return false, nil
	}
	return err == nil, err
}

// unlessRefused returns the receipt of a request, which is empty if a limit of the
// client or the platform refused it.
func unlessRefused(receipt saga.Receipt, err error) saga.Receipt {
	var refused *verify.Refused
	if errors.As(err, &refused) && !refused.OnlyBy(limitAgain, limitTargetMinute, limitTargetDay) {
		return saga.Receipt{}
	}
	return receipt
}

// refusal gives a refusal its kind.
func refusal(err error) error {
	var refused *verify.Refused
	if !errors.As(err, &refused) {
		return err
	}
	kind := TooOften
	if limit := refused.Limit(); limit == limitMessages || limit == limitMessageReserve {
		kind = SMSLimit
	}
	return &Error{Kind: kind, RetryAfter: refused.Wait(), Err: refused}
}
