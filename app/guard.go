package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"accord/app/verify"
)

// signInCharges are what a sign-in is charged to, in the order in which they
// refuse. Those of what was typed do not depend on whether an account has it.
func (s *Service) signInCharges(in Credentials) []verify.Charge {
	guard, typed := s.settings.Guard, in.typed(s.Digests)
	charges := s.signInClient(in)
	if in.HumanCheck {
		charges = append(charges, verify.Charge{Key: "human/" + typed, Limit: s.humanLimit(), Resets: true})
	}
	return append(charges, verify.Charge{Key: typed, Limit: guard.Account.Named(limitAccount), Resets: true})
}

func (s *Service) signInClient(in Credentials) []verify.Charge {
	guard := s.settings.Guard
	return append(s.openedBy(in), guard.ClientCharges("sign-in", in.IP, guard.Client.Named(limitClient))...)
}

// accountCharge counts the guesses at one account under all of its names. What
// no account has is counted too, under the name alone, so that both take as long.
func (s *Service) accountCharge(in Credentials, accountID string) verify.Charge {
	key := accountCount(accountID)
	if accountID == "" {
		key = accountCount("none/" + in.typed(s.Digests))
	}
	return verify.Charge{Key: key, Limit: s.settings.Guard.accountInAll(), Resets: true}
}

func accountCount(accountID string) string { return "account/" + accountID }

// accountInAll bounds the guesses at one account under all of its names. It locks
// like the limit of a name and has none of its delays.
func (g GuardSettings) accountInAll() verify.Limit {
	l := g.Account.Named(limitAccountInAll)
	if l.Free > 0 && l.LockAfter > 0 {
		l.Free = l.LockAfter
	}
	return l
}

// guessing is one guess at the secret of an account.
type guessing struct {
	Credentials
	// accountID is that of the account which the guess is counted for, if any.
	accountID string
	// opening is what a right guess is charged to beside the client, if the account
	// is known before.
	opening []verify.Charge
	// owner returns the id of the account that has the name, or none.
	owner func() (string, error)
	// compare compares the secret. refuse takes as long, and finds none right that
	// belongs to an account.
	compare, refuse func() (bool, error)
}

func (g guessing) lane(d Digests) string {
	if g.accountID != "" {
		return accountCount(g.accountID)
	}
	return g.typed(d)
}

// guess runs the check of a sign-in within the bounds of how often it may fail,
// and how often sessions are opened. It returns what a right guess spent.
func (s *Service) guess(ctx context.Context, g guessing) (right bool, spent []verify.Receipt, err error) {
	CallerOf(ctx).setTyped(g.typed(s.Digests))
	charges := append(s.signInCharges(g.Credentials), s.accountCharge(g.Credentials, g.accountID))
	charges = append(charges, g.opening...)
	right, spent, err = s.Admission.Spend(ctx, g.lane(s.Digests), charges, g.compare)
	var refused *verify.Refused
	if errors.As(err, &refused) && refused.By(limitHuman) && !outright(refused) {
		if err := s.showHuman(ctx, g.Credentials, refused); err != nil {
			return false, nil, err
		}
		refused = nil
		right, spent, err = s.Admission.Spend(ctx, g.lane(s.Digests), charges, g.compare)
	}
	switch {
	case !errors.As(err, &refused):
		return right, spent, err
	case outright(refused):
		return false, nil, refusal(refused)
	case refused.By(limitHuman): // others were faster
		return false, nil, humanWanted(refused)
	}
	return s.guessOnReserve(ctx, g, refused)
}

// outright reports whether a sign-in is refused by a limit beyond which there is
// no reserve.
func outright(refused *verify.Refused) bool {
	return slices.ContainsFunc([]string{
		limitClient, limitClient + wide, limitSignIns, limitSignInsFrom, limitSignInsFrom + wide,
	}, refused.By)
}

// guessOnReserve is for a guess that the count of the name or of the account
// refused. A client from whose network the account was signed in to before has a
// count of its own, which strangers cannot fill. For any other client the count
// of the name says when to try again. If it is the account's count alone, a
// refusal would reveal which names belong to one account; so the guess is not
// compared instead.
func (s *Service) guessOnReserve(
	ctx context.Context, g guessing, refused *verify.Refused,
) (right bool, spent []verify.Receipt, err error) {
	id, err := g.owner()
	if err != nil {
		return false, nil, err
	}
	known, err := s.knownClient(ctx, id, g.IP)
	switch {
	case err != nil:
		return false, nil, err
	case known:
		charges := append(s.signInClient(g.Credentials), verify.Charge{
			Key: "own/" + id + "/" + verify.Network(g.IP), Limit: s.settings.Guard.Account.Named(limitOwnNetwork), Resets: true,
		})
		charges = append(charges, g.opening...)
		right, spent, err = s.Admission.Spend(ctx, g.lane(s.Digests), charges, g.compare)
		return right, spent, refusal(err)
	case refused.By(limitAccount):
		return false, nil, refusal(refused)
	}
	right, spent, err = s.Admission.Spend(ctx, g.lane(s.Digests), s.signInCharges(g.Credentials), g.refuse)
	return right, spent, refusal(err)
}

// confirmed runs the check of a secret of somebody who is signed in, which is
// counted apart from sign-ins: strangers who know a name do not hold it up.
func (s *Service) confirmed(ctx context.Context, accountID string, check func() (bool, error)) (bool, error) {
	key := "confirm/" + accountID
	ok, err := s.Admission.Attempt(ctx, key, []verify.Charge{
		{Key: key, Limit: s.settings.Guard.Account.Named(limitConfirm), Resets: true},
	}, check)
	return ok, refusal(err)
}

// clearThrottle forgets the failed attempts at an account whose user has proved
// otherwise who they are.
func (s *Service) clearThrottle(ctx context.Context, a Account) error {
	keys := []string{accountCount(a.ID), "confirm/" + a.ID, openedCount(a.ID)}
	names := []string{"mail/" + s.Digests.name(a.Email), "mobile/" + s.Digests.name(a.Country+a.Mobile)}
	switch ok, err := s.signsInAs(ctx, a, a.Username); {
	case err != nil:
		return err
	case ok:
		names = append(names, "name/"+s.Digests.name(a.Username))
	}
	switch ok, err := s.signsInByNumber(ctx, a); {
	case err != nil:
		return err
	case ok:
		names = append(names, "name/"+s.Digests.name(a.Mobile))
	}
	for _, name := range names {
		keys = append(keys, name, "human/"+name)
	}
	return s.Admission.Forget(ctx, keys...)
}

// hash and verify are the Hasher's, for requests that hold nothing yet: they
// wait for a place no longer than the settings say, and a client has one place at
// a time.
func (s *Service) hash(ctx context.Context, password Secret) (hash Secret, err error) {
	err = s.inTurn(ctx, func(ctx context.Context) (err error) {
		hash, err = s.Hasher.Hash(ctx, password)
		return err
	})
	return hash, err
}

func (s *Service) verify(ctx context.Context, hash, password Secret) (right bool, err error) {
	err = s.inTurn(ctx, func(ctx context.Context) (err error) {
		right, err = s.Hasher.Verify(ctx, hash, password)
		return err
	})
	return right, err
}

// inTurn runs work when no other of the client's runs; Busy if that takes longer
// than the settings say.
func (s *Service) inTurn(ctx context.Context, work func(ctx context.Context) error) error {
	ctx, cancel := s.patience(ctx)
	defer cancel()
	client := clientOf(ctx)
	if client == "" || s.settings.Guard.Exempt(client) {
		return work(ctx)
	}
	leave, err := s.hashing.Enter(ctx, verify.Network(client))
	if err != nil {
		return &Error{Kind: Busy, Op: "wait for the client's turn", Err: err}
	}
	defer leave()
	return work(ctx)
}

func (s *Service) patience(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.settings.Guard.HashWait == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, s.settings.Guard.HashWait)
}

// knownLifetime is how long a network is known to an account after a sign-in.
const knownLifetime = 90 * 24 * time.Hour

// knownProof names the proof that somebody signed in to the account from the
// client's network.
func (s *Service) knownProof(accountID, client string) string {
	return "known/" + accountID + "/" + s.Digests.name(verify.Network(client))
}

// knownClient reports whether somebody signed in to the account from the client's
// network before. It takes as long for an account that does not exist.
func (s *Service) knownClient(ctx context.Context, accountID, client string) (bool, error) {
	ok, err := s.Proofs.Has(ctx, s.knownProof(accountID, client), s.Now())
	return ok && accountID != "", err
}

// rememberClient makes the network of a session known to its account.
func (s *Service) rememberClient(ctx context.Context, session Session) error {
	if session.IP == "" {
		return nil
	}
	now := s.Now()
	return s.Proofs.Put(ctx, s.knownProof(session.AccountID, session.IP), now.Add(knownLifetime), now)
}
