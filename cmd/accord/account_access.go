package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"accord/app"
	"accord/cmd/accord/internal/config"
	"accord/store"
)

// accessView is what an account has on Gitea and the storage beside what its
// sessions were given.
type accessView struct {
	// Privileges are what an ordinary user has not, in words.
	Privileges  []string         `json:"privileges"`
	Credentials []credentialView `json:"credentials"`
	// Unknown says what could not be found out, and why; empty if everything was.
	Unknown []string `json:"unknown,omitempty"`
}

// accessOf asks Gitea and the storage. What does not answer is told, and is no
// fault: where the account stands is known without.
func accessOf(ctx context.Context, c config.Config, s *store.Store, a app.Account) *accessView {
	if !a.Status.Remote() {
		return nil
	}
	view := &accessView{Privileges: []string{}, Credentials: []credentialView{}}
	directory, giteaErr := newGitea(c.Gitea, nil)
	storage, storageErr := newStorage(c.Storage, nil)
	if err := errors.Join(giteaErr, storageErr); err != nil {
		view.Unknown = []string{err.Error()}
		return view
	}
	defer directory.Close()
	defer storage.Close()
	users, err := directory.UsersMarked(ctx, a.ID)
	view.fault("privileges in Gitea", err)
	for _, u := range users {
		view.privilege(u.Admin, "site administrator in Gitea")
		view.privilege(u.Restricted, "restricted in Gitea")
	}
	user, _, err := storage.User(ctx, a.StorageKey)
	view.fault("privileges in the storage", err)
	view.privilege(user.Policies != "", "storage policies "+user.Policies)
	view.privilege(user.Groups != "", "storage groups "+user.Groups)
	found, err := app.CredentialHoldings{Users: directory, Directory: directory, Storage: storage, Listings: s.Listings}.Foreign(ctx, a, true)
	view.fault("credentials", err)
	view.Credentials = append(view.Credentials, viewsOf(found)...)
	return view
}

func (v *accessView) fault(what string, err error) {
	if err != nil {
		v.Unknown = append(v.Unknown, fmt.Sprintf("%s: %v", what, err))
	}
}

func (v *accessView) privilege(has bool, what string) {
	if has {
		v.Privileges = append(v.Privileges, what)
	}
}

// rows are those of the table.
func (v *accessView) rows() [][2]string {
	if v == nil {
		return nil
	}
	rows := [][2]string{{"privileges", plainText(strings.Join(v.Privileges, "; "))}}
	for n, c := range v.Credentials {
		rows = append(rows, [2]string{[]string{"not ours", ""}[min(n, 1)], c.String()})
	}
	for _, fault := range v.Unknown {
		rows = append(rows, [2]string{"not known", plainText(fault)})
	}
	return rows
}
