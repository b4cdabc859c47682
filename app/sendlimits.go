package app

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"accord/app/verify"
)

// messageLimits are the limits of the messages of one kind.
type messageLimits struct {
	// kind begins the keys; client, platform and reserve name the limits.
	kind, client, platform, reserve string
	SendLimits
}

func (s *Service) mailLimits() messageLimits {
	return messageLimits{"mail", limitMail, limitMails, limitMailReserve, s.settings.Limits.Mail}
}

func (s *Service) smsLimits() messageLimits {
	return messageLimits{"sms", limitSMS, limitMessages, limitMessageReserve, s.settings.Limits.SMS}
}

// messageCharges are what one message is charged to: the client that asks for it,
// then the target's charges, then the platform.
func (s *Service) messageCharges(l messageLimits, c claim, client string, target ...verify.Charge) []verify.Charge {
	charges := append(s.clientQuota(l.kind, client, l.client, l.PerClientHour, time.Hour), target...)
	return append(charges, l.platformCharges(c)...)
}

// heldMessages refuses a client whose messages were refused a moment ago, before a
// saga begins.
func (s *Service) heldMessages(l messageLimits, client string) error {
	return refusal(s.Admission.Held(s.clientQuota(l.kind, client, l.client, l.PerClientHour, time.Hour)...))
}

// chargeNewcomer charges a registration, and the mail that greets the newcomer,
// which is left out if the platform sends no more. Administrators are not limited.
func (s *Service) chargeNewcomer(ctx context.Context, r *registration) (err error) {
	if r.Actor != "" {
		return nil
	}
	limits := s.settings.Limits
	charges := append(
		s.clientQuota("register", r.Client, limitRegister, limits.RegistrationsPerClientHour, time.Hour),
		verify.Charge{Key: "register/platform", Limit: verify.Quota(limitRegisters, limits.RegistrationsPlatformDay, 24*time.Hour)},
	)
	if !r.Account.HasEmail() {
		r.Charged, err = s.admit(ctx, charges...)
		return err
	}
	greeted := slices.Concat(charges, s.messageCharges(s.mailLimits(), unclaimed, r.Client))
	r.Charged, err = s.Admission.Charge(ctx, greeted...)
	var refused *verify.Refused
	if errors.As(err, &refused) && refused.OnlyBy(limitMails, limitMailReserve) {
		r.Ungreeted = true
		r.Charged, err = s.Admission.Charge(ctx, charges...)
	}
	return refusal(err)
}

// chargeLookup charges the client for a question whose answer reveals whether an
// account exists. Administrators are not limited.
func (s *Service) chargeLookup(ctx context.Context, actor string) error {
	if actor != "" {
		return nil
	}
	_, err := s.admit(ctx, s.clientQuota("lookup", clientOf(ctx), limitLookups, s.settings.Limits.LookupsPerClientHour, time.Hour)...)
	return err
}

// chargeProfile charges the client for a look at a public profile.
func (s *Service) chargeProfile(ctx context.Context) error {
	_, err := s.admit(ctx, s.clientQuota("profile", clientOf(ctx), limitProfiles, s.settings.Limits.ProfilesPerClientHour, time.Hour)...)
	return err
}

// limitsOf returns the limits of the message that brings the code.
func (s *Service) limitsOf(c *sendingCode) messageLimits {
	if c.Email != "" {
		return s.mailLimits()
	}
	return s.smsLimits()
}

// chargeCode charges the sending of a code, in the transaction that stores it.
// If strangers have used the target's limits up, a client that is known to the
// account, or solved a human check, is charged to a reserve that is not theirs.
func (s *Service) chargeCode(ctx context.Context, c *sendingCode) (err error) {
	target, limits := s.Digests.name(c.Target), s.settings.Limits.Code
	again := verify.Charge{
		Key:   "code/again/" + target + "/" + verify.Network(c.Client),
		Limit: verify.Quota(limitAgain, limits.PerTargetMinute, time.Minute),
	}
	l, claim := s.limitsOf(c), unclaimed
	charges := []verify.Charge{
		again,
		{Key: "code/minute/" + target, Limit: verify.Quota(limitTargetMinute, limits.PerTargetMinute, time.Minute)},
		{Key: "code/day/" + target, Limit: verify.Quota(limitTargetDay, limits.PerTargetDay, 24*time.Hour)},
	}
	for {
		c.Charged, err = s.Admission.Charge(ctx, s.messageCharges(l, claim, c.Client, charges...)...)
		var refused *verify.Refused
		if !errors.As(err, &refused) || !refused.OnlyBy(limitTargetMinute, limitTargetDay, l.reserve) {
			return refusal(err)
		}
		switch {
		case refused.By(l.reserve) && claim == unclaimed:
			claim, err = s.claimOf(ctx, Target{Email: c.Email, Country: c.Country, Mobile: c.Mobile}, c.Client)
			if err != nil || claim == unclaimed {
				return cmp.Or(err, refusal(refused))
			}
		case refused.By(l.reserve):
			return refusal(refused)
		default:
			reserve, err := s.reserveOf(ctx, c)
			if err != nil || reserve == "" {
				return cmp.Or(err, refusal(refused))
			}
			charges = []verify.Charge{again, {
				Key: "code/reserve/" + target + reserve, Limit: verify.Quota(limitReserve, limits.ReserveDay, 24*time.Hour),
			}}
		}
	}
}

// reserveOf returns which reserve of the target the client may spend, or none. A
// proof of a person is used up for it.
func (s *Service) reserveOf(ctx context.Context, c *sendingCode) (string, error) {
	account, err := s.findTarget(ctx, Target{Email: c.Email, Country: c.Country, Mobile: c.Mobile})
	if err != nil && KindOf(err) != NotFound {
		return "", err
	}
	switch known, err := s.knownClient(ctx, account.ID, c.Client); {
	case err != nil:
		return "", err
	case known:
		return "/own/" + verify.Network(c.Client), nil
	case len(c.Spent) > 0:
		return "/human", nil
	}
	c.Spent, err = s.spendHuman(ctx, s.humanProofs(c.Client, c.Email))
	switch {
	case err == nil:
		return "/human", nil
	case KindOf(err) == HumanCheckRequired:
		return "", nil
	}
	return "", err
}
