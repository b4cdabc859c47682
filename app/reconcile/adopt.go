package reconcile

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"path"
	"slices"

	"accord/app"
)

// AdoptionDirectory reads Gitea for those who adopt. Safe for concurrent use.
// Errors are as of Directory.
type AdoptionDirectory interface {
	// EachCandidate yields every user by number. A reading that is not whole ends
	// with ErrIncomplete.
	EachCandidate(ctx context.Context, pace Pace) iter.Seq2[app.DirectoryCandidate, error]
	// EachOrganization yields the name of every organization.
	EachOrganization(ctx context.Context, pace Pace) iter.Seq2[string, error]
	// Exists reports whether there is anything of that name, of whatever kind.
	Exists(ctx context.Context, name string) (bool, error)
}

// Claims tells what accounts have taken, in any case of letters. Safe for
// concurrent use.
type Claims interface {
	// NamesTaken and AddressesTaken return those that an account has, or keeps for
	// itself, by app.FoldKey.
	NamesTaken(ctx context.Context, names []string) (map[string]bool, error)
	AddressesTaken(ctx context.Context, addresses []string) (map[string]bool, error)
}

// Obstacle is why a Gitea user is not adopted.
type Obstacle string

// The obstacles, in the order in which they are looked for: of several the first
// one is told.
const (
	// Absent names are nobody's in Gitea.
	Absent Obstacle = "absent"
	// Organization: it is one.
	Organization Obstacle = "organization"
	// NoPerson is neither a person nor an organization: a bot, or a name that
	// Gitea keeps.
	NoPerson Obstacle = "no person"
	// Ours bears our mark already.
	Ours Obstacle = "ours"
	// Administrator of Gitea: whoever gets into the account would have all of it.
	Administrator Obstacle = "administrator"
	// External users' passwords are kept by another source (LDAP, OAuth, PAM).
	External Obstacle = "external source"
	// Inactive users have not confirmed their address, or were made inactive.
	Inactive Obstacle = "inactive"
	// Prohibited users may not sign in to Gitea.
	Prohibited Obstacle = "prohibited"
	// Restricted users see only what they are let at.
	Restricted Obstacle = "restricted"
	// SecondFactor users cannot be checked by a password alone.
	SecondFactor Obstacle = "second factor"
	// OtherLogin users have a login name that the mark would overwrite.
	OtherLogin Obstacle = "login name"
	// NameNotAllowed and NameTaken: here, for an account.
	NameNotAllowed Obstacle = "name not allowed"
	NameTaken      Obstacle = "name taken"
	// AddressNotAllowed and AddressTaken likewise; AddressDoubled is the first
	// address of several Gitea users.
	AddressNotAllowed Obstacle = "address not allowed"
	AddressTaken      Obstacle = "address taken"
	AddressDoubled    Obstacle = "address doubled"
)

// ErrTooManyChosen says that more users are chosen than a plan may hold.
var ErrTooManyChosen = errors.New("more users are chosen than a plan may hold")

// Choice says which users are to be adopted: those whose name matches Pattern,
// those in Names, or all of them.
type Choice struct {
	// Pattern is a glob as of path.Match, without regard to the case of letters.
	Pattern string
	Names   []string
	// Most is how many a plan may hold, adoptable or not.
	Most int
}

// Adoption is one user of a plan.
type Adoption struct {
	Username string
	// User is the zero value where there is none to adopt.
	User app.DirectoryView
	// Obstacle is empty for a user that can be adopted.
	Obstacle Obstacle
}

// AdoptionPlan is what adopting would do. It changes nothing.
type AdoptionPlan struct {
	// Read is how many users there are in Gitea.
	Read int
	// Adoptable and Refused are in the order of Gitea's numbers, those without a
	// number last.
	Adoptable, Refused []Adoption
}

// PlanAdoption looks at Gitea and the account store for users to adopt.
// ErrTooManyChosen, path.ErrBadPattern, ErrIncomplete, or what reading met.
func PlanAdoption(ctx context.Context, d AdoptionDirectory, c Claims, choice Choice, pace Pace) (AdoptionPlan, error) {
	p := &adoptionPlanner{choice: choice, seed: maphash.MakeSeed(), holders: map[uint64]int{}}
	if err := p.choose(); err != nil {
		return AdoptionPlan{}, err
	}
	for user, err := range d.EachCandidate(ctx, pace) {
		if err == nil {
			err = p.meet(user)
		}
		if err != nil {
			return AdoptionPlan{}, err
		}
	}
	if p.read == 0 {
		return AdoptionPlan{}, Incomplete("gitea shows no users at all")
	}
	if err := p.others(ctx, d, pace); err != nil {
		return AdoptionPlan{}, err
	}
	return p.judge(ctx, c)
}

// adoptionPlanner holds the users that are chosen; of all others a digest of the
// address.
type adoptionPlanner struct {
	choice Choice
	// pending are the names of the choice that were not met yet, by app.FoldKey.
	pending map[string]string
	read    int
	chosen  []app.DirectoryCandidate
	refused []Adoption
	seed    maphash.Seed
	holders map[uint64]int
}

func (p *adoptionPlanner) choose() error {
	if _, err := path.Match(p.choice.Pattern, ""); err != nil {
		return fmt.Errorf("%q: %w", p.choice.Pattern, err)
	}
	if p.choice.Names == nil {
		return nil
	}
	p.pending = map[string]string{}
	for _, name := range p.choice.Names {
		p.pending[app.FoldKey(name)] = name
	}
	return p.bounded(len(p.pending))
}

func (p *adoptionPlanner) bounded(n int) error {
	if n > p.choice.Most {
		return fmt.Errorf("%w (%d)", ErrTooManyChosen, p.choice.Most)
	}
	return nil
}

// takes reports whether the choice has the name; one that is listed is met by it.
func (p *adoptionPlanner) takes(name string) bool {
	key := app.FoldKey(name)
	if p.choice.Names != nil {
		_, listed := p.pending[key]
		delete(p.pending, key)
		return listed
	}
	matches, _ := path.Match(app.FoldKey(p.choice.Pattern), key)
	return p.choice.Pattern == "" || matches
}

func (p *adoptionPlanner) address(of string) uint64 { return maphash.String(p.seed, app.FoldKey(of)) }

func (p *adoptionPlanner) meet(user app.DirectoryCandidate) error {
	p.read++
	p.holders[p.address(user.Email)]++
	if !p.takes(user.Username) {
		return nil
	}
	p.chosen = append(p.chosen, user)
	return p.bounded(len(p.chosen))
}

// others finds what else has a name that is chosen.
func (p *adoptionPlanner) others(ctx context.Context, d AdoptionDirectory, pace Pace) error {
	for name, err := range d.EachOrganization(ctx, pace) {
		if err != nil {
			return err
		}
		if p.takes(name) {
			p.refused = append(p.refused, Adoption{Username: name, Obstacle: Organization})
		}
		if err := p.bounded(len(p.chosen) + len(p.refused)); err != nil {
			return err
		}
	}
	for _, name := range p.choice.Names {
		if _, missing := p.pending[app.FoldKey(name)]; !missing {
			continue
		}
		delete(p.pending, app.FoldKey(name))
		if err := pace(ctx); err != nil {
			return err
		}
		found, err := d.Exists(ctx, name)
		if err != nil {
			return err
		}
		obstacle := Absent
		if found {
			obstacle = NoPerson
		}
		p.refused = append(p.refused, Adoption{Username: name, Obstacle: obstacle})
	}
	return nil
}

func (p *adoptionPlanner) judge(ctx context.Context, c Claims) (AdoptionPlan, error) {
	var names, addresses []string
	for _, user := range p.chosen {
		names, addresses = append(names, user.Username), append(addresses, user.Email)
	}
	namesTaken, err := c.NamesTaken(ctx, names)
	if err != nil {
		return AdoptionPlan{}, err
	}
	addressesTaken, err := c.AddressesTaken(ctx, addresses)
	if err != nil {
		return AdoptionPlan{}, err
	}
	plan := AdoptionPlan{Read: p.read}
	for _, user := range p.chosen {
		a := Adoption{Username: user.Username, User: user.DirectoryView}
		a.Obstacle = obstacleOf(user, beside{
			nameTaken: namesTaken[app.FoldKey(user.Username)], addressTaken: addressesTaken[app.FoldKey(user.Email)],
			doubled: p.holders[p.address(user.Email)] > 1,
		})
		if a.Obstacle == "" {
			plan.Adoptable = append(plan.Adoptable, a)
		} else {
			plan.Refused = append(plan.Refused, a)
		}
	}
	plan.Refused = slices.Concat(plan.Refused, p.refused)
	return plan, nil
}

// beside is where a user's name and address stand beside others.
type beside struct{ nameTaken, addressTaken, doubled bool }

// obstacleOf is the first obstacle that holds, or empty.
func obstacleOf(user app.DirectoryCandidate, s beside) Obstacle {
	for _, o := range []struct {
		Obstacle
		holds bool
	}{
		{Ours, user.Mark != ""},
		{Administrator, user.Admin},
		{External, user.External},
		{Inactive, user.Inactive},
		{Prohibited, !user.Active},
		{Restricted, user.Restricted},
		{SecondFactor, user.SecondFactor},
		{OtherLogin, user.OtherLogin},
		{NameNotAllowed, !app.UsernameAllowed(user.Username)},
		{NameTaken, s.nameTaken},
		{AddressNotAllowed, !app.EmailAllowed(user.Email)},
		{AddressTaken, s.addressTaken},
		{AddressDoubled, s.doubled},
	} {
		if o.holds {
			return o.Obstacle
		}
	}
	return ""
}
