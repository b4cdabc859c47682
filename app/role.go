package app

import "slices"

// Role is what a person may do to others' accounts.
type Role string

// The roles, each of which may do what those before it may.
const (
	// User may change only his own account.
	User Role = "user"
	// Administrator may look at, change and remove the accounts of users.
	Administrator Role = "administrator"
	// SuperAdministrator may give roles and remove administrators. The last one
	// can neither lose the role nor be removed.
	SuperAdministrator Role = "super-administrator"
)

// Roles lists every role, the least first.
func Roles() []Role { return []Role{User, Administrator, SuperAdministrator} }

// AtLeast reports whether the role may do all that the other may. No role is
// that of a User; an unknown one may do nothing.
func (r Role) AtLeast(least Role) bool { return least.rank() >= 0 && r.rank() >= least.rank() }

// rank is negative for an unknown role.
func (r Role) rank() int {
	if r == "" {
		r = User
	}
	return slices.Index(Roles(), r)
}
