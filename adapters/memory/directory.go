package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"accord/app"
	"accord/saga"
)

// Directory is a fake of app.Directory with the behaviour of the real adapter
// on a Gitea of its own. Its methods' names are those of its faults. Safe for
// concurrent use.
type Directory struct {
	*Faults
	// Now is the clock by which tokens are dated; set it before the first use.
	Now func() time.Time

	mu     sync.Mutex
	lastID int64
	// entries by folded name: users and organizations share their names.
	entries map[string]*directoryEntry
	// renamed leads from a former name, folded, to the entry's number.
	renamed map[string]int64
}

// Entry is a user, or an organization, as an administrator sees it.
type Entry struct {
	// ID is given by the directory.
	ID       int64
	Username string
	// Emails of a user: the first one and any further ones.
	Emails   []string
	FullName string
	// Mark is the accountId of the ownership mark; empty for a foreign one.
	Mark string
	// Adopted: the mark says that it was there before.
	Adopted      bool
	Organization bool
	// Bot is no person; it is in no listing.
	Bot bool
	// Admin and the others are as of app.DirectoryCandidate.
	Admin, Restricted, External, Inactive, SecondFactor, OtherLogin bool

	Description, Website, Location string
	// ShutOut users are let in neither by password nor by token.
	ShutOut bool
	// MustChange demands a new password of the user, who is not let in before.
	MustChange bool
	// Repositories and Packages are the names of what it has.
	Repositories, Packages []string

	// Tokens are the names of the user's access tokens, sorted; Place ignores it.
	Tokens []string
	// Owners and Members of an organization, sorted; an owner is a member. Place
	// ignores them.
	Owners, Members []string
}

type directoryEntry struct {
	Entry
	password app.Secret
	// tokens are texts by name.
	tokens map[string]app.Secret
	// made tells when, by the tokens' names.
	made   map[string]time.Time
	avatar []byte
	// credentials beside tokens and addresses; their User is not set.
	credentials []app.Credential
	// members of an organization by number, and whether they own it.
	members map[int64]bool
}

var _ app.Directory = (*Directory)(nil)

// NewDirectory makes an empty directory.
func NewDirectory() *Directory {
	return &Directory{
		Faults: newFaults(app.DirectoryFailed), Now: time.Now,
		entries: map[string]*directoryEntry{}, renamed: map[string]int64{},
	}
}

// CreateUser is that of app.Directory, with the real adapter's Invalid errors.
func (d *Directory) CreateUser(ctx context.Context, u app.DirectoryUser) (id int64, err error) {
	err = d.run(ctx, "CreateUser", func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		var done error
		id, done = d.create(u)
		return done
	})
	if err != nil {
		return 0, err
	}
	return id, nil
}

func (d *Directory) create(u app.DirectoryUser) (int64, error) {
	if u.AccountID == "" {
		return 0, refused("CreateUser", app.Internal, errors.New("no accountId"))
	}
	wellFormed := app.UsernameAllowed(u.Username) && app.EmailAllowed(u.Email)
	if wellFormed && len(u.Password) < app.MinPassword {
		return 0, invalid("CreateUser", "password", app.Pattern)
	}
	holder, kind, wanted := d.find(u.Username), app.UserTaken, ""
	if holder == nil {
		holder, kind, wanted = d.findEmail(u.Email), app.EmailTaken, u.Email
	}
	switch {
	case holder != nil && holder.Mark == u.AccountID:
		return holder.ID, nil
	case holder != nil:
		return 0, refused("CreateUser", kind, holder.taken(wanted))
	case !app.UsernameAllowed(u.Username):
		return 0, invalid("CreateUser", "username", app.Pattern)
	case !app.EmailAllowed(u.Email):
		return 0, invalid("CreateUser", "email", app.EmailSyntax)
	}
	return d.place(directoryEntry{
		Entry: Entry{
			Username: u.Username, Emails: []string{u.Email}, FullName: u.FullName, Mark: u.AccountID,
		},
		password: u.Password,
	}), nil
}

// RemoveUser is that of app.Directory. Who has something is not removed.
func (d *Directory) RemoveUser(ctx context.Context, username, accountID string) error {
	return d.run(ctx, "RemoveUser", func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		e := d.find(username)
		switch {
		case e == nil || accountID == "" || e.Mark != accountID:
			return nil
		case e.Adopted:
			return refused("RemoveUser", app.DirectoryFailed, errAdopted)
		case len(e.Repositories) > 0, len(e.Packages) > 0, len(d.organizationsOf(e)) > 0:
			return refused("RemoveUser", app.DirectoryFailed, errors.New("the user has something"))
		}
		delete(d.entries, app.FoldKey(username))
		return nil
	})
}

// CreateToken is that of app.Directory.
func (d *Directory) CreateToken(ctx context.Context, ref app.DirectoryRef, name string) (token app.Secret, err error) {
	err = d.run(ctx, "CreateToken", func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		if !tokenName(name) {
			return refused("CreateToken", app.Internal, errors.New("a number cannot name a token"))
		}
		e, err := d.ours(ref)
		if err != nil {
			return refused("CreateToken", app.DirectoryFailed, err)
		}
		d.lastID++
		token = app.Secret(fmt.Sprintf("%040x", d.lastID))
		e.tokens[name], e.made[name] = token, d.Now()
		return nil
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

// DeleteToken is that of app.Directory.
func (d *Directory) DeleteToken(ctx context.Context, ref app.DirectoryRef, name string) error {
	return d.run(ctx, "DeleteToken", func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		if !tokenName(name) {
			return refused("DeleteToken", app.Internal, errors.New("a number cannot name a token"))
		}
		if e := d.findRenamed(ref.Username); e != nil {
			delete(e.tokens, name)
		}
		for _, e := range d.entries {
			if ref.AccountID != "" && e.Mark == ref.AccountID {
				delete(e.tokens, name)
			}
		}
		return nil
	})
}

// Place puts an entry in, a foreign one unless it has a mark, and returns its
// number. It panics where the name or an address is taken: a test's mistake.
func (d *Directory) Place(e Entry, password app.Secret) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.find(e.Username) != nil || slices.ContainsFunc(e.Emails, func(a string) bool { return d.findEmail(a) != nil }) {
		panic("memory: Place on a name or address that is taken")
	}
	return d.place(directoryEntry{Entry: e, password: password})
}

// AddEmails gives a user further addresses. It panics where the user is absent:
// a test's mistake.
func (d *Directory) AddEmails(username string, emails ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.find(username)
	if e == nil {
		panic("memory: AddEmails to an absent user")
	}
	e.Emails = append(e.Emails, emails...)
}

// Change does something to an entry, as an administrator might. It panics where
// the entry is absent: a test's mistake.
func (d *Directory) Change(username string, how func(*Entry)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.find(username)
	if e == nil {
		panic("memory: Change of an absent entry")
	}
	how(&e.Entry)
}

// Rename gives an entry another name, as an administrator or its owner might.
func (d *Directory) Rename(from, to string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.find(from)
	if e == nil || d.find(to) != nil {
		panic("memory: Rename of an absent entry or to a name that is taken")
	}
	d.rename(e, to)
}

func (d *Directory) rename(e *directoryEntry, to string) {
	from := app.FoldKey(e.Username)
	delete(d.entries, from)
	d.renamed[from] = e.ID
	delete(d.renamed, app.FoldKey(to))
	e.Username = to
	d.entries[app.FoldKey(to)] = e
}

// Entries lists everything, by number.
func (d *Directory) Entries() []Entry {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]Entry, 0, len(d.entries))
	for _, e := range d.entries {
		seen := e.Entry
		seen.Emails = slices.Clone(e.Emails)
		seen.Tokens = nil
		for name := range e.tokens {
			seen.Tokens = append(seen.Tokens, name)
		}
		slices.Sort(seen.Tokens)
		seen.Repositories, seen.Packages = slices.Clone(e.Repositories), slices.Clone(e.Packages)
		seen.Owners, seen.Members = d.membersOf(e)
		all = append(all, seen)
	}
	slices.SortFunc(all, func(a, b Entry) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// TokenOwner names the user for whom the token is good; empty for a dead one
// and for that of a user who is shut out or has to change the password.
func (d *Directory) TokenOwner(token app.Secret) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	owner := d.withToken(token)
	if owner == nil || owner.ShutOut || owner.MustChange {
		return ""
	}
	return owner.Username
}

// SignsIn reports whether the user exists, has that password and is not shut
// out.
func (d *Directory) SignsIn(username string, password app.Secret) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.find(username)
	return e != nil && !e.Organization && !e.ShutOut && !e.MustChange && e.password == password
}

func (d *Directory) place(e directoryEntry) int64 {
	d.lastID++
	e.ID, e.tokens, e.made, e.members = d.lastID, map[string]app.Secret{}, map[string]time.Time{}, map[int64]bool{}
	d.entries[app.FoldKey(e.Username)] = &e
	delete(d.renamed, app.FoldKey(e.Username))
	return e.ID
}

// taken describes the holder of a name, or of the address.
func (e *directoryEntry) taken(address string) *app.Taken {
	t := &app.Taken{Username: e.Username, Mark: e.Mark}
	at := slices.IndexFunc(e.Emails, func(held string) bool { return strings.EqualFold(held, address) })
	if at > 0 && e.Mark != "" {
		t.Second, t.SecondOf = e.Emails[at], e.Mark
	}
	if e.Adopted {
		t.Mark = ""
	}
	return t
}

func (d *Directory) find(name string) *directoryEntry { return d.entries[app.FoldKey(name)] }

func (d *Directory) findRenamed(name string) *directoryEntry {
	if e := d.find(name); e != nil {
		return e
	}
	return d.byID(d.renamed[app.FoldKey(name)])
}

// findMarked finds the user that bears the mark: that of the name, or the only one.
func (d *Directory) findMarked(ref app.DirectoryRef) *directoryEntry {
	if e := d.findRenamed(ref.Username); e != nil && ref.AccountID != "" && e.Mark == ref.AccountID {
		return e
	}
	var marked []*directoryEntry
	for _, e := range d.entries {
		if ref.AccountID != "" && e.Mark == ref.AccountID {
			marked = append(marked, e)
		}
	}
	if len(marked) != 1 {
		return nil
	}
	return marked[0]
}

func (d *Directory) byID(id int64) *directoryEntry {
	for _, e := range d.entries {
		if e.ID == id {
			return e
		}
	}
	return nil
}

func (d *Directory) findEmail(address string) *directoryEntry {
	for _, e := range d.entries {
		if slices.ContainsFunc(e.Emails, func(held string) bool { return strings.EqualFold(held, address) }) {
			return e
		}
	}
	return nil
}

// tokenName tells a name from what Gitea would read as a number.
func tokenName(name string) bool {
	_, err := strconv.ParseInt(name, 0, 64)
	return name != "" && errors.Is(err, strconv.ErrSyntax)
}

func refused(op string, kind app.Kind, cause error) error {
	return saga.Refused(&app.Error{Kind: kind, Op: op, Err: cause})
}

func invalid(op, field string, rule app.Rule) error {
	return saga.Refused(&app.Error{
		Kind: app.Invalid, Op: op, Violations: []app.Violation{{Field: field, Rule: rule}},
	})
}
