package app_test

import (
	"context"
	"errors"
	"fmt"

	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

// The requests of clients. Names, addresses and numbers come from small pools,
// so that they clash.

func pickOf[T any](s *sagatest.Simulation, all ...T) T { return all[s.Rand.IntN(len(all))] }

// requests are one to four of them.
func (w *simWorld) requests() []sagatest.Request {
	var all []sagatest.Request
	for range 1 + w.sim.Rand.IntN(6) {
		all = append(all, w.request())
	}
	return all
}

func (w *simWorld) request() sagatest.Request {
	p := pickOf(w.sim, w.people...)
	if w.sim.Chance(5) {
		return pickOf(w.sim, w.mailCode, w.smsCode, w.sweepExpired, w.sweepDeparted)()
	}
	return pickOf(w.sim,
		w.newcomer, w.signIn, w.signOut, w.edit, w.changeEmail, w.changePassword, w.reset, w.changeMobile, w.remove, w.restore,
	)(p)
}

// told keeps what a client heard, unless the process that was to answer died.
func (w *simWorld) told(r *sagatest.Replica, flow string, receipt saga.Receipt, err error) {
	if !r.Alive() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers = append(w.answers, simAnswer{flow, receipt, err})
	switch {
	case err == nil:
		w.sim.Count("answer: done")
	case errors.Is(err, saga.ErrUndecided):
		w.sim.Count("answer: undecided")
	default:
		w.sim.Count("answer: " + app.KindOf(err).String())
	}
}

func service(r *sagatest.Replica) *app.Service { return r.Service.(*app.Service) }

func (w *simWorld) newcomer(...*simPerson) sagatest.Request {
	in := app.Registration{
		Username: pickOf(w.sim, "dave", "Dave", "erin", "alice", "carol"),
		Email:    pickOf(w.sim, "erin@example.com", "new@example.com", "Other@example.com", "alice@example.com", "dave@example.com"),
		Password: simPassword(90 + w.sim.Rand.IntN(5)), Language: "en",
	}
	signIn := w.sim.Chance(3)
	return func(ctx context.Context, r *sagatest.Replica) {
		receipt, err := service(r).Register(ctx, in)
		w.told(r, "register", receipt, err)
		if err != nil || !signIn {
			return
		}
		_, receipt, err = service(r).SignIn(ctx, app.Credentials{Username: in.Username, Password: in.Password})
		w.told(r, "sign in", receipt, err)
	}
}

func (w *simWorld) signIn(p ...*simPerson) sagatest.Request {
	in := app.Credentials{Username: p[0].name, Password: pickOf(w.sim, p[0].passwords[0], p[0].passwords[0], p[0].passwords[1]), Keep: w.sim.Chance(2)}
	out := w.sim.Chance(3)
	return func(ctx context.Context, r *sagatest.Replica) {
		got, receipt, err := service(r).SignIn(ctx, in)
		w.told(r, "sign in", receipt, err)
		if err == nil && out {
			receipt, err = service(r).SignOut(ctx, app.Principal{Account: got.Account, Session: got.Session})
			w.told(r, "sign out", receipt, err)
		}
	}
}

// as makes a request of somebody who is signed in, by his token or by what is
// known of the account.
func (w *simWorld) as(p *simPerson, flow string, do func(context.Context, *app.Service, app.Principal) (saga.Receipt, error)) sagatest.Request {
	token := app.Secret("")
	if len(p.sessions) > 0 {
		token = pickOf(w.sim, p.sessions...).AccessToken
	}
	return func(ctx context.Context, r *sagatest.Replica) {
		var who app.Principal
		var err error
		if token != "" {
			who, err = service(r).Authenticate(ctx, token)
		} else {
			who.Account, err = w.store.Accounts.ByID(ctx, p.id)
		}
		if err != nil {
			return
		}
		receipt, err := do(ctx, service(r), who)
		w.told(r, flow, receipt, err)
	}
}

func (w *simWorld) signOut(p ...*simPerson) sagatest.Request {
	if len(p[0].sessions) == 0 {
		return w.signIn(p...)
	}
	return w.as(p[0], "sign out", func(ctx context.Context, s *app.Service, who app.Principal) (saga.Receipt, error) {
		return s.SignOut(ctx, who)
	})
}

func (w *simWorld) edit(p ...*simPerson) sagatest.Request {
	n := w.sim.Rand.IntN(3)
	in := app.Profile{
		Nickname: fmt.Sprint("Nick ", n), AvatarURL: fmt.Sprintf("http://p.test/%d.png", n), Location: fmt.Sprint("Here ", n),
	}
	return w.as(p[0], "edit", func(ctx context.Context, s *app.Service, who app.Principal) (saga.Receipt, error) {
		return s.Edit(ctx, who, in)
	})
}

// code makes a code that was sent to the target before.
func (w *simWorld) code(target string) app.Secret {
	code, now := w.ids.Code(), w.sim.Now()
	must(w.store.Codes.Put(context.Background(), target, code, now.Add(codeLife), app.CodeLimits{}, now))
	return code
}

func (w *simWorld) changeEmail(p ...*simPerson) sagatest.Request {
	in := app.EmailChange{Password: p[0].passwords[0], Old: p[0].email, New: pickOf(w.sim, "new@example.com", "dave@example.com", "Third@example.com")}
	in.Code = w.code(app.MailTarget(in.New))
	return w.as(p[0], "change e-mail", func(ctx context.Context, s *app.Service, who app.Principal) (saga.Receipt, error) {
		return s.ChangeEmail(ctx, who, in)
	})
}

func (w *simWorld) changePassword(p ...*simPerson) sagatest.Request {
	in := app.PasswordChange{Old: p[0].passwords[0], New: p[0].passwords[1+w.sim.Rand.IntN(2)]}
	return w.as(p[0], "change password", func(ctx context.Context, s *app.Service, who app.Principal) (saga.Receipt, error) {
		return s.ChangePassword(ctx, who, in)
	})
}

func (w *simWorld) reset(p ...*simPerson) sagatest.Request {
	in := app.PasswordReset{Email: p[0].email, New: p[0].passwords[w.sim.Rand.IntN(3)], Code: w.code(app.MailTarget(p[0].email))}
	return func(ctx context.Context, r *sagatest.Replica) {
		receipt, err := service(r).ResetPassword(ctx, in)
		w.told(r, "reset password", receipt, err)
	}
}

func (w *simWorld) changeMobile(p ...*simPerson) sagatest.Request {
	in := app.MobileChange{Password: p[0].passwords[0], New: pickOf(w.sim, "13800138000", "13900139000")}
	in.Code = w.code(app.SMSTarget("86", in.New))
	return w.as(p[0], "change mobile", func(ctx context.Context, s *app.Service, who app.Principal) (saga.Receipt, error) {
		return s.ChangeMobile(ctx, who, in)
	})
}

func (w *simWorld) remove(p ...*simPerson) sagatest.Request {
	return w.as(p[0], "delete", func(ctx context.Context, s *app.Service, who app.Principal) (saga.Receipt, error) {
		return s.Delete(ctx, who, p[0].passwords[0])
	})
}

func (w *simWorld) restore(p ...*simPerson) sagatest.Request {
	return func(ctx context.Context, r *sagatest.Replica) {
		receipt, err := service(r).Restore(ctx, p[0].id)
		w.told(r, "restore", receipt, err)
	}
}

func (w *simWorld) mailCode(...*simPerson) sagatest.Request {
	return func(ctx context.Context, r *sagatest.Replica) {
		receipt, err := service(r).SendMailCode(ctx, "zoe@example.com", "en")
		w.told(r, "send mail code", receipt, err)
	}
}

func (w *simWorld) smsCode(...*simPerson) sagatest.Request {
	return func(ctx context.Context, r *sagatest.Replica) {
		receipt, err := service(r).SendSMSCode(ctx, "86", "13700137000", "192.0.2.1", "en")
		w.told(r, "send short message", receipt, err)
	}
}

func (w *simWorld) sweepExpired(...*simPerson) sagatest.Request {
	return func(ctx context.Context, r *sagatest.Replica) { _, _ = service(r).EndExpired(ctx) }
}

func (w *simWorld) sweepDeparted(...*simPerson) sagatest.Request {
	return func(ctx context.Context, r *sagatest.Replica) { _, _ = service(r).EndDeparted(ctx) }
}
