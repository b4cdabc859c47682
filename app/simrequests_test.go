package app_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"accord/app"
	"accord/saga"
	"accord/saga/sagatest"
)

// The requests of clients. Names, addresses and numbers come from small pools,
// so that they clash.

func pickOf[T any](s *sagatest.Simulation, all ...T) T { return all[s.Rand.IntN(len(all))] }

// requests are one to five of them.
func (w *simWorld) requests() []sagatest.Request {
	var all []sagatest.Request
	draw := w.request
	switch {
	case w.team && (os.Getenv(simEnvTeams) != "" || w.sim.Chance(3)):
		draw = w.partings()
	case w.sim.Chance(2):
		draw = w.rivals()
	}
	for range 1 + w.sim.Rand.IntN(5) {
		all = append(all, draw())
	}
	return all
}

// rivals are requests of one person which change the same thing.
func (w *simWorld) rivals() func() sagatest.Request {
	type maker = func(...*simPerson) sagatest.Request
	makers := pickOf(w.sim,
		[]maker{w.edit}, []maker{w.edit}, []maker{w.changeEmail}, []maker{w.changeEmail}, []maker{w.edit, w.modify, w.changeEmail},
		[]maker{w.changePassword, w.reset, w.resetByToken, w.setPassword}, []maker{w.remove, w.removePerson, w.restore, w.signIn},
		[]maker{w.suspend, w.resume, w.signIn, w.signInByCode}, []maker{w.suspend, w.resume, w.expel, w.restore}, []maker{w.evict, w.reset, w.suspend, w.resume, w.signIn}, []maker{w.powers}, []maker{w.newcomer}, []maker{w.squat, w.changeEmail, w.modify, w.newcomer},
	)
	p := w.managed()
	return func() sagatest.Request { return pickOf(w.sim, makers...)(p) }
}

func (w *simWorld) request() sagatest.Request {
	p := pickOf(w.sim, w.people...)
	switch w.sim.Rand.IntN(10) {
	case 0, 1:
		return pickOf(w.sim, w.mailCode, w.smsCode, w.sweepExpired, w.sweepDeparted)()
	case 2, 3:
		return pickOf(w.sim, w.modify, w.setPassword, w.setRole, w.removePerson, w.create)(w.managed())
	case 4:
		return pickOf(w.sim, w.suspend, w.resume, w.expel, w.restore, w.evict, w.squat)(p)
	}
	return pickOf(w.sim,
		w.newcomer, w.signIn, w.signInByCode, w.signOut, w.edit, w.changeEmail, w.changePassword, w.reset, w.resetByToken, w.changeMobile, w.remove, w.restore,
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
	case strings.Contains(err.Error(), "panicked"):
		w.sim.Violate("nothing panics", "%s: %v", flow, err)
	case errors.Is(err, saga.ErrUndecided):
		w.sim.Count("answer: undecided")
	default:
		w.sim.Count("answer: " + app.KindOf(err).String())
	}
}

func service(r *sagatest.Replica) *app.Service { return r.Service.(*app.Service) }

// using notes with a saga what it uses up, or gives.
func using(ctx context.Context, what ...string) context.Context {
	return saga.WithOrigin(ctx, saga.Origin{Channel: strings.Join(what, " ")})
}

const (
	usesCode   = "code"
	usesInvite = "invitation"
)

// registration is what a newcomer wants, what it uses up, and the codes of the
// number and the address, which the request sends first.
func (w *simWorld) registration() (in app.Registration, uses []string, send func()) {
	in = app.Registration{
		Username: pickOf(w.sim, "dave", "Dave", "erin", "alice", "carol"),
		Email:    pickOf(w.sim, "erin@example.com", "new@example.com", "Other@example.com", "alice@example.com", "dave@example.com"),
		Password: simPassword(90 + w.sim.Rand.IntN(5)), Language: "en",
		Website: pickOf(w.sim, "", "http://n.test"),
	}
	send = func() {}
	if w.sim.Chance(2) {
		in.Invite, uses = simInvite, append(uses, usesInvite)
	}
	if w.sim.Chance(2) {
		in.Country, in.Mobile = "86", pickOf(w.sim, simNumbers...)
		in.MobileCode, send = w.code(app.SMSTarget(in.Country, in.Mobile))
		uses = append(uses, usesCode)
		if w.sim.Chance(3) {
			in.Email = ""
		}
	}
	if in.Email != "" && w.sim.Chance(2) {
		code, sendMail := w.code(app.MailTarget(in.Email))
		sendNumber := send
		in.EmailCode, send = code, func() { sendNumber(); sendMail() }
		uses = append(uses, usesCode)
	}
	return in, uses, send
}

// simNumbers are the numbers that are bound.
var simNumbers = []string{"13800138000", "13900139000"}

func (w *simWorld) newcomer(...*simPerson) sagatest.Request {
	in, uses, send := w.registration()
	signIn := w.sim.Chance(3)
	return func(ctx context.Context, r *sagatest.Replica) {
		send()
		receipt, err := service(r).Register(using(ctx, uses...), in)
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

// prove marks the address as proved: the first proof of another changes the owner.
func (w *simWorld) prove(email string) {
	a, err := w.store.Accounts.ByEmail(context.Background(), email)
	if err == nil {
		must(w.store.Accounts.VerifyEmail(context.Background(), a.ID, email, w.sim.Now()))
	}
}

func (w *simWorld) signInByCode(p ...*simPerson) sagatest.Request {
	in := app.Credentials{Email: p[0].email}
	code, send := w.code(app.MailTarget(in.Email))
	in.Code = code
	proved := w.sim.Chance(2)
	return func(ctx context.Context, r *sagatest.Replica) {
		send()
		if proved {
			w.prove(p[0].email)
		}
		ctx = saga.WithOrigin(using(ctx, usesCode), saga.Origin{Request: code.Reveal()})
		_, receipt, err := service(r).SignInByCode(ctx, in)
		w.told(r, "sign in by code", receipt, err)
	}
}

// as makes a request of somebody who is signed in, by a token of his or, as
// after another sign-in, by what is known of the account. Mostly he knows his
// present password.
func (w *simWorld) as(p *simPerson, flow string, do func(context.Context, *app.Service, app.Principal, app.Secret) (saga.Receipt, error)) sagatest.Request {
	token := app.Secret("")
	if len(p.sessions) > 0 && w.sim.Chance(2) {
		token = pickOf(w.sim, p.sessions...).AccessToken
	}
	forgot := w.sim.Chance(8)
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
		password := p.passwords[0]
		if !forgot {
			password = simPasswordOf(who.Account)
		}
		receipt, err := do(ctx, service(r), who, password)
		w.told(r, flow, receipt, err)
	}
}

// simPasswordOf is the password of an account.
func simPasswordOf(a app.Account) app.Secret {
	return app.Secret(strings.TrimPrefix(a.PasswordHash.Reveal(), simHashed))
}

func (w *simWorld) signOut(p ...*simPerson) sagatest.Request {
	if len(p[0].sessions) == 0 {
		return w.signIn(p...)
	}
	token := pickOf(w.sim, p[0].sessions...).AccessToken
	return func(ctx context.Context, r *sagatest.Replica) {
		who, err := service(r).Authenticate(ctx, token)
		if err != nil {
			return
		}
		receipt, err := service(r).SignOut(ctx, who)
		w.told(r, "sign out", receipt, err)
	}
}

// simChange is one of three changes of all that a person says of himself.
func simChange(n int) app.PersonChange {
	nickname, avatar, location := fmt.Sprint(simNick, n), fmt.Sprintf("http://p.test/%d.png", n), fmt.Sprint("Here ", n)
	more := simAttributes(n)
	return app.PersonChange{
		Nickname: &nickname, AvatarURL: &avatar, Location: &location,
		Attributes: app.AttributesChange{RealName: &more.RealName, Company: &more.Company, Occupation: &more.Occupation},
	}
}

// simNick begins the nicknames that changes give, which end with their number.
const simNick = "Nick "

func simAttributes(n int) app.Attributes {
	return app.Attributes{RealName: fmt.Sprint("Real ", n), Company: fmt.Sprint("Firm ", n), Occupation: fmt.Sprint("Work ", n)}
}

func (w *simWorld) edit(p ...*simPerson) sagatest.Request {
	in := simChange(w.sim.Rand.IntN(3))
	return w.as(p[0], "edit", func(ctx context.Context, s *app.Service, who app.Principal, _ app.Secret) (saga.Receipt, error) {
		return s.EditPerson(ctx, who, in)
	})
}

// code makes a code, which the request then sends to the target.
func (w *simWorld) code(target string) (app.Secret, func()) {
	code := w.ids.Code()
	return code, func() {
		now := w.sim.Now()
		must(w.store.Codes.Put(context.Background(), target, app.AnyPurpose, code, now.Add(codeLife), now))
	}
}

func (w *simWorld) changeEmail(p ...*simPerson) sagatest.Request {
	in := app.EmailChange{New: pickOf(w.sim, "new@example.com", "dave@example.com", "Third@example.com")}
	code, send := w.code(app.MailTarget(in.New))
	return w.as(p[0], "change e-mail", func(ctx context.Context, s *app.Service, who app.Principal, password app.Secret) (saga.Receipt, error) {
		send()
		in.Code, in.Password, in.Old = code, password, who.Account.Email
		return s.ChangeEmail(using(ctx, usesCode), who, in)
	})
}

func (w *simWorld) changePassword(p ...*simPerson) sagatest.Request {
	in := app.PasswordChange{New: pickOf(w.sim, p[0].passwords...)}
	return w.as(p[0], "change password", func(ctx context.Context, s *app.Service, who app.Principal, password app.Secret) (saga.Receipt, error) {
		in.Old = password
		return s.ChangePassword(ctx, who, in)
	})
}

func (w *simWorld) reset(p ...*simPerson) sagatest.Request {
	in := app.PasswordReset{Email: p[0].email, New: pickOf(w.sim, p[0].passwords...)}
	code, send := w.code(app.MailTarget(in.Email))
	in.Code = code
	return func(ctx context.Context, r *sagatest.Replica) {
		send()
		receipt, err := service(r).ResetPassword(using(ctx, usesCode), in)
		w.told(r, "reset password", receipt, err)
	}
}

// resetByToken has a code exchanged for a token first.
func (w *simWorld) resetByToken(p ...*simPerson) sagatest.Request {
	password := pickOf(w.sim, p[0].passwords...)
	code, send := w.code(app.MailTarget(p[0].email))
	return func(ctx context.Context, r *sagatest.Replica) {
		send()
		w.prove(p[0].email)
		token, err := service(r).VerifyForReset(ctx, p[0].email, code)
		if err != nil {
			return
		}
		w.mu.Lock()
		w.verified++
		w.mu.Unlock()
		_, receipt, err := service(r).ResetByToken(ctx, app.TokenReset{Token: token, New: password})
		w.told(r, "reset by token", receipt, err)
	}
}

func (w *simWorld) changeMobile(p ...*simPerson) sagatest.Request {
	in := app.MobileChange{New: pickOf(w.sim, simNumbers...)}
	code, send := w.code(app.SMSTarget("86", in.New))
	return w.as(p[0], "change mobile", func(ctx context.Context, s *app.Service, who app.Principal, password app.Secret) (saga.Receipt, error) {
		send()
		in.Code, in.Password = code, password
		return s.ChangeMobile(using(ctx, usesCode), who, in)
	})
}

// remove deletes the account, and at times brings it back.
func (w *simWorld) remove(p ...*simPerson) sagatest.Request {
	back := w.sim.Chance(2)
	remove := w.as(p[0], "delete", func(ctx context.Context, s *app.Service, who app.Principal, password app.Secret) (saga.Receipt, error) {
		return s.Delete(ctx, who, password)
	})
	restore := w.restore(p...)
	return func(ctx context.Context, r *sagatest.Replica) {
		remove(ctx, r)
		if back {
			restore(ctx, r)
		}
	}
}

func (w *simWorld) restore(p ...*simPerson) sagatest.Request {
	return func(ctx context.Context, r *sagatest.Replica) {
		receipt, err := service(r).Restore(ctx, p[0].id)
		w.told(r, "restore", receipt, err)
	}
}

func (w *simWorld) mailCode(...*simPerson) sagatest.Request {
	return func(ctx context.Context, r *sagatest.Replica) {
		receipt, err := service(r).SendMailCode(ctx, "zoe@example.com", app.AnyPurpose, "en")
		w.told(r, "send mail code", receipt, err)
	}
}

func (w *simWorld) smsCode(...*simPerson) sagatest.Request {
	return func(ctx context.Context, r *sagatest.Replica) {
		receipt, err := service(r).SendSMSCode(ctx, "86", "13700137000", app.AnyPurpose, "192.0.2.1", "en")
		w.told(r, "send short message", receipt, err)
	}
}

func (w *simWorld) sweepExpired(...*simPerson) sagatest.Request {
	return func(ctx context.Context, r *sagatest.Replica) { _, _ = service(r).EndExpired(ctx) }
}

func (w *simWorld) sweepDeparted(...*simPerson) sagatest.Request {
	return func(ctx context.Context, r *sagatest.Replica) { _, _ = service(r).EndDeparted(ctx) }
}
