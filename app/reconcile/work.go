package reconcile

// Work is how much of a plan is for whom.
type Work struct {
	// Repairs are items that Apply mends, for so many Accounts.
	Repairs, Accounts int
	// Privileges are items that an operator decides about.
	Privileges int
	// Protected are items that are left as they are.
	Protected int
}

// Work counts the plan's items.
func (p Plan) Work() Work {
	var w Work
	accounts := map[string]bool{}
	for _, i := range p.Items {
		switch {
		case i.Protected:
			w.Protected++
		case i.Has(Privilege):
			w.Privileges++
		default:
			w.Repairs++
			accounts[i.AccountID] = true
		}
	}
	w.Accounts = len(accounts)
	return w
}
