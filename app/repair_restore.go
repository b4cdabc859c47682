package app

import (
	"context"
	"maps"
	"sync"
	"time"

	"accord/app/verify"
)

const (
	// restoreEvery is how often Gitea is asked about one account's password.
	restoreEvery = time.Hour
	// restoreTogether bounds the questions at the same time, of one process.
	restoreTogether = 4
	// restoreKnown bounds the accounts that a process remembers to have asked about.
	restoreKnown = 10_000
)

// restorations remembers of which accounts Gitea was asked a short while ago, so
// that most sign-ins cost nothing. The zero value is ready to use. Safe for
// concurrent use.
type restorations struct {
	mu      sync.Mutex
	asked   map[string]time.Time
	running int
}

// begin reports whether Gitea may be asked about the account now. Whoever is
// told so calls end.
func (r *restorations) begin(accountID string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at, known := r.asked[accountID]; r.running >= restoreTogether || known && now.Sub(at) < restoreEvery {
		return false
	}
	if len(r.asked) >= restoreKnown {
		maps.DeleteFunc(r.asked, func(_ string, at time.Time) bool { return now.Sub(at) >= restoreEvery })
	}
	if r.asked == nil || len(r.asked) >= restoreKnown {
		r.asked = map[string]time.Time{}
	}
	r.asked[accountID] = now
	r.running++
	return true
}

func (r *restorations) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running--
}

// restorePassword gives Gitea the password that was just checked, if Gitea has
// another one: people can change it there. Nobody waits for it, and Gitea is
// asked at most once an hour for each account, whichever replica does so.
func (s *Service) restorePassword(ctx context.Context, a Account, password Secret) {
	same := a.GiteaPassword == SamePassword || a.GiteaPassword == ""
	if !s.settings.RestorePasswords || s.settings.SealPasswords || !same || password == "" || !s.restorations.begin(a.ID, s.Now()) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), healWait)
	go func() {
		defer s.restorations.end()
		defer cancel()
		if err := s.askAndRestore(ctx, a, password); err != nil {
			s.Logger.WarnContext(ctx, "comparing a password with Gitea's copy", "account", a.ID, "error", err)
		}
	}()
}

func (s *Service) askAndRestore(ctx context.Context, a Account, password Secret) error {
	if ok, err := s.within(ctx, "restore/"+a.ID, verify.Quota(limitRestore, 1, restoreEvery)); err != nil || !ok {
		return err
	}
	check, err := s.DirectoryAdoption.CheckPassword(ctx, a.Ref(), password)
	if err != nil || check.Right || check.Hindrance != "" {
		return err
	}
	receipt, err := carryOut(by(ctx, a.ID), s.repairs.healDirectory, a.ID, healingDirectory{Account: a, Password: password})
	_, err = settled("restore Gitea password", receipt, err)
	return err
}
