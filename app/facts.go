package app

// Facts are what an account's remote users are to show of it.
type Facts struct {
	AccountID       string
	Username, Email string
	// Profile is as Gitea has it.
	Profile DirectoryProfile
	Status  Status
	GiteaID int64
}

// Facts returns those of the account.
func (a Account) Facts() Facts {
	return Facts{
		AccountID: a.ID, Username: a.Username, Email: a.Email, Profile: a.forDirectory(), Status: a.Status, GiteaID: a.GiteaID,
	}
}

// account returns as much of the account as names its Gitea user, of that number.
func (f Facts) account(giteaID int64) Account {
	return Account{ID: f.AccountID, Username: f.Username, GiteaID: giteaID}
}

// Remote reports whether an account of that status is to have remote users: not
// one that is being made, nor one that is gone.
func (s Status) Remote() bool {
	switch s {
	case Normal, Paused, Locked, Stopped, Leaving:
		return true
	case Reserved, Deleted, Abandoned:
	}
	return false
}

// Active reports whether the account's remote users are to be let in.
func (f Facts) Active() bool { return f.Status == Normal }
