package reconcile

import "fmt"

// The share and the number of accounts that may be removed or shut out without
// an operator's word; the greater counts.
const (
	removalsPercent = 5
	removalsFew     = 10
)

// TooManyRemovals says that a plan would remove or shut out more than the rails
// allow.
type TooManyRemovals struct{ Removals, Allowed int }

func (t *TooManyRemovals) Error() string {
	return fmt.Sprintf("accounts whose users would be removed or shut out: %d, and no more than %d may be: look at the plan, and if "+
		"that is what you want, say --allow-removals %d", t.Removals, t.Allowed, t.Removals)
}

// Removals is how many accounts, protected ones aside, would have a user removed
// or shut out.
func (p Plan) Removals() int {
	accounts := map[string]bool{}
	for _, i := range p.Items {
		if i.Removes && !i.Protected {
			accounts[i.AccountID] = true
		}
	}
	return len(accounts)
}

// CheckRails returns TooManyRemovals where the plan removes more than a
// twentieth of the accounts, or ten, whichever is greater; allowed, where it is
// not negative, takes their place.
func (p Plan) CheckRails(allowed int) error {
	if allowed < 0 {
		allowed = max(p.Accounts*removalsPercent/100, removalsFew)
	}
	if n := p.Removals(); n > allowed {
		return &TooManyRemovals{Removals: n, Allowed: allowed}
	}
	return nil
}
