package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"mime/multipart"
	"slices"
	"strings"
	"sync"
	"time"

	"accord/app"
)

// citizen is a person of the load, with all that a front-end believes of him.
// His flows may run two at a time.
type citizen struct {
	*world
	*rand.Rand
	number int
	name   string
	// registered accounts exist; a registration whose answer is lost may have
	// made one.
	registered, mayExist bool
	id                   string

	mu sync.Mutex
	// The believed values, the first for sure unless there are several: then one
	// of them, since an answer was lost.
	email, password, mobile, status []string
	profile                         []app.Profile
	past                            []string // passwords that are good no more
	sessions                        []*signIn
	changed                         int // counts values made up
	mailed                          map[string]bool
}

// signIn is what a sign-in gave, and what the client believes of it.
type signIn struct {
	session
	id       string // the session's
	kept     bool
	password string
	belief   belief
	// shunned: its access token was refused.
	shunned bool
	till    time.Time // where it is not kept
}

// belief is what a client knows of a session.
type belief uint8

const (
	lives belief = iota
	ended
	unsure
)

func (w *world) newCitizen(number int) *citizen {
	r := rand.New(rand.NewPCG(w.seed, uint64(1000+number)))
	c := &citizen{world: w, Rand: r, number: number, mailed: map[string]bool{}}
	c.name = fmt.Sprintf("c%d-%x", number, r.Uint32())
	c.email, c.password = []string{c.name + "@example.com"}, []string{c.newPassword()}
	c.mobile, c.status, c.profile = []string{""}, []string{string(app.Normal)}, []app.Profile{{Nickname: c.name}}
	return c
}

func (c *citizen) next() int {
	c.changed++
	return c.changed
}

func (c *citizen) newPassword() string {
	return fmt.Sprintf("pw%d-%08x", c.next()%100, c.Uint32())
}

// patience is whether and how long this request is repeated.
func (c *citizen) patience() time.Duration {
	switch n := c.IntN(10); {
	case n < 3:
		return 0
	case n < 8:
		return 3 * time.Second
	default:
		return 75 * time.Second // the key of a request whose server died is taken for a minute
	}
}

// call sends a request about the person.
func (c *citizen) call(ctx context.Context, name, token string, body map[string]any) reply {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	c.mu.Lock()
	patience, r := c.patience(), rand.New(rand.NewPCG(c.Uint64(), 0))
	c.mu.Unlock()
	return c.front.ask(ctx, r, "/api/user/"+name, token, "application/json", text, patience)
}

// live is the life of a person: registered, then so many things at random.
func (c *citizen) live(ctx context.Context, deeds int) {
	c.register(ctx)
	for range deeds {
		if ctx.Err() != nil || !c.registered || c.status[0] != string(app.Normal) {
			return
		}
		c.deed(ctx)
		c.settleDoubts(ctx)
	}
}

func (c *citizen) register(ctx context.Context) {
	got := c.call(ctx, "registerIndividual", "", map[string]any{"username": c.name, "email": c.email[0], "password": c.password[0]})
	switch {
	case got.succeeded():
		c.registered = true
	case !got.sure:
		c.mayExist = true
	case got.code != "General.GiteaServerError" && got.code != "General.RpcServerError" && got.code != "busy":
		c.front.unexpected("%s: registering is answered %s, saga %s", c.name, got.code, got.saga)
	}
	if !got.sure {
		c.settleDoubts(ctx)
	}
	if c.registered && c.id == "" {
		account, err := c.accounts.named(ctx, c.name)
		if err != nil || account == nil {
			c.front.unexpected("%s: registered, saga %s, and not there: %v", c.name, got.saga, err)
			c.registered = false
			return
		}
		c.id = account.ID
	}
}

// deed does one thing, or two at once.
func (c *citizen) deed(ctx context.Context) {
	deeds := []func(context.Context, *signIn){
		c.edits, c.edits, c.edits, c.changesEmail, c.changesEmail, c.changesPassword, c.changesPassword,
		c.changesMobile, c.resets, c.resets, c.signsOut, c.signsOut, c.signsIn, c.signsIn, c.looks, c.asksForCodes, c.leaves,
	}
	by := c.signedIn(ctx)
	if by == nil {
		return
	}
	first := deeds[c.IntN(len(deeds))]
	if c.IntN(4) > 0 {
		first(ctx, by)
		return
	}
	// Two that change different things, so that what is believed stays clear.
	pair := [][2]func(context.Context, *signIn){
		{c.edits, c.signsIn},
		{c.changesEmail, c.signsIn},
		{c.edits, c.signsOut},
		{c.changesPassword, c.edits},
		{c.changesMobile, c.edits},
		{c.resets, c.signsIn},
		{c.changesEmail, c.edits},
		{c.changesPassword, c.signsIn},
		{c.signsIn, c.signsIn},
	}[c.IntN(9)]
	var both sync.WaitGroup
	for _, one := range pair {
		both.Go(func() { one(ctx, by) })
	}
	both.Wait()
}

// signedIn is a session that is believed to live, a new one where there is none.
func (c *citizen) signedIn(ctx context.Context) *signIn {
	find := func() *signIn {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, s := range c.sessions {
			if s.belief == lives && !s.shunned && (s.kept || time.Now().Before(s.till)) {
				return s
			}
		}
		return nil
	}
	if s := find(); s != nil {
		return s
	}
	c.signsIn(ctx, nil)
	return find()
}

func (c *citizen) signsIn(ctx context.Context, _ *signIn) {
	c.mu.Lock()
	body := map[string]any{"password": c.password[0]}
	kept := c.IntN(2) == 0
	if c.IntN(2) == 0 {
		body["username"] = c.name
	} else {
		body["email"] = c.email[0]
	}
	s := &signIn{kept: kept, password: c.password[0]}
	c.mu.Unlock()
	if kept {
		body["enableKeepLogin"] = true
	}
	asked := time.Now()
	got := c.call(ctx, "login", "", body)
	if !got.succeeded() {
		return // a session that nobody knows of ends by itself
	}
	text, err := json.Marshal(got.data)
	if err == nil {
		err = json.Unmarshal(text, &s.session)
	}
	if err != nil {
		c.front.unexpected("%s: signed in, with an answer of another shape", c.name)
		return
	}
	s.id, s.till = sessionOf(s.AccessToken), asked.Add(chaosSession-2*time.Second)
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.password != c.password[0] || len(c.password) > 1 {
		s.belief = unsure // the password changed meanwhile
	}
	c.sessions = append(c.sessions, s)
}

// sessionOf reads a token's session without checking it.
func sessionOf(token string) string {
	parts := strings.Split(token, ".")
	var claims struct {
		SID string `json:"sid"`
	}
	if len(parts) == 3 {
		if text, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
			_ = json.Unmarshal(text, &claims) // none then
		}
	}
	return claims.SID
}

func (c *citizen) signsOut(ctx context.Context, by *signIn) {
	got := c.call(ctx, "logout", by.AccessToken, map[string]any{})
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case got.sure && got.code != "busy": // closed here, or not good any more
		by.belief = ended
	default:
		by.belief = unsure
	}
}

// told takes over what the answer to a change says: value is what it is now, or
// may be. The caller holds mu.
func told[T any](believed *[]T, got reply, value T) {
	switch {
	case got.succeeded():
		*believed = []T{value}
	case !got.sure:
		*believed = append(*believed, value)
	}
}

// refused notes that a token is good no more. What is believed of its session
// stays as it was: the comparison at the end tells.
func (c *citizen) refused(by *signIn, got reply) {
	by.shunned = by.shunned || strings.HasPrefix(got.code, "General.Token")
}

func (c *citizen) edits(ctx context.Context, by *signIn) {
	c.mu.Lock()
	p := c.profile[len(c.profile)-1]
	p.Nickname = fmt.Sprintf("nick %d", c.next())
	p.Description, p.Website, p.Location = fmt.Sprintf("描述 %d", c.next()), fmt.Sprintf("https://example.com/%d", c.next()), "here"
	fresh := p.AvatarURL == "" || c.IntN(3) == 0
	shade := color.RGBA{R: uint8(c.IntN(256)), G: uint8(c.IntN(256)), B: uint8(c.IntN(256)), A: 0xff}
	c.mu.Unlock()
	if fresh {
		got := c.uploads(ctx, by, shade)
		url, _ := got.data["url"].(string)
		if !got.succeeded() {
			return
		}
		p.AvatarURL = url
	}
	got := c.call(ctx, "editUser", by.AccessToken, map[string]any{
		"nickname": p.Nickname, "avatarUrl": p.AvatarURL, "description": p.Description, "website": p.Website, "location": p.Location,
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	told(&c.profile, got, p)
	c.refused(by, got)
}

func (c *citizen) uploads(ctx context.Context, by *signIn, shade color.Color) reply {
	square := image.NewRGBA(image.Rect(0, 0, 16, 16))
	for i := range 16 * 16 {
		square.Set(i%16, i/16, shade)
	}
	var picture, body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "square.png")
	if err == nil {
		err = png.Encode(&picture, square)
	}
	if err == nil {
		_, err = part.Write(picture.Bytes())
	}
	if err != nil || form.Close() != nil {
		panic("a form that cannot be made")
	}
	c.mu.Lock()
	r := rand.New(rand.NewPCG(c.Uint64(), 0))
	c.mu.Unlock()
	return c.front.ask(ctx, r, "/api/file/upload", by.AccessToken, form.FormDataContentType(), body.Bytes(), 3*time.Second)
}

func (c *citizen) changesEmail(ctx context.Context, by *signIn) {
	c.mu.Lock()
	fresh := fmt.Sprintf("%s.%d@example.com", c.name, c.next())
	old, password := c.email[0], c.password[0]
	c.mu.Unlock()
	if !c.call(ctx, "emailVerifyCode", "", map[string]any{"email": fresh}).succeeded() {
		return
	}
	code := c.post.code(ctx, fresh)
	got := c.call(ctx, "modifyUserEmail", by.AccessToken, map[string]any{
		"password": password, "oriEmail": old, "email": fresh, "verifyCode": code,
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	told(&c.email, got, fresh)
	c.refused(by, got)
}

func (c *citizen) changesMobile(ctx context.Context, by *signIn) {
	c.mu.Lock()
	fresh, password := fmt.Sprintf("1%05d%05d", c.number%100000, c.next()), c.password[0]
	c.mu.Unlock()
	if !c.call(ctx, "generateSmsCode", "", map[string]any{"internationalCode": "86", "mobile": fresh}).succeeded() {
		return
	}
	got := c.call(ctx, "editUserMobile", by.AccessToken, map[string]any{
		"password": password, "oriMobile": "", "mobile": fresh, "smsCode": c.texts.code(ctx, fresh),
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	told(&c.mobile, got, fresh)
	c.refused(by, got)
}

// passwordTold takes over what the answer to a change of the password says of it
// and of the sessions, all of which but one it ended.
func (c *citizen) passwordTold(got reply, fresh string, keep *signIn) {
	if got.succeeded() {
		c.past = append(c.past, c.password...)
	}
	told(&c.password, got, fresh)
	for _, s := range c.sessions {
		switch {
		case got.sure && !got.succeeded():
		case s == keep && got.sure:
		case got.sure && s.belief == lives && s.password != fresh:
			s.belief = ended
		case s.belief == lives:
			s.belief = unsure
		}
	}
}

func (c *citizen) changesPassword(ctx context.Context, by *signIn) {
	c.mu.Lock()
	old, fresh := c.password[0], c.newPassword()
	c.mu.Unlock()
	got := c.call(ctx, "modifyUserPassword", by.AccessToken, map[string]any{"oriPassword": old, "password": fresh})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.passwordTold(got, fresh, by)
	c.refused(by, got)
}

func (c *citizen) resets(ctx context.Context, _ *signIn) {
	c.mu.Lock()
	address, fresh := c.email[0], c.newPassword()
	again := c.mailed[address] // one code in a minute
	c.mailed[address] = true
	c.mu.Unlock()
	if again || strings.Contains(address, c.name+".") {
		return
	}
	if !c.call(ctx, "emailVerifyCode", "", map[string]any{"email": address}).succeeded() {
		return
	}
	got := c.call(ctx, "resetUserPassword", "", map[string]any{
		"email": address, "password": fresh, "verifyCode": c.post.code(ctx, address),
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.passwordTold(got, fresh, nil)
	told(&c.mobile, got, "") // the first proof of the address: the number was the former owner's
}

func (c *citizen) looks(ctx context.Context, by *signIn) {
	got := c.call(ctx, "getUserDetail", by.AccessToken, map[string]any{})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refused(by, got)
}

func (c *citizen) asksForCodes(ctx context.Context, _ *signIn) {
	c.mu.Lock()
	n := c.next()
	c.mu.Unlock()
	c.call(ctx, "emailVerifyCode", "", map[string]any{"email": fmt.Sprintf("nobody-%s-%d@example.com", c.name, n)})
	c.call(ctx, "generateSmsCode", "", map[string]any{"internationalCode": "86", "mobile": fmt.Sprintf("1%05d%05d", c.number%100000, n)})
}

// leaves deletes the account; half of the people are brought back.
func (c *citizen) leaves(ctx context.Context, by *signIn) {
	c.mu.Lock()
	password := c.password[0]
	c.mu.Unlock()
	got := c.call(ctx, "deleteUser", by.AccessToken, map[string]any{"password": password})
	if got.code == "General.GiteaServerError" || got.code == "General.RpcServerError" {
		got.sure = false // it was undone, or goes on in the background
	}
	c.mu.Lock()
	told(&c.status, got, string(app.Leaving))
	for _, s := range c.sessions {
		switch {
		case got.succeeded():
			s.belief = ended
		case !got.sure:
			s.belief = unsure
		}
	}
	c.refused(by, got)
	gone, back := got.succeeded(), c.IntN(2) == 0
	c.mu.Unlock()
	if !gone || !back {
		return
	}
	err := c.restore(ctx, c.name)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.status = []string{string(app.Normal)}
		return
	}
	c.status = append(c.status, string(app.Normal))
}

// settleDoubts waits, where an answer was lost, until nothing is done with the
// account any more, and looks what it came to. Where that does not come in time
// it is left to the comparison at the end.
func (c *citizen) settleDoubts(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.doubtful() || !c.accounts.quiet(ctx, c.name, c.id) {
		return
	}
	account, err := c.accounts.named(ctx, c.name)
	if err != nil {
		return
	}
	for _, finding := range c.adopt(account) {
		c.front.unexpected("%s", finding)
	}
}

func (c *citizen) doubtful() bool {
	return c.mayExist || len(c.email) > 1 || len(c.password) > 1 || len(c.mobile) > 1 || len(c.status) > 1 || len(c.profile) > 1
}

// adopt takes over what the account really is, and tells what of it nobody could
// expect. The caller holds mu.
func (c *citizen) adopt(a *accountRow) (found []string) {
	wrong := func(what string, is, believed any) {
		found = append(found, fmt.Sprintf("%s (%s): %s is %v, and its client believes %v", c.name, c.id, what, is, believed))
	}
	if c.mayExist {
		c.mayExist, c.registered = false, a != nil
		if a != nil {
			c.id = a.ID
		}
	}
	if a == nil {
		if c.registered && !slices.Contains(c.status, string(app.Leaving)) && c.status[0] != string(app.Deleted) {
			wrong("the account", "gone", c.status)
		}
		c.status = []string{string(app.Deleted)}
		return found
	}
	if !c.registered {
		wrong("the account", a.Status, "there is none")
	}
	if !slices.Contains(c.status, a.Status) {
		wrong("the status", a.Status, c.status)
	}
	if !slices.Contains(c.email, a.Email) {
		wrong("the address", a.Email, c.email)
	}
	if !slices.Contains(c.mobile, a.Mobile) {
		wrong("the number", a.Mobile, c.mobile)
	}
	if !slices.Contains(c.profile, a.profile()) {
		wrong("the profile", a.profile(), c.profile)
	}
	password := ""
	for _, candidate := range c.password {
		if c.accounts.opens(a.PasswordHash, candidate) {
			password = candidate
		} else if len(c.password) > 1 {
			c.past = append(c.past, candidate)
		}
	}
	if password == "" {
		wrong("the password", "another", "one of those it gave")
		password = c.password[0]
	}
	c.status, c.email, c.mobile = []string{a.Status}, []string{a.Email}, []string{a.Mobile}
	c.profile, c.password = []app.Profile{a.profile()}, []string{password}
	return found
}
