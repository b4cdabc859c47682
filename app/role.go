package app

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
