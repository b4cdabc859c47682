package main

import (
	"accord/app"
	"accord/app/verify"
	"accord/cmd/accord/internal/config"
)

// newGuard returns how the use cases bound guesses, and what clients may do.
func newGuard(c config.Config) (app.GuardSettings, error) {
	exempt, err := prefixes("guard.exemptClients", c.Guard.ExemptClients)
	limit := func(free, lockAfter int) verify.Limit {
		return verify.Limit{
			Free: free, Delay: c.Guard.Delay, MaxDelay: c.Guard.MaxDelay, LockAfter: lockAfter, LockFor: c.Guard.LockFor,
		}
	}
	return app.GuardSettings{
		Account: limit(c.Guard.AccountFree, c.Guard.AccountLockAfter), Client: limit(c.Guard.ClientFree, c.Guard.ClientLockAfter),
		WideFactor: c.Guard.WideFactor, ExemptClients: exempt, HashWait: c.Password.Wait, TurnWait: c.Guard.TurnWait,
	}, err
}

// newLimits returns the bounds of everything else that clients ask for.
func newLimits(c config.Config) app.Limits {
	l := c.Limits
	return app.Limits{
		Mail: app.SendLimits{PerClientHour: c.Mail.PerClientHour, PlatformDay: c.Mail.PlatformDay, ReservePercent: c.Mail.ReservePercent},
		SMS:  app.SendLimits{PerClientHour: c.SMS.PerClientHour, PlatformDay: c.SMS.PlatformDay, ReservePercent: c.SMS.ReservePercent},
		Code: app.TargetLimits{
			PerTargetMinute: l.CodesPerTargetMinute, PerTargetDay: l.CodesPerTargetDay, ReserveDay: l.CodeReserveDay,
			TriesPerClient: l.CodeTriesPerClient,
		},
		UsernamesPerTargetDay: l.UsernamesPerTargetDay, RegistrationsPerClientHour: l.RegistrationsPerClientHour,
		RegistrationsPlatformDay: l.RegistrationsPlatformDay, LookupsPerClientHour: l.LookupsPerClientHour,
		ChallengesPerClientMinute: l.ChallengesPerClientMinute, ChallengesPlatform: l.ChallengesPlatform,
		SolvesPerClientHour:   l.SolvesPerClientHour,
		ProfilesPerClientHour: l.ProfilesPerClientHour,
		ChangesPerAccountHour: l.ChangesPerAccountHour, ManagedPerAccountHour: l.ManagedPerAccountHour,
		RepositoriesPerAccountHour: l.RepositoriesPerAccountHour,
		SignInsPerAccountHour:      l.SignInsPerAccountHour, SignInsPerClientHour: l.SignInsPerClientHour,
		HumanCheckFailures: l.HumanCheckFailures, RedeemedCodeTries: l.RedeemedCodeTries,
		NoticesPerAccountDay: l.NoticesPerAccountDay, SignInNoticesPerAccountDay: l.SignInNoticesPerAccountDay,
		RemakesPerAccountHour: l.RemakesPerAccountHour,
	}
}
